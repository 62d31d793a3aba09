"""The tables of metrics that are no figures; those of the figures are in `store/schema.py`. SQL
stands in `store/`; these are for Alembic."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from services.metrics.tables.experiments import experiment_tables
from services.metrics.tables.plans import plan_tables
from shared.log.tables import add_holds, add_log_tables, new_metadata

metadata = new_metadata()
add_log_tables(metadata)
add_holds(metadata)
plan_tables(metadata)
experiment_tables(metadata)

tenants = Table(
    "tenants",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("timezone", Text, nullable=False, server_default="UTC"),
    Column("latest_known", Integer, nullable=False, server_default=text("0")),
    Column("revision", BigInteger, nullable=False, server_default=text("0")),
)

changes = Table(
    "changes",  # the live stream: what changed, the newest thousand of each tenant
    metadata,
    Column("tenant_id", Text),
    Column("revision", BigInteger),
    Column("type", Text, nullable=False, server_default="figures"),
    Column("content", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "revision"),
)

generations = Table(
    "generations",  # of the figures, each in a schema of its own (`store/schema.py`)
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),  # of the rules that they are made by
    Column("state", Text, nullable=False),  # building, current, old, dropped
    Column("started_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("swapped_at", DateTime(timezone=True)),  # when the next one took its place
    # Of one that is being made, as it was last looked at: events still to come and in all.
    Column("looked_at", DateTime(timezone=True)),
    Column("behind", BigInteger),
    Column("total", BigInteger),
    Column("events_per_s", Double),
)

# One is in use, and one at most is being made.
Index(
    "generations_state",
    generations.c.state,
    unique=True,
    postgresql_where=text("state in ('building', 'current')"),
)

# What people set: no figures, so a rebuild leaves them alone.

views = Table(
    "views",  # what somebody looks at, by a name: a page with its filters
    metadata,
    Column("tenant_id", Text),
    Column("owner", Text),  # a token's `sub`
    Column("name", Text),
    Column("title", Text, nullable=False),
    Column("page", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant_id", "owner", "name"),
    Index("views_shared", "tenant_id", "name", unique=True, postgresql_where=text("shared")),
)

targets = Table(
    "targets",  # what a KPI should come to, from a day on, for a split
    metadata,
    Column("tenant_id", Text),
    Column("kpi", Text),
    Column("from_on", Date),
    Column("split", Text),  # JSON with its members in order, so that equal ones are one
    Column("value", Double, nullable=False),
    PrimaryKeyConstraint("tenant_id", "kpi", "from_on", "split"),
)

settings = Table(
    "settings",  # of a tenant, for metrics alone
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("people", Text, nullable=False),
)

people_talks = Table(
    "people_talks",  # what was talked about with people
    metadata,
    Column("tenant_id", Text),
    Column("collector", Text),
    Column("talk_id", BigInteger, Identity(always=True), nullable=False),
    Column("on_day", Date, nullable=False),
    Column("notes", Text, nullable=False),
    Column("agreed", ARRAY(Text), nullable=False),
    Column("noted_by", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "collector", "talk_id"),
)

costs = Table(
    "costs",  # what was recorded here, by the sender's id; the figures come by the log
    metadata,
    Column("tenant_id", Text),
    Column("cost_id", Text),
    Column("kind", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("incurred_on", Date, nullable=False),
    Column("account_id", Text),
    Column("channel", Text),
    Column("revision", Integer, nullable=False),  # how often it was recorded
    Column("recorded_at", DateTime(timezone=True), nullable=False),  # this and the other: business
    Column("recorded_by", Text, nullable=False),
    Column("withdrawn_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("tenant_id", "cost_id"),
)
Index("ix_costs_tenant_id_incurred_on", costs.c.tenant_id, costs.c.incurred_on, costs.c.cost_id)

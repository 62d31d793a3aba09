"""The tables of metrics. SQL stands in `store/`; these are for Alembic."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.metrics.tables.experiments import experiment_tables
from services.metrics.tables.plans import plan_tables
from shared.log.tables import add_holds, add_log_tables, new_metadata

metadata = new_metadata()
add_log_tables(metadata)
add_holds(metadata)
plan_tables(metadata)
experiment_tables(metadata)

_HOT = {"fillfactor": "80"}  # updates stay in their page

tenants = Table(
    "tenants",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("timezone", Text, nullable=False, server_default="UTC"),
    Column("latest_known", Integer, nullable=False, server_default=text("0")),
    Column("revision", BigInteger, nullable=False, server_default=text("0")),
)

currencies = Table(
    "currencies",  # which currencies a tenant has figures in, and since when that is known
    metadata,
    Column("tenant_id", Text),
    Column("currency", Text),
    Column("known", Integer, nullable=False),
    PrimaryKeyConstraint("tenant_id", "currency"),
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

accounts = Table(
    "accounts",  # what the figures are split by
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("content", LargeBinary),  # null: nothing is known of the account itself yet
    PrimaryKeyConstraint("tenant_id", "account_id"),
    postgresql_with=_HOT,
)

items = Table(
    "items",  # the facts of each invoice, payment, credit note, contact
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("kind", Text),
    Column("item_id", Text),
    Column("content", LargeBinary, nullable=False),
    Column("ends_on", Date, nullable=False),  # nothing it adds counts later
    PrimaryKeyConstraint("tenant_id", "account_id", "kind", "item_id"),
    postgresql_with=_HOT,
)

cells_new = Table(
    "cells_new",  # what the facts add, by when it was known (`domain/cells.py`)
    metadata,
    Column("tenant_id", Text, nullable=False),
    Column("known", Integer, nullable=False),  # the quarter of an hour in which it was recorded
    Column("measure", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("until_on", Date, nullable=False),
    Column("mark", Text, nullable=False),
    Column("cut", Text, nullable=False),
    Column("segment", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("collector", Text, nullable=False),
    Column("amount", Numeric, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("weight", Numeric, nullable=False),
)

delinquencies = Table(
    "delinquencies",  # one row per span of an account and knowledge (`domain/delinquencies.py`)
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("start_on", Date),
    Column("known_from", Integer),
    Column("known_until", Integer, nullable=False),
    Column("chain_on", Date, nullable=False),
    Column("end_on", Date, nullable=False),
    Column("next_on", Date, nullable=False),
    Column("ended_by", Text, nullable=False),
    Column("is_untouched", Boolean, nullable=False),
    Column("next_issued_on", Date, nullable=False),
    Column("dues_from", ARRAY(Date), nullable=False),
    Column("dues_on", ARRAY(Date), nullable=False),
    Column("segment", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("arms", JSONB, nullable=False),
    PrimaryKeyConstraint("tenant_id", "account_id", "start_on", "known_from"),
    Index("delinquencies_by_end", "tenant_id", "end_on", "start_on"),
)


experiment_accounts = Table(
    "experiment_accounts",  # one row per run, account and knowledge (`experiments/enrolments.py`)
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("name", Text),
    Column("run", Integer, autoincrement=False),
    Column("known_from", Integer, autoincrement=False),
    Column("known_until", Integer, nullable=False),
    Column("arm", Text, nullable=False),
    Column("enrolled_on", Date, nullable=False),
    Column("crossed_on", Date, nullable=False),
    Column("exposed_on", Date, nullable=False),
    Column("ripe_on", Date, nullable=False),
    Column("named_at", DateTime(timezone=True), nullable=False),
    Column("outcomes", Text, nullable=False),  # JSON
    PrimaryKeyConstraint("tenant_id", "account_id", "name", "run", "known_from"),
    Index("experiment_accounts_by_name", "tenant_id", "name", "named_at"),
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

"""The tables of metrics that are no figures; those of the figures are in `store/schema.py`. SQL
stands in `store/`; these are for Alembic."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Double,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from shared.log.tables import add_log_tables, new_metadata

metadata = new_metadata()
add_log_tables(metadata)

tenants = Table(
    "tenants",  # how often a tenant's figures have changed; what else is known of it is a figure
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("revision", BigInteger, nullable=False, server_default=text("0")),
)

changes = Table(
    "changes",  # the live stream: one row per batch and tenant, the newest thousand
    metadata,
    Column("tenant_id", Text),
    Column("revision", BigInteger),
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

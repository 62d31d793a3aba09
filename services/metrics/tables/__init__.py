"""The tables of metrics. SQL stands in `store/`; these are for Alembic."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Integer,
    LargeBinary,
    Numeric,
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
    "changes",  # the live stream: one row per batch and tenant, the newest thousand
    metadata,
    Column("tenant_id", Text),
    Column("revision", BigInteger),
    Column("content", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "revision"),
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

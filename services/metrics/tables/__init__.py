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
from shared.log.tables import add_log_tables, new_metadata

metadata = new_metadata()
add_log_tables(metadata)
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
    Column("known", Integer, nullable=False),  # when the last of it was recorded
    PrimaryKeyConstraint("tenant_id", "account_id", "kind", "item_id"),
    postgresql_with=_HOT,
)

money_days = Table(
    "money_days",  # the additive daily measures (`domain/cells.py`)
    metadata,
    Column("tenant_id", Text),
    Column("measure", Text),
    Column("currency", Text),
    Column("day", Date),
    Column("until_on", Date),
    Column("known", Integer),  # the quarter of an hour in which it was recorded
    Column("kind", Text),
    Column("country", Text),
    Column("segment", Text),
    Column("amount", Numeric, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("weight", Numeric, nullable=False),
    PrimaryKeyConstraint(
        "tenant_id",
        "measure",
        "currency",
        "day",
        "until_on",
        "known",
        "kind",
        "country",
        "segment",
    ),
    postgresql_with=_HOT,
)

contact_days = Table(
    "contact_days",
    metadata,
    Column("tenant_id", Text),
    Column("result", Text),
    Column("day", Date),
    Column("known", Integer),
    Column("kind", Text),
    Column("country", Text),
    Column("segment", Text),
    Column("channel", Text),
    Column("strategy", Text),
    Column("rule", Text),
    Column("count", BigInteger, nullable=False),
    PrimaryKeyConstraint(
        "tenant_id",
        "result",
        "day",
        "known",
        "kind",
        "country",
        "segment",
        "channel",
        "strategy",
        "rule",
    ),
    postgresql_with=_HOT,
)

"""Segmentation's tables. `tenant_id` leads every key, `account_id` comes next.

An account's state and features are JSON as bytes, written and read by msgspec and never queried
into; what lists are filtered and ordered by stands in columns beside them.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from shared.tables import new_metadata, spine_tables

metadata = new_metadata()
spine_tables(metadata)

accounts = Table(
    "accounts",
    metadata,
    Column("tenant_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("state", LargeBinary, nullable=False),  # domain.account.Account
    Column("segment", Text),  # null: only contacts are known, nothing from the ledger yet
    Column("policy_version", Text),
    Column("probability", Float),  # of paying within 30 days
    Column("expected_recovery_minor", BigInteger, nullable=False, server_default=text("0")),
    Column("currency", Text),
    Column("priority", BigInteger, nullable=False, server_default=text("0")),
    Column("latest_on", Date),  # the latest day its ledger events count on
    PrimaryKeyConstraint("tenant_id", "account_id"),
)
Index(
    "ix_accounts_segment_priority",
    accounts.c.tenant_id,
    accounts.c.segment,
    accounts.c.priority.desc(),
    accounts.c.account_id,
)
Index(
    "ix_accounts_priority", accounts.c.tenant_id, accounts.c.priority.desc(), accounts.c.account_id
)

# What was believed at the end of each day on which something happened: for reads `as_of`.
assessments = Table(
    "assessments",
    metadata,
    Column("tenant_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("on_day", Date, nullable=False),
    Column("features", LargeBinary, nullable=False),  # domain.features.Features
    Column("contacts", Integer, nullable=False),  # without a payment since
    Column("segment", Text, nullable=False),
    Column("policy_version", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "account_id", "on_day"),
    ForeignKeyConstraint(
        ["tenant_id", "account_id"], ["accounts.tenant_id", "accounts.account_id"]
    ),
)

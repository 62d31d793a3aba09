"""The journal and its seals."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from services.ledger.tables.base import Instant, metadata

# Double entry, append-only, in the order of recording. `hash` is SHA-256 over this entry, its place
# and the previous entry's hash, per account (docs/journal.md).
journal = Table(
    "journal",
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("entry", Integer),
    Column("fact_kind", Text, nullable=False),
    Column("fact_id", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("postings", LargeBinary, nullable=False),  # [["receivable", 100], ["cash", -100]]
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant_id", "account_id", "entry"),
)

# What the journal was at the end of a day: a tree of hashes over the heads of the accounts that it
# grew by, and each seal by the one before. Append-only.
seals = Table(
    "seals",
    metadata,
    Column("tenant_id", Text),
    Column("seal", Integer),  # 1, 2, …
    Column("day", Date, nullable=False),  # the day before the begun one
    Column("accounts", BigInteger, nullable=False),  # leaves
    Column("entries", BigInteger, nullable=False),  # since the seal before
    Column("root", LargeBinary, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant_id", "seal"),
)

seal_heads = Table(
    "seal_heads",  # the leaves of seals
    metadata,
    Column("tenant_id", Text),
    Column("seal", Integer),
    Column("leaf", Integer),  # 0, 1, …, by account id in UTF-8 bytes
    Column("account_id", Text, nullable=False),
    Column("entry", Integer, nullable=False),  # the account's last one
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant_id", "seal", "leaf"),
)
Index(
    "ix_seal_heads_account",
    seal_heads.c.tenant_id,
    seal_heads.c.account_id,
    seal_heads.c.seal,
    unique=True,
)

seal_blocks = Table(
    "seal_blocks",  # roots of the subtrees of 1,024 leaves each: by them a path is found quickly
    metadata,
    Column("tenant_id", Text),
    Column("seal", Integer),
    Column("block", Integer),
    Column("root", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant_id", "seal", "block"),
)

"""What people allowed, refused and asked for, and contacts that others made."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from services.outreach.tables.metadata import INSTANT, metadata

consents = Table(
    "consents",  # what people allowed and took back, in their words' order; never changed
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("ord", BigInteger, Identity(always=True)),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),  # granted | revoked
    Column("address", Text),  # this and `evidence`: personal data, emptied at erasure
    Column("given_to", Text),
    Column("form", Text),
    Column("at", INSTANT, nullable=False),  # business time
    Column("evidence", Text),
    Column("employer_provided", Boolean),  # of an e-mail address
    Column("recorded_at", INSTANT, nullable=False),  # machine time
    Column("recorded_by", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "account_id", "ord"),
)

preferences = Table(
    "preferences",  # what people asked for and what is known of them, likewise
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("ord", BigInteger, Identity(always=True)),
    Column("kind", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),  # JSON; its personal parts go at erasure
    Column("at", INSTANT, nullable=False),  # business time
    Column("evidence", Text),
    Column("recorded_at", INSTANT, nullable=False),  # machine time
    Column("recorded_by", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "account_id", "ord"),
)

past_contacts = Table(
    "past_contacts",  # contacts that others made, imported
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("id", Text),
    Column("at", INSTANT, nullable=False),
    Column("entry", LargeBinary, nullable=False),  # JSON; `to` in it is personal
    PrimaryKeyConstraint("tenant_id", "account_id", "id"),
    Index(None, "tenant_id", "account_id", "at"),
)

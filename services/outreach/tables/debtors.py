"""Debtors: accounts, people, invoices, money on them, and what stops contact."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.outreach.tables.metadata import FALSE, INSTANT, metadata

accounts = Table(
    "accounts",  # no personal data
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("debtor_key", Text, nullable=False),
    Column("debtor_id", Text),
    Column("kind", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("country", Text),
    Column("arms", Text, nullable=False, server_default=text("'{}'")),  # JSON
    Column("sequence", BigInteger, nullable=False, server_default=text("0")),  # ledger's, taken in
    Column("is_registered", Boolean, nullable=False, server_default=FALSE),
    Column("is_erased", Boolean, nullable=False, server_default=FALSE),
    Column("contacted_at", INSTANT),  # business time; when a message reached it, or may have
    Column("tags", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    # As segmentation has announced them last; none: not yet.
    Column("segment", Text),
    Column("pays_within", Double),  # this and the next: probabilities
    Column("late_payment", Double),
    Column("priority", Integer),
    PrimaryKeyConstraint("tenant_id", "account_id"),
    Index(None, "tenant_id", "debtor_key"),
)

people = Table(
    "people",  # personal data, from `ledger.contacts`; deleted by its tombstone
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("details", LargeBinary, nullable=False),  # JSON of `shared.events.ledger.Contact`
    PrimaryKeyConstraint("tenant_id", "account_id"),
)

invoices = Table(
    "invoices",
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("invoice_id", Text),
    Column("currency", Text, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("state", Text, nullable=False),
    Column("balance_minor", BigInteger, nullable=False),
    Column("disputed_minor", BigInteger, nullable=False),
    Column("disputes", Text, nullable=False, server_default=text("'{}'")),  # JSON: open ones
    Column("due_soon_on", Date),
    Column("stage", Integer),
    Column("anchor_on", Date),
    Column("resumed_on", Date),
    Column("purpose", Text),
    Column("product", Text),
    PrimaryKeyConstraint("tenant_id", "account_id", "invoice_id"),
)

money = Table(
    "money",  # how much of each payment and credit note stands on which invoice
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("source", Text),  # payment:… or credit_note:…
    Column("invoice_id", Text),
    Column("amount_minor", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "account_id", "source", "invoice_id"),
    Index(None, "tenant_id", "account_id", "invoice_id"),
)

stops = Table(
    "stops",  # what stops contact about an account's invoices, from the ledger's events
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("name", Text),  # promise …, plan …, settlement …, pending …, hold …, placement …
    Column("kind", Text, nullable=False),
    Column("currency", Text),  # none: any
    Column("invoice_ids", ARRAY(Text)),  # none: all, also later ones
    Column("from_on", Date, nullable=False),
    Column("resume_on", Date),  # the first day without it; none: it stands
    PrimaryKeyConstraint("tenant_id", "account_id", "name"),
)

debtors = Table(
    "debtors",  # whom to plan for again, and the lock that a debtor's planning takes
    metadata,
    Column("tenant_id", Text),
    Column("debtor_key", Text),
    Column("is_dirty", Boolean, nullable=False),
    Column("last_contact_at", INSTANT),  # business time
    Column("contacts_made", Integer, nullable=False, server_default=text("0")),
    Column("failed_at", INSTANT),  # business time: since then it is set aside; null: it is not
    Column("failure", Text),  # why
    Column("retry_at", INSTANT),  # business time: it is tried again then, or when it is dirty
    PrimaryKeyConstraint("tenant_id", "debtor_key"),
    Index(
        "ix_debtors_retry_at",
        "tenant_id",
        "retry_at",
        postgresql_where=text("retry_at is not null"),
    ),
    Index("ix_debtors_dirty", "tenant_id", "debtor_key", postgresql_where=text("is_dirty")),
)

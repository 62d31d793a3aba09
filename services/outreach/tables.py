"""Outreach's tables, as Alembic and the test of agreement see them. SQL is in `store/`."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from shared.documents import document_tables
from shared.log.tables import add_holds, add_log_tables, new_metadata

metadata = new_metadata()
add_log_tables(metadata)
add_holds(metadata)
document_tables(metadata)  # rule books

_Instant = DateTime(timezone=True)
_FALSE = text("false")
_IN_FLIGHT = text("state in ('planned', 'claimed', 'intent')")

tenants = Table(
    "tenants",  # settings, from `ledger.tenants`
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("timezone", Text, nullable=False),
    Column("contact_from", Date),
    Column("party", Text),  # none: not known yet
)

business_times = Table(
    "business_times",  # how far `run-due` has come, per tenant; never goes back
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("at", _Instant, nullable=False),
)

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
    Column("is_registered", Boolean, nullable=False, server_default=_FALSE),
    Column("is_erased", Boolean, nullable=False, server_default=_FALSE),
    Column("contacted_at", _Instant),  # business time; when a message reached it, or may have
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
    Column("last_contact_at", _Instant),  # business time
    Column("contacts_made", Integer, nullable=False, server_default=text("0")),
    Column("failed_at", _Instant),  # business time: since then it is set aside; null: it is not
    Column("failure", Text),  # why
    Column("retry_at", _Instant),  # business time: it is tried again then, or when it is dirty
    PrimaryKeyConstraint("tenant_id", "debtor_key"),
    Index(
        "ix_debtors_retry_at",
        "tenant_id",
        "retry_at",
        postgresql_where=text("retry_at is not null"),
    ),
    Index("ix_debtors_dirty", "tenant_id", "debtor_key", postgresql_where=text("is_dirty")),
)

contacts = Table(
    "contacts",
    metadata,
    Column("tenant_id", Text),
    Column("contact_id", Text),
    Column("debtor_key", Text, nullable=False),
    Column("debtor_id", Text),
    Column("state", Text, nullable=False),
    Column("due_at", _Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON: what it covers, in which words
    Column("rules", ARRAY(Text), nullable=False),  # suppressions announced
    Column("planned_at", _Instant, nullable=False),  # this and `attempted_at`: business time
    Column("attempted_at", _Instant),
    Column("until_at", _Instant),
    Column("because", Text),
    Column("message_id", Text),
    Column("claim", Text),  # who works on it
    Column("lease_until", _Instant),  # machine time
    PrimaryKeyConstraint("tenant_id", "contact_id"),
    # A debtor has at most one contact under way: what makes two at once impossible.
    Index(
        "uq_contacts_under_way", "tenant_id", "debtor_key", unique=True, postgresql_where=_IN_FLIGHT
    ),
    Index("ix_contacts_due", "tenant_id", "due_at", postgresql_where=_IN_FLIGHT),
    Index(
        "ix_contacts_leases",
        "lease_until",
        postgresql_where=text("state in ('claimed', 'intent')"),
    ),
)

contact_accounts = Table(
    "contact_accounts",  # which accounts a contact covers, for reading by account
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("contact_id", Text),
    PrimaryKeyConstraint("tenant_id", "account_id", "contact_id"),
)

steps = Table(
    "steps",  # a step of an invoice's ladder is made at most once for one due day
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("invoice_id", Text),
    Column("due_on", Date),
    Column("step", Text),
    Column("contact_id", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "account_id", "invoice_id", "due_on", "step"),
)

story = Table(
    "story",  # every event of an account that came in or was announced, for the timeline
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("at", _Instant),
    Column("ord", BigInteger, Identity(always=True)),
    Column("topic", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("day", Date),
    Column("data", LargeBinary, nullable=False),  # JSON, never personal data
    PrimaryKeyConstraint("tenant_id", "account_id", "at", "ord"),
)

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
    Column("at", _Instant, nullable=False),  # business time
    Column("evidence", Text),
    Column("employer_provided", Boolean),  # of an e-mail address
    Column("recorded_at", _Instant, nullable=False),  # machine time
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
    Column("at", _Instant, nullable=False),  # business time
    Column("evidence", Text),
    Column("recorded_at", _Instant, nullable=False),  # machine time
    Column("recorded_by", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "account_id", "ord"),
)

past_contacts = Table(
    "past_contacts",  # contacts that others made, imported
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("id", Text),
    Column("at", _Instant, nullable=False),
    Column("entry", LargeBinary, nullable=False),  # JSON; `to` in it is personal
    PrimaryKeyConstraint("tenant_id", "account_id", "id"),
    Index(None, "tenant_id", "account_id", "at"),
)

judgements = Table(
    "judgements",  # the question that was asked about each contact: for dry runs of rule books
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("contact_id", Text),
    Column("at", _Instant, nullable=False),
    Column("question", LargeBinary, nullable=False),  # JSON, personal; deleted at erasure
    PrimaryKeyConstraint("tenant_id", "account_id", "contact_id"),
    Index(None, "tenant_id", "at", "contact_id"),
)

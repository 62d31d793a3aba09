"""Tenants, accounts, their facts, and what follows from them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.ledger.tables.base import Instant, metadata

tenants = Table(
    "tenants",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("timezone", Text, nullable=False),
    Column("calendar", Text),
    Column("party", Text, nullable=False),
    Column("reporting_currency", Text),
    Column("contact_from", Date),
    Column("organisation", Text),
)

# The tenant's business time. Every transaction that writes reads it FOR SHARE; only `start-day`
# raises it. A row of its own, so that settings and days don't wait for each other.
business_times = Table(
    "business_times",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("begun_on", Date),  # by `start-day {"day"}`: for every zone
    Column("begun_at", Instant),  # by `start-day {"at"}`: each zone's own day of it
    Column("recorded_at", Instant),  # `recordedtime` never goes below
    Column("retained_on", Date),  # the last first of a month on which silent accounts were erased
)

accounts = Table(
    "accounts",
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("version", BigInteger, nullable=False),  # +1 with every change; validates memories
    Column("is_registered", Boolean, nullable=False),
    Column("zone", Text),  # None: the tenant's
    Column("name", Text),
    Column("email", Text),
    Column("phones", ARRAY(Text)),
    Column("debtor_id", Text),
    Column("begun_on", Date),  # up to which its judgements have happened
    Column("next_on", Date),  # the first day that has something to announce
    Column("entries", Integer, nullable=False),  # of the journal
    Column("journal_hash", LargeBinary, nullable=False),  # of the last entry
    Column("rates_revision", BigInteger, nullable=False, server_default="0"),  # computed by it
    PrimaryKeyConstraint("tenant_id", "account_id"),
    # Every intake updates the row: leave room for it on its own page (HOT).
    postgresql_with={"fillfactor": "80"},
)
Index(
    "ix_accounts_next_on",
    accounts.c.tenant_id,
    accounts.c.next_on,
    postgresql_where=accounts.c.next_on.is_not(None),
)

# The order of seals. The migration makes it `collate "C"`, which is not seen where the two are
# compared.
Index("ix_accounts_bytes", accounts.c.tenant_id, accounts.c.account_id)

facts = Table(
    "facts",
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("kind", Text),
    Column("fact_id", Text),
    Column("source", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("time", Instant),
    Column("recorded_at", Instant, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("version", BigInteger, nullable=False),  # of the account, with this fact
    Column("owner", Text, nullable=False),  # the account, where the id is its own; else nothing
    PrimaryKeyConstraint("tenant_id", "account_id", "kind", "fact_id"),
    # A business id is unique for the tenant, whatever account it names; one of a fact that may
    # wait for what is another account's, within its account.
    UniqueConstraint("tenant_id", "kind", "fact_id", "owner"),
    ForeignKeyConstraint(
        ["tenant_id", "account_id"], ["accounts.tenant_id", "accounts.account_id"]
    ),
)

Index("ix_facts_version", facts.c.tenant_id, facts.c.account_id, facts.c.version)

waiting_facts = Table(
    "waiting_facts",  # facts, and money aimed at invoices, that wait for what is not there
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("kind", Text),
    Column("fact_id", Text),
    Column("needs", Text),  # invoice, payment, dispute, charge
    Column("needs_id", Text),
    PrimaryKeyConstraint("tenant_id", "account_id", "kind", "fact_id", "needs_id", "needs"),
)

invoices = Table(
    "invoices",
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("invoice_id", Text),
    Column("currency", Text, nullable=False),
    Column("number", Text),
    Column("issued_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("balance_minor", BigInteger, nullable=False),
    Column("disputed_minor", BigInteger, nullable=False),
    Column("status", Text, nullable=False),  # open, paid, void
    Column("stage", Integer),
    PrimaryKeyConstraint("tenant_id", "account_id", "invoice_id"),
    postgresql_with={"fillfactor": "80"},
)
Index(
    "ix_invoices_open",
    invoices.c.tenant_id,
    invoices.c.account_id,
    invoices.c.invoice_id,
    postgresql_where=text("status = 'open'"),
)

open_charges = Table(
    "open_charges",  # with something open, as their accounts have them
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("charge_id", Text),
    Column("invoice_id", Text),  # None: it belongs to none
    Column("currency", Text, nullable=False),
    Column("charged_on", Date, nullable=False),
    Column("balance_minor", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "account_id", "charge_id"),
)

announcements = Table(
    "announcements",
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("invoice_id", Text),
    Column("key", Text),  # what was announced: "stage 2026-03-15 31"
    Column("body", LargeBinary, nullable=False),
    Column("version", BigInteger, nullable=False),  # of the account, with this notice as it is
    PrimaryKeyConstraint("tenant_id", "account_id", "invoice_id", "key"),
)
Index(
    "ix_announcements_version",
    announcements.c.tenant_id,
    announcements.c.account_id,
    announcements.c.version,
)

failures = Table(
    "failures",  # accounts that can't be computed, left out of a day
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("failed_on", Date, nullable=False),  # the latest day that had begun anywhere
    Column("version", BigInteger, nullable=False),  # of the account: when it changes, again
    Column("reason", Text, nullable=False),
    Column("since_at", Instant, nullable=False),  # machine time
    PrimaryKeyConstraint("tenant_id", "account_id"),
)

rejections = Table(
    "rejections",
    metadata,
    Column("tenant_id", Text),
    Column("rejection_id", BigInteger, Identity()),
    Column("account_id", Text),
    Column("rejected_at", Instant, nullable=False),  # machine time
    Column("origin", Text, nullable=False),  # http, or topic/partition/offset
    Column("source", Text),
    Column("event_id", Text),
    Column("type", Text),
    Column("errors", LargeBinary, nullable=False),  # [{"pointer", "detail"}]
    PrimaryKeyConstraint("tenant_id", "rejection_id"),
)
Index(
    "ix_rejections_account",
    rejections.c.tenant_id,
    rejections.c.account_id,
    rejections.c.rejection_id,
)

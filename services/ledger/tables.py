"""The ledger's tables. `tenant_id` leads every key, `account_id` comes next.

`facts` is the truth; everything else follows from it (and from what was already announced) and is
kept so that it can be read and searched with one query. Documents (a fact's data, what was
announced) are JSON as bytes, written and read by msgspec, never queried into.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
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

from shared.documents import document_tables
from shared.log.tables import add_holds, add_log_tables, new_metadata

metadata = new_metadata()
add_log_tables(metadata)
add_holds(metadata)
document_tables(metadata)  # policies
_outbox = metadata.tables["outbox"]
Index(  # for dropping what later revisions replace
    "ix_outbox_compacted",
    _outbox.c.aggregatetype,
    _outbox.c.aggregateid,
    _outbox.c.seq,
    postgresql_where=text("aggregatetype in ('ledger.contacts', 'ledger.tenants')"),
)
Index(  # for taking tags out of what an account's records published
    "ix_outbox_records",
    _outbox.c.aggregateid,
    postgresql_where=text("type in ('account-registered', 'account-updated')"),
)

Instant = DateTime(timezone=True)

tenants = Table(
    "tenants",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("timezone", Text, nullable=False),
    Column("calendar", Text),
    Column("party", Text, nullable=False),
    Column("reporting_currency", Text),
    Column("contact_from", Date),
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
    Column("needs", Text),  # invoice, payment, dispute
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

segments = Table(
    "segments",  # as last heard of from segmentation
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("segment", Text, nullable=False),
    Column("since", Instant, nullable=False),
    PrimaryKeyConstraint("tenant_id", "account_id"),
)

requests = Table(
    "requests",  # what was asked of policies, for the dry runs of others
    metadata,
    Column("tenant_id", Text),
    Column("request_id", BigInteger, Identity()),
    Column("account_id", Text, nullable=False),
    Column("noun", Text, nullable=False),  # promise, plan, settlement, dispute
    Column("requested_at", Instant, nullable=False),
    Column("requested_on", Date, nullable=False),
    Column("answer", Text, nullable=False),  # accepted, supervisor, finance, refused
    Column("body", LargeBinary, nullable=False),
    Column("kept_at", Instant, nullable=False),  # machine time
    PrimaryKeyConstraint("tenant_id", "request_id"),
)
Index("ix_requests_noun", requests.c.tenant_id, requests.c.noun, requests.c.request_id)
Index("ix_requests_account", requests.c.tenant_id, requests.c.account_id)
Index("ix_requests_kept_at", requests.c.kept_at)

erasures = Table(
    "erasures",  # accounts whose personal data is gone
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("erased_at", Instant, nullable=False),  # machine time
    Column("certificate", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant_id", "account_id"),
)

approvals = Table(
    "approvals",  # what waits for a decision, as its account has it
    metadata,
    Column("tenant_id", Text),
    Column("approval_id", Text),  # <noun>:<id> of what waits
    Column("account_id", Text, nullable=False),
    Column("state", Text, nullable=False),  # open, approved, refused, expired, withdrawn
    Column("requested_at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant_id", "approval_id"),
)
Index(
    "ix_approvals_state",
    approvals.c.tenant_id,
    approvals.c.state,
    approvals.c.requested_at,
    approvals.c.approval_id,
)
Index(
    "ix_approvals_account",
    approvals.c.tenant_id,
    approvals.c.account_id,
    approvals.c.requested_at,
)

rate_rows = Table(
    "rate_rows",  # a tenant's own reference rates, append-only: of a half-year the last row counts
    metadata,
    Column("tenant_id", Text),
    Column("revision", BigInteger),  # of the tenant's rates, from 1
    Column("name", Text),
    Column("from_on", Date),
    Column("percent", Text, nullable=False),  # a decimal, exact
    Column("source", Text, nullable=False),
    Column("stored_by", Text, nullable=False),
    Column("stored_at", Instant, nullable=False),  # machine time
    PrimaryKeyConstraint("tenant_id", "revision", "name", "from_on"),
)

runs = Table(
    "runs",  # of the accounts of a tenant that are restated, range by range
    metadata,
    Column("tenant_id", Text),
    Column("run_id", Text),
    Column("because", Text, nullable=False),
    Column("from_on", Date, nullable=False),  # the first day that may have become another
    Column("cursor", Text, nullable=False),  # the last account that is done
    Column("accounts", BigInteger, nullable=False),  # when it began
    Column("done", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("set_aside", BigInteger, nullable=False),  # accounts that can't be computed
    Column("begun_at", Instant, nullable=False),  # machine time
    Column("ended_at", Instant),
    Column("failure", Text),
    PrimaryKeyConstraint("tenant_id", "run_id"),
)
Index("ix_runs_open", runs.c.begun_at, postgresql_where=runs.c.ended_at.is_(None))
# Files of events. The file itself is kept while it may be needed: an import survives the processes
# that take it and work on it.
imports = Table(
    "imports",
    metadata,
    Column("tenant_id", Text),
    Column("import_id", Text),  # of tenant, file and mapping
    Column("name", Text, nullable=False),
    Column("mapping", Text),  # None: its rows are events
    Column("state", Text, nullable=False),  # reading, sending, done, failed, cancelled
    Column("created_at", Instant, nullable=False),  # machine time
    Column("finished_at", Instant),
    Column("rows", BigInteger, nullable=False, server_default="0"),
    Column("events", BigInteger, nullable=False, server_default="0"),
    Column("sent", BigInteger, nullable=False, server_default="0"),
    Column("accepted", BigInteger, nullable=False, server_default="0"),
    Column("duplicates", BigInteger, nullable=False, server_default="0"),
    Column("refused_rows", BigInteger, nullable=False, server_default="0"),
    Column("refused_events", BigInteger, nullable=False, server_default="0"),
    Column("seconds", Float, nullable=False, server_default="0"),  # of sending
    Column("reason", Text),  # why it failed
    Column("report", LargeBinary),
    Column("worker", Text),  # who works on it, until
    Column("lease_until", Instant),
    PrimaryKeyConstraint("tenant_id", "import_id"),
)
Index("ix_imports_created", imports.c.tenant_id, imports.c.created_at, imports.c.import_id)
Index(
    "ix_imports_running",
    imports.c.created_at,
    postgresql_where=text("state in ('reading', 'sending')"),
)

import_parts = Table(
    "import_parts",
    metadata,
    Column("tenant_id", Text),
    Column("import_id", Text),
    Column("part", Integer),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant_id", "import_id", "part"),
    ForeignKeyConstraint(
        ["tenant_id", "import_id"], ["imports.tenant_id", "imports.import_id"], ondelete="CASCADE"
    ),
)

import_refusals = Table(
    "import_refusals",
    metadata,
    Column("tenant_id", Text),
    Column("import_id", Text),
    Column("refusal_id", BigInteger, Identity()),
    Column("is_read", Boolean, nullable=False),  # found while the file was read
    Column("line", BigInteger, nullable=False),
    Column("last_line", BigInteger, nullable=False),
    Column("field", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("cells", Text, nullable=False),  # the row as it stands in the file
    PrimaryKeyConstraint("tenant_id", "import_id", "line", "refusal_id"),
    ForeignKeyConstraint(
        ["tenant_id", "import_id"], ["imports.tenant_id", "imports.import_id"], ondelete="CASCADE"
    ),
)

"""What people work with: cases, tasks, calls, approvals, notes, reviews, certificates."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.outreach.tables.metadata import FALSE, INSTANT, metadata

_OPEN = text("state = 'open'")
_ZERO = text("0")

cases = Table(
    "cases",  # an account that is being worked on; all instants: business time
    metadata,
    Column("tenant_id", Text),
    Column("case_id", Text),
    Column("account_id", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", Text, nullable=False),  # open | closed
    Column("because", Text, nullable=False),
    Column("opened_at", INSTANT, nullable=False),
    Column("owner", Text),
    Column("is_escalated", Boolean, nullable=False, server_default=FALSE),
    Column("closed_at", INSTANT),
    Column("closed_because", Text),
    Column("ending", Text),  # what its debts ended by so far, if it must stay open
    PrimaryKeyConstraint("tenant_id", "case_id"),
    Index("uq_cases_number", "tenant_id", "account_id", "number", unique=True),
    Index("uq_cases_open", "tenant_id", "account_id", unique=True, postgresql_where=_OPEN),
)

tasks = Table(
    "tasks",
    metadata,
    Column("tenant_id", Text),
    Column("task_id", Text),
    Column("case_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("debtor_id", Text),
    Column("kind", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("skill", Text, nullable=False, server_default=text("''")),  # empty: none is needed
    Column("state", Text, nullable=False),  # open | claimed | completed | cancelled
    Column("due_at", INSTANT, nullable=False),  # business time, as all but `lease_until`
    Column("callable_at", INSTANT),  # the governor defers the call to then
    Column("ready_at", INSTANT, nullable=False),  # the later one of the two
    Column(
        "urgency", SmallInteger, nullable=False, server_default=_ZERO
    ),  # callback 2, escalated 1
    Column("priority", Integer, nullable=False, server_default=_ZERO),
    Column("owner", Text),  # of its case
    Column("is_escalated", Boolean, nullable=False, server_default=FALSE),
    Column("attempt", SmallInteger, nullable=False, server_default=text("1")),
    Column("opened_at", INSTANT, nullable=False),
    Column("collector", Text),  # who has it, or had it
    Column("claimed_at", INSTANT),  # machine time
    Column("lease_until", INSTANT),  # machine time
    Column("contact_id", Text),
    Column("strategy", Text),
    Column("strategy_version", Text),
    Column("step", Text),
    Column("script", Text),
    Column("due_on", Date),
    Column("invoice_ids", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("note", Text),  # this and `closing_note`: emptied at erasure
    Column("disposition", Text),
    Column("seconds", Integer),
    Column("closing_note", Text),
    Column("call_id", Text),
    Column("follow_up_at", INSTANT),
    Column("closed_at", INSTANT),
    Column("because", Text),  # it was cancelled
    Column("completion", LargeBinary),  # SHA-256 of what completes it, from the command on
    Column("answer", LargeBinary),  # JSON: the first answer
    PrimaryKeyConstraint("tenant_id", "task_id"),
    Index("ix_tasks_account", "tenant_id", "account_id"),
    # The order of the work list, in each skill: what is not ready or of another queue is passed
    # over in the index.
    Index(
        "ix_tasks_worklist",
        "tenant_id",
        "skill",
        text("urgency desc"),
        text("priority desc"),
        "due_at",
        "task_id",
        "ready_at",
        "queue",
        postgresql_where=_OPEN,
    ),
    Index(
        "ix_tasks_owners",
        "tenant_id",
        "owner",
        text("urgency desc"),
        text("priority desc"),
        "due_at",
        "task_id",
        postgresql_where=text("state = 'open' and owner is not null"),
    ),
    Index("ix_tasks_leases", "lease_until", postgresql_where=text("state = 'claimed'")),
)

calls = Table(
    "calls",  # that the governor let a person make
    metadata,
    Column("tenant_id", Text),
    Column("call_id", Text),
    Column("task_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("collector", Text, nullable=False),
    Column("address", Text),  # emptied at erasure
    Column("at", INSTANT, nullable=False),  # business time
    Column("decision", LargeBinary, nullable=False),  # JSON
    PrimaryKeyConstraint("tenant_id", "call_id"),
    Index(None, "tenant_id", "account_id"),
)

queues = Table(
    "queues",  # which certificate the tasks of a queue need, unless they say it themselves
    metadata,
    Column("tenant_id", Text),
    Column("queue", Text),
    Column("skill", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "queue"),
)

priorities = Table(
    "priorities",  # of accounts, as segmentation announced them last
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("priority", Integer, nullable=False),
    PrimaryKeyConstraint("tenant_id", "account_id"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("tenant_id", Text),
    Column("approval_id", Text),
    Column("kind", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("state", Text, nullable=False),  # pending | approved | refused | withdrawn | expired
    Column("role", Text, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("requested_at", INSTANT, nullable=False),  # this and all others: business time
    Column("expires_at", INSTANT),
    Column("account_id", Text),
    Column("contact_id", Text),
    Column("channel", Text),
    Column("rule", Text),
    Column("citation", Text),
    Column("rulebook_version", Text),
    Column("command", LargeBinary),  # JSON: what approving runs
    Column("decided_by", Text),
    Column("decided_at", INSTANT),
    Column("reason", Text),
    Column("decision", Text),  # approve | refuse, as soon as its command is being run
    Column("running_since", INSTANT),  # machine time; none: nothing is being run
    Column("effect", Text),  # done | failed | none
    Column("failure", Text),
    PrimaryKeyConstraint("tenant_id", "approval_id"),
    Index("ix_approvals_account", "tenant_id", "account_id"),
    Index(
        "ix_approvals_expiry", "tenant_id", "expires_at", postgresql_where=text("state = 'pending'")
    ),
    Index("ix_approvals_listed", "tenant_id", "requested_at", "approval_id"),
)

notes = Table(
    "notes",  # what people write about an account; deleted at erasure
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("at", INSTANT),  # business time
    Column("ord", BigInteger, Identity(always=True)),
    Column("case_id", Text),
    Column("task_id", Text),
    Column("author", Text, nullable=False),
    Column("note", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "account_id", "at", "ord"),
)

personal_reads = Table(
    "personal_reads",  # who looked at personal data of an account
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("at", INSTANT),  # machine time
    Column("ord", BigInteger, Identity(always=True)),
    Column("reader", Text, nullable=False),
    Column("what", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "account_id", "at", "ord"),
)

reviews = Table(
    "reviews",  # of completed calls
    metadata,
    Column("tenant_id", Text),
    Column("task_id", Text),
    Column("reviewer", Text, nullable=False),
    Column("collector", Text, nullable=False),
    Column("scores", LargeBinary, nullable=False),  # JSON
    Column("failed", ARRAY(Text), nullable=False),
    Column("recognition", Text),
    Column("note", Text),
    Column("score", Float, nullable=False),
    Column("at", INSTANT, nullable=False),  # business time
    PrimaryKeyConstraint("tenant_id", "task_id"),
)

certificates = Table(
    "certificates",  # what people may do
    metadata,
    Column("tenant_id", Text),
    Column("person", Text),  # `sub` of their tokens
    Column("name", Text),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),  # the last day; none: no end
    Column("suspended_at", INSTANT),  # business time
    Column("suspended_because", Text),
    Column("recorded_at", INSTANT, nullable=False),
    Column("recorded_by", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "person", "name"),
)

record_heads = Table(
    "record_heads",  # where the contact record of an account ends
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("n", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "account_id"),
)

contact_record = Table(
    "contact_record",  # a chain of hashes per account; never changed, nothing personal in it
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("n", BigInteger),
    Column("hash", Text, nullable=False),
    Column("entry", LargeBinary, nullable=False),  # JSON as it was hashed, without `hash`
    PrimaryKeyConstraint("tenant_id", "account_id", "n"),
)

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
    Column("amounts", Text, nullable=False, server_default=text("'{}'")),  # JSON by currency
    Column("overdue_since_on", Date),  # none: nothing is overdue
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
    Column("resumes", Text, nullable=False, server_default=text("'[]'")),  # JSON: day, because
    Column("payer", Text),
    Column("purpose", Text),
    Column("product", Text),
    Column("payment_url", Text),  # where the biller takes money for it
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
    Column("ended_on", Date),  # the first day without it; none: it stands
    Column("outcome", Text),  # how a promise was judged
    Column("is_silence", Boolean, nullable=False, server_default=FALSE),
    PrimaryKeyConstraint("tenant_id", "account_id", "name"),
)

pauses = Table(
    "pauses",  # what of our own stops contact: an answer that waits, a claim, a person's word
    metadata,
    Column("tenant_id", Text),
    Column("pause_id", Text),
    Column("account_id", Text, nullable=False),
    Column("is_of_debtor", Boolean, nullable=False),  # it stops all accounts of the debtor
    Column("kind", Text, nullable=False),  # reply, claim, manual
    Column("from_on", Date, nullable=False),
    Column("until_on", Date),  # it ends with 00:00 of that day; none: by the strategy's days
    Column("is_endless", Boolean, nullable=False, server_default=FALSE),  # but by a person
    Column("ended_on", Date),  # it ended before
    Column("reason", Text),  # free text; deleted at erasure
    Column("created_by", Text),
    Column("created_at", INSTANT, nullable=False),  # business time
    Column("ran_out_at", INSTANT),  # business time; it ended unhandled, and people were told
    PrimaryKeyConstraint("tenant_id", "pause_id"),
    Index(None, "tenant_id", "account_id"),
    Index(
        "ix_pauses_waiting",
        "tenant_id",
        "from_on",
        postgresql_where=text(
            "ran_out_at is null and ended_on is null and until_on is null and not is_endless"
        ),
    ),
)

occasions = Table(
    "occasions",  # what may be answered, from events: promises, instalments, warnings, …
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("reaction", Text),  # the key under which strategies answer it
    Column("subject_id", Text),
    Column("subject", Text, nullable=False),
    Column("anchor_on", Date, nullable=False),
    Column("currency", Text),
    Column("invoice_ids", ARRAY(Text)),  # none: all of the account
    Column("stands", Boolean, nullable=False),
    Column("since_on", Date),  # of `paid`
    # What messages name of it.
    Column("amount_minor", BigInteger),
    Column("due_on", Date),
    Column("base_minor", BigInteger),  # of a settlement: what was owed
    Column("outcome", Text),  # of a dispute
    PrimaryKeyConstraint("tenant_id", "account_id", "reaction", "subject_id"),
)

payments = Table(
    "payments",  # whether and when an account has paid: not what, which the ledger knows
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("payment_id", Text),
    Column("day", Date, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("reversed", Text, nullable=False, server_default=text("'{}'")),  # JSON: by reversal
    PrimaryKeyConstraint("tenant_id", "account_id", "payment_id"),
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

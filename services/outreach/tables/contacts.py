"""Contacts, the steps they make, what was asked about them, and the timeline."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
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

from services.outreach.tables.metadata import INSTANT, metadata

_IN_FLIGHT = text("state in ('planned', 'held', 'claimed', 'intent')")

contacts = Table(
    "contacts",
    metadata,
    Column("tenant_id", Text),
    Column("contact_id", Text),
    Column("debtor_key", Text, nullable=False),
    Column("debtor_id", Text),
    Column("lane", Text, nullable=False, server_default=text("''")),  # a hand-over's: its invoice
    Column("state", Text, nullable=False),
    Column("due_at", INSTANT, nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON: what it covers, in which words
    Column("rules", ARRAY(Text), nullable=False),  # suppressions announced
    Column("planned_at", INSTANT, nullable=False),  # this and `attempted_at`: business time
    Column("attempted_at", INSTANT),
    Column("until_at", INSTANT),
    Column("because", Text),
    Column("message_id", Text),
    Column("claim", Text),  # who works on it
    Column("lease_until", INSTANT),  # machine time
    Column("find_at", INSTANT),  # machine time: of an uncertain one the provider is asked then
    PrimaryKeyConstraint("tenant_id", "contact_id"),
    # A debtor has at most one contact under way: what makes two at once impossible.
    Index(
        "uq_contacts_under_way",
        "tenant_id",
        "debtor_key",
        "lane",
        unique=True,
        postgresql_where=_IN_FLIGHT,
    ),
    Index(None, "contact_id"),  # a token in an address names a contact and no tenant
    Index("ix_contacts_due", "tenant_id", "due_at", postgresql_where=_IN_FLIGHT),
    Index(
        "ix_contacts_failed",
        "tenant_id",
        "debtor_key",
        postgresql_where=text("state = 'failed'"),
    ),
    Index(
        "ix_contacts_message_id",
        "tenant_id",
        "message_id",
        postgresql_where=text("message_id is not null"),
    ),
    Index("ix_contacts_uncertain", "find_at", postgresql_where=text("state = 'uncertain'")),
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
    "steps",  # what subjects have behind them: an invoice's ladder, what was answered once
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("subject", Text),  # invoice, promise, plan, instalment, settlement, payment, …
    Column("subject_id", Text),
    Column("anchor_on", Date),  # an invoice's due day; of what is answered always 1900-01-01
    Column("reaction", Text),  # what it answers; empty: it is of a ladder
    Column("n", Integer),  # ladder day
    Column("step", Text, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("made_on", Date, nullable=False),  # in the account's zone
    # How its contact stands; `open`: it failed, and the step is free for its next channel.
    Column("state", Text, nullable=False),
    Column("tried", ARRAY(Text), nullable=False, server_default=text("'{}'")),  # and failed over
    Column("contact_id", Text, nullable=False),
    PrimaryKeyConstraint(
        "tenant_id", "account_id", "subject", "subject_id", "anchor_on", "reaction", "n"
    ),
    Index(None, "tenant_id", "contact_id"),
)

story = Table(
    "story",  # every event of an account that came in or was announced, for the timeline
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("at", INSTANT),
    Column("ord", BigInteger, Identity(always=True)),
    Column("topic", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("day", Date),
    Column("data", LargeBinary, nullable=False),  # JSON, never personal data
    Column("recorded_at", INSTANT),  # when it was known; none: of before this was kept
    PrimaryKeyConstraint("tenant_id", "account_id", "at", "ord"),
)

judgements = Table(
    "judgements",  # the question that was asked about each contact: for dry runs of rule books
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("contact_id", Text),
    Column("at", INSTANT, nullable=False),
    Column("question", LargeBinary, nullable=False),  # JSON, personal; deleted at erasure
    PrimaryKeyConstraint("tenant_id", "account_id", "contact_id"),
    Index(None, "tenant_id", "at", "contact_id"),
)

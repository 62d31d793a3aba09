"""What comes in: every item as it came, and how it ended."""

from sqlalchemy import Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text, text

from services.outreach.tables.metadata import INSTANT, metadata

inbound = Table(
    "inbound",  # kept before it is read; what is personal goes at erasure and with its retention
    metadata,
    Column("tenant_id", Text),
    Column("inbound_id", Text),  # made of the provider and its key, so that a repeat is the same
    Column("provider", Text, nullable=False),  # the door: a provider's name, mail, portal
    Column("key", Text, nullable=False),  # the provider's id, else the SHA-256 of the bytes
    Column("kind", Text, nullable=False),  # mail | text | message: how `content` is read
    Column("channel", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),  # personal: as it came
    Column("envelope", LargeBinary, nullable=False),  # personal: JSON, who sent it to whom
    Column("received_at", INSTANT, nullable=False),  # business time
    Column("stored_at", INSTANT, nullable=False),  # this and those below: machine time
    Column("state", Text, nullable=False),  # open | applied | for-person | auto-reply | receipt
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("try_at", INSTANT, nullable=False),  # not before then; the lease of who reads it now
    Column("failure", Text),
    Column("command", LargeBinary),  # JSON: what the ledger is asked to do, before it is
    Column("ended_at", INSTANT),
    Column("debtor_key", Text),
    Column("account_id", Text),
    Column("contact_id", Text),
    Column("reply_class", Text),
    Column("effect", Text),
    Column("address", Text),  # personal: the sender's, as `addresses` has it
    Column("text", Text),  # personal: what its writer wrote himself
    PrimaryKeyConstraint("tenant_id", "inbound_id"),
    Index("ix_inbound_open", "try_at", postgresql_where=text("state = 'open'")),
    Index(
        "ix_inbound_address",
        "tenant_id",
        "address",
        postgresql_where=text("address is not null"),
    ),
    Index("ix_inbound_state", "tenant_id", "state", "received_at", "inbound_id"),
    Index("ix_inbound_account", "tenant_id", "account_id"),
    Index("ix_inbound_debtor", "tenant_id", "debtor_key"),
)

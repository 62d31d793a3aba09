"""Texts in parts: what left over SMPP, and what came in and is not whole yet. Scripts of calls."""

from sqlalchemy import Boolean, Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from services.outreach.tables.metadata import FALSE, INSTANT, metadata

text_parts = Table(
    "text_parts",  # one row for a part; a receipt may come before what it is about is known
    metadata,
    Column("tenant_id", Text),
    Column("provider", Text),
    Column("part_id", Text),  # by which receipts name it
    Column("contact_id", Text),
    Column("token", Text),
    Column("number", Integer),
    Column("total", Integer),
    Column("message_id", Text),  # as the operator wrote it; null: it never left
    Column("state", Text),  # sent, failed, delivered; null: nothing was heard
    Column("at", INSTANT),  # the operator's instant
    Column("code", Text),
    Column("is_address_dead", Boolean, nullable=False, server_default=FALSE),
    Column("seen_at", INSTANT, nullable=False),  # machine time
    PrimaryKeyConstraint("tenant_id", "provider", "part_id"),
    Index(None, "tenant_id", "contact_id"),
    Index(None, "seen_at"),
)

inbound_parts = Table(
    "inbound_parts",  # parts of messages to us until the rest comes; gone when handed over
    metadata,
    Column("tenant_id", Text),
    Column("provider", Text),
    Column("key", Text),  # names the whole: from, to, reference; personal data, for minutes
    Column("number", Integer),
    Column("total", Integer, nullable=False),
    Column("from_number", Text, nullable=False),
    Column("to_number", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", INSTANT, nullable=False),  # machine time
    PrimaryKeyConstraint("tenant_id", "provider", "key", "number"),
    Index(None, "at"),
)

call_scripts = Table(
    "call_scripts",  # what a call says, until the provider has asked for it: personal, for an hour
    metadata,
    Column("token", Text),  # of the callback URL
    Column("tenant_id", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", INSTANT, nullable=False),  # machine time
    PrimaryKeyConstraint("token"),
    Index(None, "at"),
)

"""Messages that wait in the portal."""

from sqlalchemy import Column, PrimaryKeyConstraint, Table, Text

from services.outreach.tables.metadata import INSTANT, metadata

portal_messages = Table(
    "portal_messages",  # personal; deleted when an account that they are about is erased
    metadata,
    Column("tenant_id", Text),
    Column("contact_id", Text),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("at", INSTANT, nullable=False),  # business time
    PrimaryKeyConstraint("tenant_id", "contact_id"),
)

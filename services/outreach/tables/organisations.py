"""What tenants of one organisation share: limits, and attempts by marks of addresses."""

from sqlalchemy import Column, Index, LargeBinary, PrimaryKeyConstraint, Table, Text

from services.outreach.tables.metadata import INSTANT, metadata

organisations = Table(
    "organisations",
    metadata,
    Column("organisation", Text, primary_key=True),
    Column("document", LargeBinary, nullable=False),  # JSON
    Column("recorded_at", INSTANT, nullable=False),  # machine time
    Column("recorded_by", Text, nullable=False),
)

organisation_attempts = Table(
    "organisation_attempts",  # no address and no name: marks that cannot be read back
    metadata,
    Column("organisation", Text),
    Column("mark", LargeBinary),
    Column("contact_id", Text),
    Column("tenant_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("at", INSTANT, nullable=False),  # business time
    PrimaryKeyConstraint("organisation", "mark", "contact_id"),
    Index(None, "contact_id"),
    Index(None, "at"),
)

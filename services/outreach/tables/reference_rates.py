"""Reference rates that a tenant has loaded, in place of and beyond those of the rule books."""

from sqlalchemy import Column, Date, PrimaryKeyConstraint, Table, Text

from services.outreach.tables.metadata import INSTANT, metadata

reference_rates = Table(
    "reference_rates",
    metadata,
    Column("tenant_id", Text),
    Column("name", Text),  # as rule books name it
    Column("from_on", Date),
    Column("until_on", Date, nullable=False),  # unknown from that day on
    Column("percent", Text, nullable=False),  # a decimal, as published
    Column("source", Text, nullable=False),
    Column("stored_at", INSTANT, nullable=False),  # machine time
    Column("stored_by", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "name", "from_on"),
)

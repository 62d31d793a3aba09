"""Tenants and how far their business time has come."""

from sqlalchemy import Column, Date, Table, Text

from services.outreach.tables.metadata import INSTANT, metadata

tenants = Table(
    "tenants",  # settings, from `ledger.tenants`
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("timezone", Text, nullable=False),
    Column("contact_from", Date),
    Column("party", Text),  # none: not known yet
    Column("calendar", Text),  # none: Monday to Friday are business days
    Column("organisation", Text),
)

business_times = Table(
    "business_times",  # how far `run-due` has come, per tenant; never goes back
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("at", INSTANT, nullable=False),
)

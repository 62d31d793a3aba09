"""Outreach's tables, as Alembic and the test of agreement see them, a module for each noun. SQL is
in `store`."""

from services.outreach.tables import (
    channels,
    contacts,
    debtors,
    organisations,
    permissions,
    reference_rates,
    tenants,
)
from services.outreach.tables.metadata import metadata

__all__ = [
    "channels",
    "contacts",
    "debtors",
    "metadata",
    "organisations",
    "permissions",
    "reference_rates",
    "tenants",
]

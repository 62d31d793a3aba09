"""Outreach's tables, as Alembic and the test of agreement see them, a module for each noun. SQL is
in `store`."""

from services.outreach.tables import (
    channels,
    contacts,
    debtors,
    desk,
    organisations,
    permissions,
    reference_rates,
    strategies,
    tenants,
)
from services.outreach.tables.metadata import metadata

__all__ = [
    "channels",
    "contacts",
    "debtors",
    "desk",
    "metadata",
    "organisations",
    "permissions",
    "reference_rates",
    "strategies",
    "tenants",
]

"""Outreach's tables, as Alembic and the test of agreement see them, a module for each noun. SQL is
in `store`."""

from services.outreach.tables import (
    addresses,
    channels,
    contacts,
    debtors,
    desk,
    inbound,
    organisations,
    permissions,
    portal,
    portal_messages,
    reference_rates,
    strategies,
    tenants,
    texts,
    webhooks,
)
from services.outreach.tables.metadata import metadata

__all__ = [
    "addresses",
    "channels",
    "contacts",
    "debtors",
    "desk",
    "inbound",
    "metadata",
    "organisations",
    "permissions",
    "portal",
    "portal_messages",
    "reference_rates",
    "strategies",
    "tenants",
    "texts",
    "webhooks",
]

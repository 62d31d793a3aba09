"""Outreach's tables, as Alembic and the test of agreement see them, a module for each noun. SQL is
in `store`."""

from services.outreach.tables import contacts, debtors, permissions, strategies, tenants
from services.outreach.tables.metadata import metadata

__all__ = ["contacts", "debtors", "metadata", "permissions", "strategies", "tenants"]

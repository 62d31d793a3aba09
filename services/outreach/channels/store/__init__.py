"""SQL of channels, a module for each noun; tenants' settings are asked for by everybody."""

from services.outreach.channels.store.tenant_settings import (
    NONE,
    StoredSettings,
    find_settings,
    get_settings,
    insert_settings,
    list_tenants_with,
)

__all__ = [
    "NONE",
    "StoredSettings",
    "find_settings",
    "get_settings",
    "insert_settings",
    "list_tenants_with",
]

"""SQL of tenants' settings."""

from collections.abc import Collection
from datetime import datetime

import msgspec
from msgspec import Struct

from services.outreach.channels.domain.tenant_settings import TenantSettings
from shared.database import Session

_DOCUMENT = msgspec.json.Decoder(TenantSettings)


class StoredSettings(Struct, frozen=True):
    """A tenant's settings, and which of their versions these are (0: none were ever sent)."""

    number: int
    settings: TenantSettings


NONE = StoredSettings(0, TenantSettings())


async def get_settings(session: Session, tenant: str) -> StoredSettings:
    return (await find_settings(session, [tenant])).get(tenant, NONE)


async def find_settings(session: Session, tenants: Collection[str]) -> dict[str, StoredSettings]:
    """The newest of each tenant that has sent some."""
    rows = await session.fetch(
        """
        select distinct on (tenant_id) tenant_id, number, document from tenant_settings
        where tenant_id = any($1) order by tenant_id, number desc
        """,
        sorted(tenants),
    )
    return {
        row["tenant_id"]: StoredSettings(row["number"], _DOCUMENT.decode(row["document"]))
        for row in rows
    }


async def list_tenants_with(session: Session, kind: str) -> dict[str, TenantSettings]:
    """The settings of the tenants that have a provider of a kind."""
    rows = await session.fetch(
        """
        select distinct on (tenant_id) tenant_id, document from tenant_settings
        order by tenant_id, number desc
        """
    )
    read = {row["tenant_id"]: _DOCUMENT.decode(row["document"]) for row in rows}
    return {
        tenant: settings
        for tenant, settings in read.items()
        if any(provider.kind == kind for provider in settings.providers.values())
    }


async def insert_settings(
    session: Session,
    tenant: str,
    settings: TenantSettings,
    *,
    recorded_at: datetime,
    recorded_by: str,
) -> StoredSettings:
    """A further version. Two at once: one after the other."""
    await session.execute(
        "select pg_advisory_xact_lock(hashtextextended('outreach settings ' || $1, 0))", tenant
    )
    before = await get_settings(session, tenant)
    after = StoredSettings(before.number + 1, settings)
    await session.execute(
        """
        insert into tenant_settings (tenant_id, number, document, recorded_at, recorded_by)
        values ($1, $2, $3, $4, $5)
        """,
        tenant,
        after.number,
        msgspec.json.encode(settings),
        recorded_at,
        recorded_by,
    )
    return after

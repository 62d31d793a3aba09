"""SQL of how far a tenant's business time has come."""

from datetime import datetime

from services.metrics.domain.slots import slot_start
from shared.database import Session


async def get_business_time(session: Session, tenant: str) -> tuple[str, datetime | None]:
    """The tenant's zone, and the newest quarter of an hour in which anything that was taken in was
    recorded; None: nothing was."""
    row = await session.fetchrow(
        "select timezone, latest_known from tenants where tenant_id = $1", tenant
    )
    if row is None or not row["latest_known"]:
        return ("UTC" if row is None else row["timezone"]), None
    return row["timezone"], slot_start(row["latest_known"])


async def list_business_times(session: Session) -> list[tuple[str, str, datetime]]:
    """Tenants of whom anything was taken in: their zones, and how far their business time is."""
    rows = await session.fetch(
        "select tenant_id, timezone, latest_known from tenants where latest_known > 0 order by 1"
    )
    return [(tenant, zone, slot_start(known)) for tenant, zone, known in rows]

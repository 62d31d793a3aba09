"""Keep what comes in, before it is read."""

from services.outreach.activity.store.business_times import get_business_time
from services.outreach.inbound.domain.items import NewItem
from services.outreach.inbound.store import items as store
from shared import business_time, clock
from shared.business_time import Clock
from shared.database import Session


async def keep_item(session: Session, tenant: str, clock_mode: Clock, item: NewItem) -> bool:
    """False: it has been kept before, and nothing changes."""
    now = clock.now()
    latest = await get_business_time(session, tenant) if clock_mode == "manual" else None
    return await store.insert_item(
        session,
        tenant,
        item,
        received_at=business_time.business_now(clock_mode, now, latest),
        stored_at=now,
    )

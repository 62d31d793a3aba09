"""Business time of segmentation: it comes in with the events, and only moves forward."""

from datetime import date, datetime

from services.segmentation.store import accounts as store
from shared import clock
from shared.business_time import Clock
from shared.database import Session


async def business_now(session: Session, tenant: str, mode: Clock) -> datetime:
    """The instant from which something that is decided now holds.

    With the system clock it is the machine's; with the manual one, the latest that any event said.
    """
    at, _ = await store.latest_known(session, tenant)
    if mode == "system":
        now = clock.now()
        return now if at is None else max(now, at)
    return clock.now() if at is None else at  # nothing has happened yet that it could precede


async def business_day(session: Session, tenant: str, mode: Clock) -> date | None:
    """The last day that has begun, as far as events tell; None: no event has come."""
    _, on = await store.latest_known(session, tenant)
    if on is None:
        return None
    return max(on, clock.now().date()) if mode == "system" else on

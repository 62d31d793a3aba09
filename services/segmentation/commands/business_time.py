"""Business time of segmentation: it comes in with the events, and only moves forward."""

from datetime import UTC, date, datetime

from services.segmentation.store import accounts as store
from shared import business_time, clock
from shared.business_time import Clock
from shared.database import Session

BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


async def settings_now(session: Session, tenant: str, mode: Clock) -> datetime:
    """The instant of what is set up for a tenant and read with its facts: an experiment, rates.

    With the manual clock it comes before all that will happen, while nothing has: the machine's
    instant may be after the days that are going to be played.
    """
    at, _ = await store.latest_known(session, tenant)
    if at is None and mode == "manual":
        return BEFORE_ALL
    return business_time.business_now(mode, clock.now(), at)


async def business_now(session: Session, tenant: str, mode: Clock) -> datetime:
    """The instant from which something that is decided now holds."""
    at, _ = await store.latest_known(session, tenant)
    return business_time.business_now(mode, clock.now(), at)


async def business_day(session: Session, tenant: str, mode: Clock) -> date | None:
    """The last day that has begun, as far as events tell; None: no event has come."""
    _, on = await store.latest_known(session, tenant)
    if on is None:
        return None
    return max(on, clock.now().date()) if mode == "system" else on

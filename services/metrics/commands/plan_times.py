"""Which day it is for the plans of a tenant."""

from datetime import date, datetime, timedelta

from msgspec import Struct

from services.metrics.domain.plans.news import When
from services.metrics.store.business_times import get_business_time
from services.metrics.store.plan_days import find_begun
from shared import clock
from shared.business_time import Clock, business_now
from shared.clock import day_start, local_day
from shared.database import Session


class PlanTime(Struct, frozen=True):
    """Business time now: the instant, and the day in the tenant's zone."""

    now: datetime
    day: date
    zone: str

    @property
    def when(self) -> When:
        return When(self.day, self.zone)


async def plan_time(
    session: Session, tenant: str, mode: Clock, *, first_on: date | None = None
) -> PlanTime:
    """By the days that have begun here and by what was taken in. While nothing has happened under
    the manual clock it is the day before `first_on`, the first day of a plan."""
    zone, latest = await get_business_time(session, tenant)
    begun = await find_begun(session, tenant)
    begun_at = None if begun is None else begun.at
    known = [instant for instant in (latest, begun_at) if instant is not None]
    machine = clock.now()
    now = business_now(mode, machine, max(known, default=None))
    if mode == "manual" and not known and first_on is not None:
        now = min(machine, day_start(first_on - timedelta(days=1), zone))
    return PlanTime(now, local_day(now, zone), zone)

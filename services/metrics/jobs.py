"""Door 3: the clock. Days begin by themselves with the system clock; what is due goes out."""

import asyncio
from datetime import date, time

from services.metrics.context import Context
from services.metrics.processes.days import AskBacklog, start_day
from services.metrics.processes.deliveries import deliver_due
from services.metrics.processes.plan_actions import act_due
from services.metrics.store.plan_days import find_begun, list_tenants_to_begin
from shared import clock
from shared.clock import local_day, zone
from shared.database.holds import Held
from shared.process.failures import survived
from shared.process.parts import turn
from shared.process.tasks import pause
from shared.process.telemetry import logger

SCHEDULE_SECONDS = 60.0
LOOK_SECONDS = 5.0  # between two looks for what is due
IF_UP_TO_DATE = time(0, 15)  # in the tenant's zone: then, if nothing is behind
IN_ANY_CASE = time(2, 0)

log = logger(__name__)


async def run_scheduler(context: Context, backlog: AskBacklog, *, stop: asyncio.Event) -> None:
    """With the system clock: begin each tenant's days."""
    while not stop.is_set():
        turn()
        with survived("metrics", "plan-days"):
            await start_days(context, backlog, stop=stop)
        await pause(stop, SCHEDULE_SECONDS)


async def start_days(context: Context, backlog: AskBacklog, *, stop: asyncio.Event) -> None:
    """Tenant by tenant: one's failure is not another's, and the next round tries again."""
    async with context.db.reading() as session:
        tenants = await list_tenants_to_begin(session)
    for tenant, zone_name in tenants:
        if stop.is_set():
            return
        with survived("metrics", "days", tenant=tenant):
            await _start_day(context, backlog, tenant, zone_name)


async def _start_day(context: Context, backlog: AskBacklog, tenant: str, zone_name: str) -> None:
    now = clock.now()
    today = local_day(now, zone_name)
    async with context.db.reading() as session:
        begun = await find_begun(session, tenant)
    is_up_to_date = (await backlog()).behind == 0
    begun_on = None if begun is None else begun.on
    local = now.astimezone(zone(zone_name)).time()
    if not is_time(local, begun_on, today, is_up_to_date=is_up_to_date):
        return
    try:
        at = await context.guard.checked(tenant, None if begun is None else begun.at)
        started = await start_day(context, tenant, backlog, at=at)
    except Held as error:
        log.debug("day held", tenant=tenant, reason=error.detail)  # it was said when placed
    else:
        log.info("day begun", tenant=tenant, **started.counts)


def is_time(local: time, begun_on: date | None, today: date, *, is_up_to_date: bool) -> bool:
    """Whether a tenant's day begins now: a little after midnight, or when waiting has been long
    enough. Days that were missed begin at once."""
    if begun_on is not None and begun_on >= today:
        return False
    if begun_on is not None and (today - begun_on).days > 1:
        return True
    return local >= IN_ANY_CASE or (local >= IF_UP_TO_DATE and is_up_to_date)


async def run_actions(context: Context, *, stop: asyncio.Event) -> None:
    """Ask other services again, for what had no answer."""
    while not stop.is_set():
        turn()
        with survived("metrics", "contingencies"):
            await act_due(context)
        await pause(stop, LOOK_SECONDS)


async def run_deliveries(context: Context, *, stop: asyncio.Event) -> None:
    """Send the mails that are due."""
    while not stop.is_set():
        turn()
        with survived("metrics", "deliveries"):
            await deliver_due(context)
        await pause(stop, LOOK_SECONDS)

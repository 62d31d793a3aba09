"""Door 3: the clock. Days begin by themselves with the system clock; what is due goes out. A worker
folds into the figures in use, and makes them anew where this release has other rules."""

import asyncio
from datetime import date, time

from services.metrics.commands import Folding
from services.metrics.context import Context
from services.metrics.domain.version import FIGURES_VERSION
from services.metrics.processes.days import AskBacklog, start_day
from services.metrics.processes.deliveries import deliver_due
from services.metrics.processes.merging import run_merging
from services.metrics.processes.plan_actions import act_due
from services.metrics.processes.rebuilding import Reading, rebuild
from services.metrics.store import generations
from services.metrics.store.generations import Generation
from services.metrics.store.plan_days import find_begun, list_tenants_to_begin
from shared import clock
from shared.clock import local_day, zone
from shared.database.holds import Held
from shared.process.failures import survived
from shared.process.parts import turn
from shared.process.tasks import pause, together
from shared.process.telemetry import logger

SCHEDULE_SECONDS = 60.0
LOOK_SECONDS = 5.0  # between two looks for what is due
FOLDING_LOOK_SECONDS = 1.0
REBUILD_LOOK_SECONDS = 5.0
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


async def run_folding(context: Context, reading: Reading, *, stop: asyncio.Event) -> None:
    """Fold into the figures in use, whichever these are. Those of other rules are left alone."""
    while not stop.is_set():
        generation: Generation | None = None
        with survived("metrics", "folding"):
            generation = await generations.current(context.db)
        if generation is not None and not generation.is_stale:
            await _fold(context, reading, generation, stop)
        else:
            await pause(stop, FOLDING_LOOK_SECONDS)


async def _fold(
    context: Context, reading: Reading, generation: Generation, stop: asyncio.Event
) -> None:
    """Until another generation is in use."""
    log.info("figures.in_use", generation=generation.number, consumer=generation.consumer)
    ending = asyncio.Event()
    folding = Folding(generation.number)
    await together(
        reading.read(folding, ending, is_guest=False),
        run_merging(context.db, folding, stop=ending),
        _until_replaced(context, generation, stop, ending),
        ending=ending,
    )


async def _until_replaced(
    context: Context, generation: Generation, stop: asyncio.Event, ending: asyncio.Event
) -> None:
    while not stop.is_set():
        with survived("metrics", "folding"):
            if (await generations.current(context.db)).number != generation.number:
                break
        await pause(stop, FOLDING_LOOK_SECONDS)
    ending.set()


async def run_rebuilding(context: Context, reading: Reading, *, stop: asyncio.Event) -> None:
    """Go on with a rebuild that was begun, and begin one where the rules are others than those of
    the figures in use; drop what was in use a day ago."""
    while not stop.is_set():
        begun: Generation | None = None
        with survived("metrics", "rebuilding"):
            begun = await _begun(context)
            if begun is None:
                for number in await generations.drop_old(context.db):
                    log.info("figures.dropped", generation=number)
        if begun is not None and await rebuild(context.db, reading, begun, stop):
            log.info("figures.rebuilt", generation=begun.number)
        await pause(stop, REBUILD_LOOK_SECONDS)


async def _begun(context: Context) -> Generation | None:
    """The generation to make: one of this release's rules."""
    in_use = await generations.current(context.db)
    if in_use.version < FIGURES_VERSION:  # a newer release's figures are left alone
        return await generations.begin(context.db)
    found = await generations.building(context.db)
    return found if found is not None and not found.is_stale else None

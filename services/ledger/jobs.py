"""Door 3: the clock. With the system clock, days begin by themselves; runs that were begun are
brought to their ends with any."""

import asyncio

from services.ledger.commands.restating import forget_range
from services.ledger.context import Context
from services.ledger.processes.days import start_day_by_clock
from services.ledger.processes.restating import list_runs_to_do, restate
from services.ledger.store.tenants import list_tenants
from shared.database.holds import Held
from shared.process.failures import survived
from shared.process.parts import turn
from shared.process.tasks import pause
from shared.process.telemetry import logger

SCHEDULE_SECONDS = 60.0
LOOK_SECONDS = 0.5  # between two looks for runs; a look is one look at an index
JOB = "days"

log = logger(__name__)


async def run_scheduler(context: Context, *, stop: asyncio.Event) -> None:
    """With the system clock: begin each tenant's days as their zones reach them."""
    while not stop.is_set():
        with survived("ledger", JOB):
            await start_days(context, stop=stop)
        await pause(stop, SCHEDULE_SECONDS)


async def start_days(context: Context, *, stop: asyncio.Event) -> None:
    """What has begun by now, tenant by tenant: one's failure is not another's, and the next round
    tries again."""
    async with context.db.reading() as session:
        tenants = await list_tenants(session)
    for tenant in tenants:
        if stop.is_set():
            return
        with survived("ledger", JOB, tenant=tenant.tenant_id):
            await _start_day(context, tenant.tenant_id)


async def _start_day(context: Context, tenant_id: str) -> None:
    try:
        started = await start_day_by_clock(context, tenant_id)
    except Held as error:
        log.debug("day held", tenant=tenant_id, reason=error.detail)  # it was said when placed
    else:
        if started.counts:
            log.info("day begun", tenant=tenant_id, **started.counts)


async def run_restating(context: Context, *, stop: asyncio.Event) -> None:
    """Bring runs that restate accounts to their ends, one after the other."""
    while not stop.is_set():
        turn()
        with survived("ledger", "restating"):
            for run in await list_runs_to_do(context):
                if stop.is_set():
                    return
                with survived("ledger", "restating", tenant=run.tenant_id):
                    await restate(context, run.tenant_id, run.run_id, forget_range)
        await pause(stop, LOOK_SECONDS)

"""Door 3: the clock. When contacts are made (by the system clock, about once a minute), and when
lost leases are looked for (by the machine's)."""

import asyncio

from services.outreach.context import Context
from services.outreach.debtors.store.tenants import list_contacting_tenants
from services.outreach.dunning.processes.leases import end_leases
from services.outreach.dunning.processes.run_due import run_due
from shared import clock
from shared.database.holds import Held
from shared.errors import Unavailable
from shared.process import telemetry
from shared.process.tasks import pause

SCHEDULE_SECONDS = 60.0
LEASES_SECONDS = 2.0  # between two looks

log = telemetry.logger(__name__)


async def run_scheduler(context: Context, *, stop: asyncio.Event) -> None:
    """With the system clock: every contacting tenant, about once a minute."""
    while not stop.is_set():
        try:
            await run_tenants(context, stop=stop)
        except Unavailable as error:
            log.warning("tenants not listed", reason=error.detail)
        await pause(stop, SCHEDULE_SECONDS)


async def run_tenants(context: Context, *, stop: asyncio.Event) -> None:
    """What is due now, tenant by tenant."""
    async with context.db.reading() as session:
        tenants = await list_contacting_tenants(session)
    for tenant in tenants:
        if stop.is_set():
            return
        try:
            ran = await run_due(context, tenant, clock.now())
        except Held as error:
            log.debug("contacts held", tenant=tenant, reason=error.detail)  # said when placed
            continue
        except Unavailable as error:  # the tenants after it have their turn all the same
            log.warning("run-due failed", tenant=tenant, reason=error.detail)
            continue
        except Exception as error:
            log.error("run-due can't be done", tenant=tenant, exc_info=error)
            continue
        if any(ran.counts.values()):
            log.info("contacts made", tenant=tenant, **ran.counts)


async def run_leases(context: Context, *, stop: asyncio.Event) -> None:
    """With either clock: look again and again until stopped."""
    while not stop.is_set():
        try:
            if not context.guard.has_jumped():  # else all leases would seem to have ended
                await end_leases(context.db, context.clock, clock.now())
        except Unavailable as error:
            log.warning("leases not looked at", reason=error.detail)
        await pause(stop, LEASES_SECONDS)

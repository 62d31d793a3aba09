"""Door 3: the clock. With the system clock, days begin by themselves."""

import asyncio

from services.ledger.context import Context
from services.ledger.processes.days import start_day_by_clock
from services.ledger.store.tenants import list_tenants
from shared.database.holds import Held
from shared.errors import Unavailable
from shared.events.ledger import Tenant
from shared.process.tasks import pause
from shared.process.telemetry import logger

SCHEDULE_SECONDS = 60.0

log = logger(__name__)


async def run_scheduler(context: Context, *, stop: asyncio.Event) -> None:
    """With the system clock: begin each tenant's days as their zones reach them."""
    while not stop.is_set():
        for tenant in await _tenants(context):
            await _start_day(context, tenant.tenant_id)
        await pause(stop, SCHEDULE_SECONDS)


async def _start_day(context: Context, tenant_id: str) -> None:
    """One tenant's failure is not another's: it is logged, and the next round tries again."""
    try:
        counts = await start_day_by_clock(context, tenant_id)
    except Held as error:
        log.debug("day held", tenant=tenant_id, reason=error.detail)  # it was said when placed
    except Unavailable as error:
        log.warning("day not begun", tenant=tenant_id, error=str(error))
    except Exception as error:
        log.error("day can't begin", tenant=tenant_id, exc_info=error)
    else:
        if counts:
            log.info("day begun", tenant=tenant_id, **counts)


async def _tenants(context: Context) -> list[Tenant]:
    try:
        async with context.db.reading() as session:
            return await list_tenants(session)
    except Unavailable as error:
        log.warning("tenants not read", error=str(error))
        return []

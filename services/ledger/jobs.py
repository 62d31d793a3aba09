"""Door 3: the clock. With the system clock, days begin by themselves."""

import asyncio

from services.ledger.commands.days import start_day
from services.ledger.commands.tenants import Books
from services.ledger.store.tenants import list_tenants
from shared import clock
from shared.database import Database
from shared.errors import Unavailable
from shared.events.ledger import Tenant
from shared.process.telemetry import logger

SCHEDULE_SECONDS = 60.0

log = logger(__name__)


async def run_scheduler(db: Database, books: Books, *, stop: asyncio.Event) -> None:
    """With the system clock: begin each tenant's days as their zones reach them."""
    while not stop.is_set():
        tenants = await _tenants(db)
        for tenant in tenants:
            try:
                counts = await start_day(db, tenant.tenant_id, books, at=clock.now())
            except Unavailable as error:  # the next round goes on where this one stopped
                log.warning("day not begun", tenant=tenant.tenant_id, error=str(error))
                continue
            if counts:
                log.info("day begun", tenant=tenant.tenant_id, **counts)
        try:
            await asyncio.wait_for(stop.wait(), SCHEDULE_SECONDS)
        except TimeoutError:
            continue


async def _tenants(db: Database) -> list[Tenant]:
    try:
        async with db.reading() as session:
            return await list_tenants(session)
    except Unavailable as error:
        log.warning("tenants not read", error=str(error))
        return []

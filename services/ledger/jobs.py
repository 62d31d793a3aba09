"""Door 3: the clock. With the system clock, days begin by themselves."""

import asyncio

from services.ledger.commands.days import start_day
from services.ledger.commands.tenants import Books
from services.ledger.store.tenants import list_tenants
from shared import clock
from shared.db import Database
from shared.telemetry import logger

SCHEDULE_SECONDS = 60.0

log = logger(__name__)


async def run_scheduler(db: Database, books: Books, *, stop: asyncio.Event) -> None:
    """With the system clock: begin each tenant's days as their zones reach them."""
    while not stop.is_set():
        async with db.reading() as session:
            tenants = await list_tenants(session)
        for tenant in tenants:
            counts = await start_day(db, tenant.tenant_id, books, at=clock.now())
            if counts:
                log.info("day begun", tenant=tenant.tenant_id, **counts)
        try:
            await asyncio.wait_for(stop.wait(), SCHEDULE_SECONDS)
        except TimeoutError:
            continue

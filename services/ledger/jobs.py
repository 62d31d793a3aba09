"""Door 3: the clock. Imports and runs that were begun go on; with the system clock, days begin by
themselves."""

import asyncio
from uuid import uuid4

from services.ledger.commands.imports import lease_end
from services.ledger.commands.restating import restate_range
from services.ledger.context import Context
from services.ledger.import_files.folders import clear_left_folders
from services.ledger.processes.days import start_day_by_clock
from services.ledger.processes.imports import run_import
from services.ledger.processes.restating import list_runs_to_do, restate
from services.ledger.store.imports import FileImport, claim_import
from services.ledger.store.tenants import list_tenants
from shared import clock
from shared.database.holds import Held
from shared.process.failures import survived
from shared.process.parts import turn
from shared.process.tasks import end, pause
from shared.process.telemetry import logger

SCHEDULE_SECONDS = 60.0
JOB = "days"
IMPORTS = "imports"
IMPORTS_MAX = 8  # at a time in one worker, of different tenants
LOOK_SECONDS = 0.5  # between two looks for imports or runs that nobody works on

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
                    await restate(context, run.tenant_id, run.run_id, restate_range)
        await pause(stop, LOOK_SECONDS)


async def run_imports(context: Context, *, stop: asyncio.Event) -> None:
    """Imports that were begun, or left by a worker that is gone: one of a tenant at a time, and
    those of different tenants side by side."""
    worker = uuid4().hex
    running: set[asyncio.Task[None]] = set()
    with survived("ledger", IMPORTS):
        await asyncio.to_thread(clear_left_folders)
    try:
        while not stop.is_set():
            running = {task for task in running if not task.done()}
            found = None
            with survived("ledger", IMPORTS):
                if len(running) < IMPORTS_MAX:
                    found = await _claim(context, worker)
            if found is None:
                await pause(stop, LOOK_SECONDS)
            else:
                running.add(asyncio.create_task(_import(context, found, worker, stop)))
        if running:
            await asyncio.wait(running)
    finally:
        await end(running)


async def _claim(context: Context, worker: str) -> FileImport | None:
    async with context.db.transaction() as session:
        now = clock.now()
        return await claim_import(session, worker, now=now, lease_until=lease_end(now))


async def _import(context: Context, found: FileImport, worker: str, stop: asyncio.Event) -> None:
    with survived("ledger", IMPORTS, tenant=found.tenant_id, import_id=found.import_id):
        await run_import(context, found, worker, stop=stop)

"""The loop that re-scores populations, slice by slice, until stopped."""

import asyncio

from services.segmentation.store.active_rules import ActiveRules
from services.segmentation.commands.rescoring import SLICE_ACCOUNTS, rescore_slice
from services.segmentation.store import rescoring as store
from shared import clock
from shared.database import Database
from shared.errors import Unavailable
from shared.log.lag import LagItem, LagReport
from shared.log.runtime import Runtime
from shared.process import telemetry
from shared.process.tasks import pause

IDLE_SECONDS = 0.5  # between two looks for work; a look is one index lookup
RETRY_SECONDS = 2.0

log = telemetry.logger(__name__)


async def lag_with_rescoring(runtime: Runtime, db: Database) -> LagReport:
    """What `/v1/lag` answers: a re-score under way is work that is not done yet."""
    report = await runtime.lag()
    async with db.reading() as session:
        left, seconds = await store.left_to_do(session, clock.now())
    if left == 0:
        return report
    item = LagItem(
        consumer="segmentation.rescoring",
        topic="segmentation.events",
        behind=left,
        oldest_seconds=seconds,
        parked_accounts=0,
    )
    return LagReport(behind=report.behind + left, items=[*report.items, item])


async def run_rescoring(
    db: Database, force: ActiveRules, *, stop: asyncio.Event, size: int = SLICE_ACCOUNTS
) -> None:
    """Take slices as long as there are any; look again now and then."""
    while not stop.is_set():
        try:
            async with db.transaction() as session:
                job = await rescore_slice(session, force, size=size)
        except Unavailable as error:
            log.warning("rescoring.retry", reason=error.detail)
            await pause(stop, RETRY_SECONDS)
            continue
        if job is None:
            await pause(stop, IDLE_SECONDS)

"""Go through populations, slice by slice, until nothing is left to re-score."""

from services.segmentation.commands.rescoring import SLICE_ACCOUNTS, rescore_slice
from services.segmentation.context import Context
from services.segmentation.store import rescoring as store
from shared import clock
from shared.errors import Unavailable
from shared.log.lag import LagItem, LagReport
from shared.log.runtime import Runtime
from shared.process import telemetry

PUT_ASIDE_SECONDS = 60.0

log = telemetry.logger(__name__)


class Rescorer:
    """Takes slices; a tenant whose slice fails for good waits a while, and spares the others."""

    def __init__(self, context: Context, *, size: int = SLICE_ACCOUNTS) -> None:
        self._context = context
        self._size = size
        self._aside: dict[str, float] = {}  # tenants, until when

    async def take_slice(self) -> bool:
        """Whether there was one."""
        now = clock.monotonic()
        self._aside = {tenant: end for tenant, end in self._aside.items() if end > now}
        claimed: list[str] = []
        try:
            async with self._context.db.transaction() as session:
                job = await rescore_slice(
                    session,
                    self._context,
                    size=self._size,
                    except_tenants=self._aside,
                    claimed=claimed,
                )
        except Unavailable:
            raise
        except Exception as error:
            if not claimed:
                raise
            log.error("rescoring.failed", tenant=claimed[0], reason=str(error))
            self._aside[claimed[0]] = now + PUT_ASIDE_SECONDS
            return True
        return job is not None


async def lag_with_rescoring(runtime: Runtime, context: Context) -> LagReport:
    """What `/v1/lag` answers: a re-score under way is work that is not done yet."""
    report = await runtime.lag()
    async with context.db.reading() as session:
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

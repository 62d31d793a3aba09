"""Re-score slices as long as there are any; look again now and then, until stopped."""

import asyncio

from services.segmentation.commands.rescoring import SLICE_ACCOUNTS
from services.segmentation.context import Context
from services.segmentation.processes.rescoring import Rescorer
from shared.errors import Unavailable
from shared.process import telemetry
from shared.process.parts import turn
from shared.process.tasks import pause

IDLE_SECONDS = 0.5  # between two looks for work; a look is one index lookup
RETRY_SECONDS = 2.0

log = telemetry.logger(__name__)


async def run_rescoring(
    context: Context, *, stop: asyncio.Event, size: int = SLICE_ACCOUNTS
) -> None:
    """In the worker."""
    rescorer = Rescorer(context, size=size)
    try:
        while not stop.is_set():
            turn()
            try:
                has_worked = await rescorer.take_slice()
            except Unavailable as error:
                log.warning("rescoring.retry", reason=error.detail)
                await pause(stop, RETRY_SECONDS)
                continue
            if not has_worked:
                await pause(stop, IDLE_SECONDS)
    finally:
        await rescorer.close()

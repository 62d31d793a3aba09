"""Re-score slices as long as there are any; look again now and then, until stopped."""

import asyncio

from services.segmentation.commands.rescoring import SLICE_ACCOUNTS
from services.segmentation.context import Context
from services.segmentation.processes.rescoring import Rescorer
from shared.process.failures import survived
from shared.process.parts import turn
from shared.process.tasks import pause

IDLE_SECONDS = 0.5  # between two looks for work; a look is one index lookup
RETRY_SECONDS = 2.0


async def run_rescoring(
    context: Context, *, stop: asyncio.Event, size: int = SLICE_ACCOUNTS
) -> None:
    """In the worker."""
    rescorer = Rescorer(context, size=size)
    try:
        while not stop.is_set():
            turn()
            wait = RETRY_SECONDS
            with survived("segmentation", "rescoring"):
                wait = 0.0 if await rescorer.take_slice() else IDLE_SECONDS
            await pause(stop, wait)
    finally:
        await rescorer.close()

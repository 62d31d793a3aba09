"""With the system clock, experiments that run are compared with their guardrails every hour."""

import asyncio

from services.segmentation.context import Context
from services.segmentation.processes.guardrails import check_all
from shared.process.failures import survived
from shared.process.tasks import pause

CHECK_SECONDS = 3600.0


async def run_guardrails(
    context: Context, *, stop: asyncio.Event, seconds: float = CHECK_SECONDS
) -> None:
    """In the worker."""
    while not stop.is_set():
        with survived("segmentation", "guardrails"):
            await check_all(context)
        await pause(stop, seconds)

"""With the system clock, experiments that run are compared with their guardrails every hour."""

import asyncio

from services.segmentation.context import Context
from services.segmentation.processes.guardrails import check_all
from shared.errors import Unavailable
from shared.process import telemetry
from shared.process.tasks import pause

CHECK_SECONDS = 3600.0

log = telemetry.logger(__name__)


async def run_guardrails(
    context: Context, *, stop: asyncio.Event, seconds: float = CHECK_SECONDS
) -> None:
    """In the worker."""
    while not stop.is_set():
        try:
            await check_all(context)
        except Unavailable as error:
            log.warning("guardrails.retry", reason=error.detail)
        await pause(stop, seconds)

"""How late the event loop is: a timer that is set again and again, and how long after its time it
rings. What holds the loop up is seen here before anybody complains."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.process import telemetry
from shared.process.tasks import end

SECONDS_BETWEEN = 0.25


@asynccontextmanager
async def lag_sampled(service: str, *, between: float = SECONDS_BETWEEN) -> AsyncIterator[None]:
    """Meanwhile the lag of the running loop is sampled for `recoup_loop_lag_seconds`."""
    sampling = asyncio.create_task(_sample(service, between))
    try:
        yield
    finally:
        await end([sampling])


async def _sample(service: str, between: float) -> None:
    loop, lag = asyncio.get_running_loop(), telemetry.LOOP_LAG_SECONDS.labels(service)
    while True:
        due = loop.time() + between
        await asyncio.sleep(between)
        lag.observe(max(loop.time() - due, 0.0))

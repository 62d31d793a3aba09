"""While the platform runs: its own servers, looked at. A database that died is started again; a
broker that died ends the platform, for its readers could not say what it had promised."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from deploy.local.errors import CannotStart
from deploy.local.postgres import Postgres
from shared.process import tasks, telemetry

if TYPE_CHECKING:
    from deploy.kafka.broker import Broker

LOOK_SECONDS = 0.5
CALM_SECONDS = 60.0
REVIVALS_MAX = 5  # in a row, each soon after the one before

Run = Callable[[asyncio.Event], Awaitable[None]]


async def while_they_run(
    run: Run, stop: asyncio.Event, *, server: Postgres | None, broker: "Broker | None"
) -> None:
    """Run until stopped, or until a server ends that can't be brought back: then say so."""
    watching = asyncio.create_task(_watch(stop, server, broker))
    try:
        await run(stop)
    finally:
        stop.set()
    await watching


async def _watch(stop: asyncio.Event, server: Postgres | None, broker: "Broker | None") -> None:
    deaths, calm = 0, 0.0
    while not stop.is_set():
        await tasks.pause(stop, LOOK_SECONDS)
        if stop.is_set():
            return
        if broker is not None and not broker.is_running:
            stop.set()
            raise CannotStart(broker.ended_by_itself)
        if server is None:
            continue
        if server.is_running:
            calm += LOOK_SECONDS
            deaths = 0 if calm >= CALM_SECONDS else deaths
            continue
        deaths, calm = deaths + 1, 0.0
        await _revive(server, stop, deaths)


async def _revive(server: Postgres, stop: asyncio.Event, deaths: int) -> None:
    telemetry.logger(__name__).warning("the database ended by itself and is started again")
    try:
        if deaths > REVIVALS_MAX:
            raise CannotStart(f"the database does not stay up; see {server.log}")
        await asyncio.to_thread(server.revive)
    except CannotStart:
        stop.set()
        raise

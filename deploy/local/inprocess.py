"""All services in one process and one event loop: four HTTP servers and four workers.

Whatever ends before it was asked to takes the others with it: a platform that runs in part is
worse than one that says why it stopped.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Generator, Mapping, Sequence

import uvicorn

from deploy.local.errors import CannotStart
from deploy.local.platform import Service, until_ready
from shared.database import Database
from shared.log.pruning import run_pruning
from shared.process import serve
from shared.process.settings import Common

# Streams to browsers have no end of their own.
GRACE_SECONDS = 3
WORKER_STOP_SECONDS_MAX = 15.0


class Server(uvicorn.Server):
    """A uvicorn server that leaves signals to whoever runs several of them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def run(
    services: Sequence[Service],
    environment: Mapping[str, str],
    sockets: Mapping[str, socket.socket],
    stop: asyncio.Event,
    when_ready: Callable[[], None],
) -> None:
    """Serve until `stop`; raise what made any of the parts end early."""
    settings = {service.name: service.settings(environment) for service in services}
    servers = {service.name: _server(service, settings[service.name]) for service in services}
    serve.rest_collector()
    tasks = [
        asyncio.create_task(servers[name].serve([sockets[name]]), name=f"{name} API")
        for name in servers
    ]
    workers = [
        asyncio.create_task(
            service.work(settings[service.name], stop), name=f"{service.name} worker"
        )
        for service in services
    ]
    workers.append(asyncio.create_task(_prune(services, environment, stop), name="pruning"))
    ready = asyncio.create_task(_announce(services, when_ready), name="readiness")
    asked = asyncio.create_task(stop.wait(), name="stop")
    try:
        await _until_asked_or_broken(asked, ready, [*tasks, *workers])
    finally:
        stop.set()
        for server in servers.values():
            server.should_exit = True
        ready.cancel()
        await _finish([ready, asked, *tasks, *workers])


def _server(service: Service, settings: object) -> Server:
    config = serve.config(service.create_app(settings), port=service.port)
    config.timeout_graceful_shutdown = GRACE_SECONDS
    return Server(config)


async def _prune(
    services: Sequence[Service], environment: Mapping[str, str], stop: asyncio.Event
) -> None:
    """Without Kafka nobody else sees all readers of the outboxes."""
    keep_days = Common.from_env(environment).outbox_keep_days
    if keep_days is None:
        await stop.wait()
        return
    opened = [
        Database(environment[f"{service.name.upper()}_DATABASE_URL"], pool_size=1)
        for service in services
    ]
    try:
        await run_pruning(opened, keep_days, stop=stop)
    finally:
        for db in opened:
            await db.close()


async def _announce(services: Sequence[Service], when_ready: Callable[[], None]) -> None:
    await until_ready(services)
    when_ready()


async def _until_asked_or_broken(
    asked: asyncio.Task[bool], ready: asyncio.Task[None], parts: Sequence[asyncio.Task[None]]
) -> None:
    waiting: set[asyncio.Task[None] | asyncio.Task[bool]] = {asked, ready, *parts}
    while True:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if asked in done:
            return
        for task in done:
            task.result()  # raises what it ended with
            if task is not ready:
                raise CannotStart(f"the {task.get_name()} ended by itself; its log says why")


async def _finish(tasks: Sequence[asyncio.Task[None] | asyncio.Task[bool]]) -> None:
    """Wait for all of them; what takes too long is cancelled."""
    _, late = await asyncio.wait(tasks, timeout=WORKER_STOP_SECONDS_MAX)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

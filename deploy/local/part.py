"""`python -m deploy.local.part services.ledger.app …`: some APIs and workers in one event loop.

It imports what it is to run at once, and waits on its standard input for one line: what
the launcher knows only once the servers are there. Whatever ends before it was asked to takes the
others with it: a process that works in part is worse than one that says why it stopped.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Generator, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

import msgspec
import uvicorn
import uvloop

from deploy.local.bells import Bells
from shared.database import Database
from shared.log.pruning import run_pruning
from shared.process import serve
from shared.process.settings import PORTS, Common
from shared.process.telemetry import configure_logging

PRUNING = "pruning"  # without Kafka nobody else sees all readers of the outboxes

# Streams to browsers have no end of their own.
GRACE_SECONDS = 3
WORKER_STOP_SECONDS_MAX = 15.0
EXIT_BROKEN = 1


class Orders(msgspec.Struct, frozen=True):
    """The line on standard input. Descriptors are inherited."""

    environment: dict[str, str]
    sockets: dict[str, int]  # the listening one of each service whose API runs here
    hear: int | None = None  # where other parts ring
    ring: tuple[int, ...] = ()  # where they hear us


class Server(uvicorn.Server):
    """A uvicorn server that leaves signals to whoever runs several of them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def run(modules: Mapping[str, ModuleType | None], orders: Orders) -> None:
    """Run them until SIGTERM; raise what made any of them end early."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    servers: list[Server] = []
    tasks: list[asyncio.Task[None]] = []
    for name, module in modules.items():
        if module is None:
            work = _prune(orders.environment, stop)
        elif name.endswith(".app"):
            service = name.split(".")[-2]
            servers.append(_server(module, _settings(name, orders.environment)))
            listener = socket.socket(fileno=os.dup(orders.sockets[service]))
            work = servers[-1].serve([listener])
        else:
            work = module.run(_settings(name, orders.environment), stop)
        tasks.append(asyncio.create_task(work, name=name))
    asked = asyncio.create_task(stop.wait(), name="stop")
    try:
        with Bells(orders.environment, orders.hear, orders.ring):
            await _until_asked_or_broken(asked, tasks)
    finally:
        stop.set()
        for server in servers:
            server.should_exit = True
        await _finish([asked, *tasks])


def _settings(name: str, environment: Mapping[str, str]) -> Any:
    package = name.rpartition(".")[0]
    return import_module(f"{package}.settings").Settings.from_env(environment)


def _server(module: ModuleType, settings: Any) -> Server:
    config = serve.config(module.create_app(settings), port=0)  # the socket is there already
    config.timeout_graceful_shutdown = GRACE_SECONDS
    return Server(config)


async def _prune(environment: Mapping[str, str], stop: asyncio.Event) -> None:
    keep_days = Common.from_env(environment).outbox_keep_days
    if keep_days is None:
        await stop.wait()
        return
    urls = [environment[f"{name.upper()}_DATABASE_URL"] for name in PORTS]
    opened = [Database(url, pool_size=1) for url in urls]
    try:
        await run_pruning(opened, keep_days, stop=stop)
    finally:
        for db in opened:
            await db.close()


async def _until_asked_or_broken(
    asked: "asyncio.Task[bool]", tasks: Sequence["asyncio.Task[None]"]
) -> None:
    done, _ = await asyncio.wait([asked, *tasks], return_when=asyncio.FIRST_COMPLETED)
    if asked not in done:
        for task in done:
            task.result()  # raises what it ended with
            raise RuntimeError(f"{task.get_name()} ended by itself; its log says why")


async def _finish(tasks: Sequence["asyncio.Task[None] | asyncio.Task[bool]"]) -> None:
    """Wait for all of them; what takes too long is cancelled."""
    _, late = await asyncio.wait(tasks, timeout=WORKER_STOP_SECONDS_MAX)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def main(names: Sequence[str]) -> int:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # until the loop takes it over
    modules = {name: None if name == PRUNING else import_module(name) for name in names}
    line = sys.stdin.buffer.readline()
    if not line:
        return 0  # the launcher is gone, or gave up
    orders = msgspec.json.decode(line, type=Orders)
    configure_logging("local", level=orders.environment["RECOUP_LOG_LEVEL"])
    serve.rest_collector()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run(modules, orders))
    except Exception as error:  # noqa: BLE001 - the last who can say why
        print(f"Recoup: {' '.join(names)}: {error}", file=sys.stderr)
        return EXIT_BROKEN
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

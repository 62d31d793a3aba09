"""`… -m deploy.local.part services.ledger.app …`: some APIs and workers in one event loop.

It imports what it is to run at once, and waits on its standard input for one line: what
the launcher knows only once the servers are there. Whatever ends before it was asked to takes the
others with it: a process that works in part is worse than one that says why it stopped.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from types import ModuleType
from typing import Any

import msgspec
import uvloop

from deploy.local.orders import EXIT_BROKEN, Orders
from shared.process import alive, serve
from shared.process.tasks import end
from shared.process.telemetry import configure_logging

# Streams to browsers have no end of their own.
GRACE_SECONDS = 3
WORKER_STOP_SECONDS_MAX = 15.0


async def run(modules: Mapping[str, ModuleType], orders: Orders) -> None:
    """Run them until SIGTERM; raise what made any of them end early."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    servers: list[serve.Server] = []
    tasks: list[asyncio.Task[None]] = []
    for name, module in modules.items():
        settings = _settings(name, module, orders.environment)
        if name.endswith(".app"):
            servers.append(_server(module, settings))
            listener = socket.socket(fileno=os.dup(orders.sockets[name.split(".")[-2]]))
            work = servers[-1].serve([listener])
        else:
            work = module.run(settings, stop)
        tasks.append(asyncio.create_task(work, name=name))
    asked = asyncio.create_task(stop.wait(), name="stop")
    try:
        with _bells(orders):
            async with alive.watched():
                await _until_asked_or_broken(asked, tasks)
    finally:
        stop.set()
        for server in servers:
            server.should_exit = True
        await _finish([asked, *tasks])


def _settings(name: str, module: ModuleType, environment: Mapping[str, str]) -> Any:
    """A module's own `Settings`, or those of its service."""
    if not hasattr(module, "Settings"):
        module = import_module(f"{name.rpartition('.')[0]}.settings")
    return module.Settings.from_env(environment)


def _bells(orders: Orders) -> AbstractContextManager[None]:
    """Connected, where there are other parts that ring or hear."""
    if orders.hear is None and not orders.ring:
        return nullcontext()
    from deploy.local.bells import Bells  # over Kafka nobody needs it

    return Bells(orders.environment, orders.hear, orders.ring)


def _server(module: ModuleType, settings: Any) -> serve.Server:
    config = serve.config(module.create_app(settings), port=0)  # the socket is there already
    config.timeout_graceful_shutdown = GRACE_SECONDS
    return serve.Server(config)


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
    await end(late)
    await asyncio.gather(*tasks, return_exceptions=True)  # seen


def main(names: Sequence[str]) -> int:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # until the loop takes it over
    modules = {name: import_module(name) for name in names}
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

"""Processes of a service: the API under uvicorn, the worker, each until SIGTERM or Ctrl-C."""

import asyncio
import gc
import os
import signal
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import uvicorn
import uvloop
from starlette.types import ASGIApp

from shared.errors import WorkerEnds
from shared.process.alive import watched
from shared.process.connections import Config, Limits
from shared.process.door import LOOPBACK
from shared.process.loop_lag import lag_sampled
from shared.process.service_token import token_watched
from shared.process.settings import BadSetting, Common
from shared.process.telemetry import configure_logging, logger
from shared.process.watchdog import EXIT_CODE as EXIT_ENDED


def config(
    app: ASGIApp, *, port: int, host: str = LOOPBACK, limits: Limits | None = None
) -> uvicorn.Config:
    """uvicorn on httptools and uvloop, with limits of our own for connections; our own log lines
    instead of its access log. What proxies say of a request's origin is not asked.
    """
    return Config(
        app,
        limits=limits or Limits(),
        host=host,
        port=port,
        ws="none",
        loop="uvloop",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=75,
        backlog=2048,
    )


class Server(uvicorn.Server):
    """A uvicorn server that leaves signals to whoever runs it beside other things."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def rest_collector() -> None:
    """Make Python look for cyclic garbage rarely.

    What these processes keep (modules, accounts in memory) is no garbage, and going through it
    again and again took half of the intake's CPU. Values are freed by their reference counts.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def serve(app: ASGIApp, service: str, common: Common, *, port: int | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C, on the service's port or another one."""
    configure_logging(service, common.log_json, common.log_level)
    rest_collector()
    uvicorn.Server(config(app, port=port or common.port(service), host=common.door.host)).run()


class HasCommon(Protocol):
    """A service's `Settings`."""

    @property
    def common(self) -> Common: ...


S = TypeVar("S", bound=HasCommon)


def run_worker(run: Callable[[S, asyncio.Event], Awaitable[None]], settings: S) -> None:
    """Run a worker until SIGTERM or Ctrl-C; it then ends what it is at.

    With `RECOUP_ALIVE_FILE` it touches that file for as long as all its parts live (containers).
    """
    service = type(settings).__module__.split(".")[1]  # services.<name>.settings
    configure_logging(service, settings.common.log_json, settings.common.log_level)
    rest_collector()

    async def until_stopped() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        file = os.environ.get("RECOUP_ALIVE_FILE")
        token = settings.common.service_token
        async with (
            lag_sampled(service),
            token_watched(service, token),
            watched(Path(file) if file else None),
        ):
            await run(settings, stop)

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(until_stopped())
    except BadSetting as error:  # one that shows only when it is used, as a port that is taken
        raise SystemExit(str(error)) from error
    except WorkerEnds as error:
        logger(__name__).critical("worker.ended", reason=str(error))
        raise SystemExit(EXIT_ENDED) from None

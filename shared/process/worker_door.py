"""A worker's door: its figures and its health over HTTP, and nothing else.

`GET /metrics`, `/health/live` (503 names the parts that stand still) and `/health/ready` (503 says
which server is away). None of them names a tenant, so none asks for a token.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from shared.errors import AppError
from shared.process import parts, serve, tasks, telemetry
from shared.process.answer_headers import AnswerHeaders
from shared.process.inquiry import Inquiry
from shared.process.settings import BadSetting

READY_SECONDS_MAX = 3.0
SCRAPE_SECONDS_MAX = 2.0  # for asking the lag: a scraper waits 10 s for all
_STOP_SECONDS_MAX = 2.0
_ADDED = AnswerHeaders().to(())


async def scraped(service: str, lag: Inquiry[Any]) -> bytes:
    """The text of `/metrics`, its lag asked just now; without it where that can't be asked."""
    try:
        await lag.answer(SCRAPE_SECONDS_MAX)
    except Exception as error:  # noqa: BLE001 - figures are wanted most while something fails
        telemetry.forget_lag(service)
        telemetry.logger(__name__).warning("lag.unknown", error=str(error))
    else:
        telemetry.LAG_KNOWN.labels(service).set(1)
    return telemetry.exposition(service)


class WorkerDoor:
    """The ASGI application of one worker."""

    def __init__(
        self,
        service: str,
        ready: Callable[[], Awaitable[None]],
        lag: Callable[[], Awaitable[object]],
        *,
        over_kafka: bool,
        is_local: bool = False,
    ) -> None:
        self._service = service
        self._is_local = is_local
        self._ready = Inquiry(ready, of="the database")
        self._lag = Inquiry(lag, of="Kafka" if over_kafka else "a producer's database")

    async def close(self) -> None:
        await self._ready.close()
        await self._lag.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        telemetry.current_service.set(self._service)  # uvicorn gives each request its own context
        if self._is_local and not _is_asked_here(scope):
            status, kind, body = _said(421, "In local mode this is http://127.0.0.1 only.")
        else:
            status, kind, body = await self._answer(scope["method"], scope["path"])
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", b"%d" % len(body)),
            *_ADDED,
            *([(b"allow", b"GET")] if status == 405 else []),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, method: str, path: str) -> tuple[int, str, bytes]:
        if method != "GET":
            return _said(405, "This door is looked at, by GET.")
        if path == "/metrics":
            return 200, telemetry.EXPOSITION_TYPE, await scraped(self._service, self._lag)
        if path == "/health/live":
            wrong = self._silent()
            return _said(503, wrong) if wrong else _said(200, "live")
        if path == "/health/ready":
            wrong = self._silent() or await self._unready()
            return _said(503, wrong) if wrong else _said(200, "ready")
        return _said(404, "Here are /metrics, /health/live and /health/ready.")

    def _silent(self) -> str:
        names = parts.silent(self._service)
        return f"standing still: {', '.join(names)}" if names else ""

    async def _unready(self) -> str:
        """Which server is away, in its own words."""
        try:
            await self._ready.answer(READY_SECONDS_MAX)
            await self._lag.answer(READY_SECONDS_MAX)
        except AppError as error:
            return error.detail
        except Exception as error:  # noqa: BLE001 - whatever it is, it is why we are not ready
            return f"{type(error).__name__}: {error}"
        return ""


def _is_asked_here(scope: Scope) -> bool:
    """Whether the request is for this machine by its own names, and not by a page's rebound one."""
    host: bytes = dict(scope["headers"]).get(b"host", b"")
    return host.rpartition(b":")[0] in (b"127.0.0.1", b"localhost", b"[::1]")


def _said(status: int, words: str) -> tuple[int, str, bytes]:
    member = "status" if status == 200 else "detail"
    return status, "application/json", msgspec.json.encode({member: words})


async def run_worker_door(door: WorkerDoor, port: int, host: str, *, stop: asyncio.Event) -> None:
    """Keep it open until `stop`. Raises `BadSetting` where the port can't be had."""
    server = serve.Server(serve.config(door, port=port, host=host))
    server.config.lifespan = "off"
    with _listener(port, host) as listener:
        serving = asyncio.create_task(server.serve([listener]))
        asked = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([serving, asked], return_when=asyncio.FIRST_COMPLETED)
        finally:
            server.should_exit = True
            await asyncio.wait([serving], timeout=_STOP_SECONDS_MAX)
            await tasks.end([serving, asked])
            await door.close()


def _listener(port: int, host: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise BadSetting(
            "RECOUP_METRICS_PORT", f"is {port}, which can't be listened on: {error.strerror}"
        ) from error
    return listener

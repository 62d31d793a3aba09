"""The outermost layer of every request, as plain ASGI: request id, body limit, errors nobody
foresaw, one log line, figures. It must stay cheap: every request of the intake passes it.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import clock
from shared.errors import AppError, Invalid, TooLarge
from shared.process import telemetry
from shared.web.problems import problem_response, status_problem

BODY_BYTES_MAX = 8 * 1024 * 1024

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
Endpoint = Callable[[Request], Awaitable[Response]]

# No name holds a NUL, and PostgreSQL's texts cannot: such a request asks for nothing that exists.
_NUL = Invalid("The address has a NUL character in it.")

_QUIET_PREFIXES = ("/health/", "/metrics", "/v1/lag")


class Edge:
    """Wraps the application of one service.

    `hot` are routes answered from here ("POST /v1/events"), past the framework's router and layers,
    which would cost more than the work of a small request.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        service: str,
        body_bytes_max: int = BODY_BYTES_MAX,
        quiet_paths: frozenset[str] = frozenset(),
        hot: Mapping[str, Endpoint] | None = None,
    ) -> None:
        self._app = app
        self._hot = {tuple(route.split()): endpoint for route, endpoint in (hot or {}).items()}
        self._service = service
        self._body_bytes_max = body_bytes_max
        self._quiet_paths = quiet_paths  # logged at debug level: called too often
        self._log = telemetry.logger(__name__)
        self._counts: dict[tuple[str, str, int], Any] = {}
        self._times: dict[str, Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given_id, length = _read_headers(scope)
        request_id = given_id or uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        id_token = telemetry.request_id.set(request_id)
        service_token = telemetry.current_service.set(self._service)
        tenant_token = telemetry.tenant.set(None)  # until the caller is known
        started = clock.monotonic()
        call = _Call(send, receive, request_id.encode(), self._body_bytes_max)
        try:
            if length > self._body_bytes_max:
                await self._refuse_size(scope, call)
            elif "\0" in scope["path"] or b"%00" in scope["query_string"]:
                await problem_response(_NUL)(scope, receive, call.send)
            else:
                # A declared length is what the server delivers at most; without one we count.
                taken = call.receive_counted if length < 0 else receive
                endpoint = self._hot.get((scope["method"], scope["path"]))
                if endpoint is None:
                    await self._app(scope, taken, call.send)
                else:
                    scope["route"] = _HotRoute(scope["path"])
                    answer = await endpoint(Request(scope, taken))
                    await answer(scope, taken, call.send)
        except AppError as error:
            if call.status:
                raise
            await problem_response(error)(scope, receive, call.send)
        except Exception as error:  # the last line of defence: the line below tells all
            self._log.error(
                "request failed",
                method=scope["method"],
                path=scope["path"],
                exception=telemetry.traceback_of(error),
            )
            if call.status:
                raise  # too late for an answer: the server cuts the connection
            await status_problem(
                500, f"An error on our side. It is logged under request id {request_id}."
            )(scope, receive, call.send)
        finally:
            self._account(scope, call.status, clock.monotonic() - started)
            telemetry.request_id.reset(id_token)
            telemetry.current_service.reset(service_token)
            telemetry.tenant.reset(tenant_token)

    async def _refuse_size(self, scope: Scope, call: "_Call") -> None:
        error = TooLarge(f"A body may have at most {self._body_bytes_max} bytes.")
        await problem_response(error)(scope, call.receive, call.send)

    def _account(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "other")
        method = scope["method"]
        key = (method, route, status)
        count = self._counts.get(key)
        if count is None:
            if method not in _METHODS:
                key = method, route, status = "OTHER", route, status
            count = telemetry.HTTP_REQUESTS.labels(self._service, method, route, str(status))
            self._counts[key] = count
        count.inc()
        timing = self._times.get(route)
        if timing is None:
            timing = self._times[route] = telemetry.HTTP_SECONDS.labels(self._service, route)
        timing.observe(seconds)
        path = scope["path"]
        if status < 500 and (path in self._quiet_paths or path.startswith(_QUIET_PREFIXES)):
            if telemetry.is_debug():
                self._log.debug("request", method=method, path=path, status=status)
            return
        # The route, not the path, where there is one: a path can hold a portal's token.
        self._log.info(
            "request",
            method=method,
            route=route,
            status=status,
            milliseconds=round(seconds * 1000, 2),
        )


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _HotRoute:
    """What the figures and the log line ask of a route."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path


class _Call:
    """The two channels of one request, watched."""

    __slots__ = ("_body_bytes_max", "_id", "_receive", "_seen", "_send", "status")

    def __init__(self, send: Send, receive: Receive, id_: bytes, body_bytes_max: int) -> None:
        self._send = send
        self._receive = receive
        self._id = id_
        self._body_bytes_max = body_bytes_max
        self._seen = 0
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message.get("headers", ()))
            headers.append((b"x-request-id", self._id))
            message = {**message, "headers": headers}
        await self._send(message)

    async def receive(self) -> Message:
        return await self._receive()

    async def receive_counted(self) -> Message:
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        if self._seen > self._body_bytes_max:
            raise TooLarge(f"A body may have at most {self._body_bytes_max} bytes.")
        return message


def _read_headers(scope: Scope) -> tuple[str | None, int]:
    """The request id that the caller gave, and the body's declared length (-1: not declared)."""
    given, length, chunked = None, -1, False
    for name, value in scope["headers"]:
        if name == b"content-length":
            length = int(value) if value.isdigit() else -1
        elif name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            given = value.decode()
        elif name == b"transfer-encoding":
            chunked = True  # overrides a declared length
    return given, -1 if chunked else length

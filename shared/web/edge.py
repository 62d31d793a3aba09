"""The outermost layer of every request, as plain ASGI: who may pass, how much may be sent, errors
nobody foresaw, one log line, figures, and what browsers are told.

Nothing of a body is read before the route is found and the caller may use it. It must stay cheap:
every request of the intake passes it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import clock
from shared.errors import AppError, Invalid, TooLarge, Unreadable, UnsupportedMediaType
from shared.process import telemetry
from shared.process.answer_headers import AnswerHeaders
from shared.process.door import Door
from shared.web.auth import BODY_BYTES_MAX, Caller
from shared.web.hosts import Hosts, check_single
from shared.web.problems import problem_response, status_problem
from shared.web.routes import Endpoint, RouteDoor, RouteTable

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_CHARSET = re.compile(rb";[ \t]*charset[ \t]*=[ \t]*\"?([^\";, \t]*)", re.IGNORECASE)
_CHARSETS = frozenset({b"utf-8", b"utf8", b"us-ascii"})
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LENGTH_DIGITS_MAX = 18

# No name holds a NUL, and PostgreSQL's texts cannot: such a request asks for nothing that exists.
_NUL = Invalid("The address has a NUL character in it.")

_QUIET_PREFIXES = ("/health/", "/metrics", "/v1/lag")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_CLIENT_GONE = 499  # as nginx counts them: nobody was there to take an answer

# Who asks, by the headers and whether a page's session may speak. Raises `Unauthenticated`.
Recognize = Callable[[Mapping[bytes, bytes], str, RouteDoor], Any]


class Edge:
    """Wraps the application of one service.

    `routes` are read at the first request. `recognize` says who calls. `hot` are routes answered
    from here ("POST /v1/events"), past the framework's router and layers, which would cost more
    than the work of a small request.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        service: str,
        door: Door,
        routes: Callable[[], Any],
        recognize: Recognize,
        quiet_paths: frozenset[str] = frozenset(),
        hot: Mapping[str, Endpoint] | None = None,
    ) -> None:
        self._app = app
        self._routes = routes
        self._hot = hot or {}
        self._table: RouteTable | None = None
        self._recognize = recognize
        self._hosts = Hosts(door)
        self._added = AnswerHeaders(door.hsts_days)
        self._service = service
        self._quiet_paths = quiet_paths  # logged at debug level: called too often
        self._log = telemetry.logger(__name__)
        self._counts: dict[tuple[str, str, int], Any] = {}
        self._times: dict[str, Any] = {}

    @property
    def table(self) -> RouteTable:
        if self._table is None:
            self._table = RouteTable(self._routes(), self._hot)
        return self._table

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        pairs = scope["headers"]
        headers = dict(reversed(pairs))  # the first of each
        given = headers.get(b"x-request-id")
        is_good = given is not None and _REQUEST_ID.fullmatch(given)
        request_id = given.decode() if given and is_good else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        id_token = telemetry.request_id.set(request_id)
        service_token = telemetry.current_service.set(self._service)
        tenant_token = telemetry.tenant.set(None)  # until the caller is known
        started = clock.monotonic()
        call = _Call(send, receive, request_id.encode(), self._added)
        try:
            if len(headers) != len(pairs):
                check_single(pairs)
            await self._answer(scope, call, headers)
        except AppError as error:
            if call.status:
                raise
            await problem_response(error)(scope, receive, call.send)
        except ClientDisconnect:
            call.is_gone = True
        except Exception as error:  # the last line of defence: the line below tells all
            self._log.error(
                "request failed",
                method=scope["method"],
                route=getattr(scope.get("route"), "path", "other"),
                exception=telemetry.traceback_of(error),
            )
            if call.status:
                raise  # too late for an answer: the server cuts the connection
            await status_problem(
                500, f"An error on our side. It is logged under request id {request_id}."
            )(scope, receive, call.send)
        finally:
            self._account(scope, call.outcome, clock.monotonic() - started)
            telemetry.request_id.reset(id_token)
            telemetry.current_service.reset(service_token)
            telemetry.tenant.reset(tenant_token)

    async def _answer(self, scope: Scope, call: "_Call", headers: dict[bytes, bytes]) -> None:
        method, path = scope["method"], scope["path"]
        call.awaits_word = headers.get(b"expect", b"").lower() == b"100-continue"
        server = scope.get("server")
        self._hosts.check(headers, server[1] if server else None, path)
        if "\0" in path or b"%00" in scope["query_string"]:
            raise _NUL
        door = self.table.find(method, path)
        if door is None:
            await self._answer_elsewhere(scope, call)
            return
        scope["route"] = door
        if method not in _SAFE and (b"cookie" in headers or door.path == "/session"):
            self._hosts.check_origin(headers)
        if door.needs:
            caller: Caller = await self._recognize(headers, method, door)
            for needs in door.needs:
                needs.check(caller)
            scope["state"]["caller"] = caller
            telemetry.tenant.set(caller.tenant)  # log lines say it, and the pool counts it
        call.expect(headers, door.body_max)
        if door.answers is None:
            await self._app(scope, call.receive, call.send)
        else:
            answer = await door.answers(Request(scope, call.receive))
            await answer(scope, call.receive, call.send)

    async def _answer_elsewhere(self, scope: Scope, call: "_Call") -> None:
        """No route of that method: a page's file, another method, or nothing at all."""
        methods = self.table.methods(scope["path"])
        if methods:
            detail = f"{scope['method'][:20]} is not possible here; {', '.join(methods)} is."
            answer = status_problem(405, detail, {"Allow": ", ".join(methods)})
            await answer(scope, call.receive, call.send)
            return
        await self._app(scope, call.receive, call.send)  # no body is read there

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


class _Call:
    """The two channels of one request, watched."""

    __slots__ = (
        "_added",
        "_body_max",
        "_id",
        "_receive",
        "_seen",
        "_send",
        "awaits_word",
        "is_gone",
        "status",
    )

    def __init__(self, send: Send, receive: Receive, id_: bytes, added: AnswerHeaders) -> None:
        self._send = send
        self._receive = receive
        self._id = id_
        self._added = added
        self._body_max = BODY_BYTES_MAX
        self._seen = 0
        self.awaits_word = False  # the client sends its body only when it is asked to
        self.is_gone = False
        self.status = 0

    @property
    def outcome(self) -> int:
        """The status to count."""
        if self.is_gone and self.status in (0, 400, 500):
            return _CLIENT_GONE
        return self.status

    def expect(self, headers: Mapping[bytes, bytes], body_max: int) -> None:
        """Look at what is announced of the body; raises what speaks against it."""
        self._body_max = body_max
        length = headers.get(b"content-length")
        if length is None and b"transfer-encoding" not in headers:
            return
        encoding = headers.get(b"content-encoding")
        if encoding is not None and encoding.lower() != b"identity":
            raise UnsupportedMediaType(
                f"The body has Content-Encoding {_shown(encoding)}: send it as it is."
            )
        kind = headers.get(b"content-type", b"")
        if b";" in kind:
            charset = _CHARSET.search(kind)
            if charset is not None and charset[1].lower() not in _CHARSETS:
                raise UnsupportedMediaType(
                    f"The body has charset {_shown(charset[1])}: send it in UTF-8."
                )
        if length is not None and _length(length) > body_max:
            raise self._too_large()

    def _too_large(self) -> TooLarge:
        return TooLarge(f"A body may have at most {self._body_max} bytes here.")

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = message.get("headers", ())
            headers = [*given, (b"x-request-id", self._id), *self._added.to(given)]
            if self.awaits_word:
                headers.append((b"connection", b"close"))  # or what follows is taken for a body
            message = {**message, "headers": headers}
        await self._send(message)

    async def receive(self) -> Message:
        self.awaits_word = False
        message = await self._receive()
        body = message.get("body")
        if body:
            if not self._seen:
                message["body"] = _begun(body)
            self._seen += len(body)
            if self._seen > self._body_max:
                raise self._too_large()
        elif message["type"] == "http.disconnect":
            self.is_gone = True
        return message


def _begun(body: bytes) -> bytes:
    """The first bytes of a body, without the mark that some editors write. Raises `Unreadable`."""
    if body[:3] == _BYTE_ORDER_MARK:
        return body[3:]
    if b"\0" in body[:4] or body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Unreadable("The body is not UTF-8.")
    return body


def _length(value: bytes) -> int:
    if not value.isdigit() or len(value) > _LENGTH_DIGITS_MAX:
        raise Unreadable("Content-Length is not a length.")
    return int(value)


def _shown(value: bytes) -> str:
    return repr(value[:40].decode("latin-1"))

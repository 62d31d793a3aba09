"""A connection before anybody is known: how long it may be silent, how much it may say.

uvicorn reads a request's head without limit and waits for ever. Here both have bounds, and so do
the pace of a body, what is read after an answer that needed no body, and how many connections there
are. What is refused here never reaches the application.
"""

import asyncio
import contextlib
import json
import resource
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import IPv6Address
from math import inf
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.process.answer_headers import ALWAYS, CONTENT_POLICY, NO_STORE

CONNECTIONS_MAX = 2_000
TURNED_AWAY_MAX = 100  # that are told so at once; more are cut off
_FILES_WANTED = 16_384
_FILES_APART = 200  # for everything that is no connection


def connections_max() -> int:
    """As many as there can be files, `CONNECTIONS_MAX` at most."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, _FILES_WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    files = _FILES_WANTED if soft == resource.RLIM_INFINITY else soft
    return max(min(CONNECTIONS_MAX, files - _FILES_APART), 16)


@dataclass(frozen=True)
class Limits:
    """What a connection may do. Times in seconds."""

    head_bytes: int = 64 * 1024
    headers: int = 100
    target_bytes: int = 16 * 1024
    first_byte: float = 10.0
    head: float = 20.0
    body_bytes_per_second: int = 10_000
    body_grace: float = 10.0
    linger: float = 10.0  # for a body that nobody wants, after the answer
    unread_bytes: int = 16 * 1024 * 1024  # of such a body
    untaken: float = 60.0  # of an answer
    connections: int = field(default_factory=connections_max)
    look: float = 1.0  # how often a connection is looked at


class Config(uvicorn.Config):
    """uvicorn's, with the limits and who holds places for connections."""

    def __init__(self, app: Any, *, limits: Limits, **options: Any) -> None:
        super().__init__(app, **{**options, "http": Connection})
        self.limits = limits
        self.held: Counter[str] = Counter()  # places, by who holds them
        self.turned_away = 0  # connections that got no place, and wait for being told

    def is_crowded(self, holder: str) -> bool:
        """Whether one more of that holder is too many. Half of all places are for others."""
        limit = self.limits.connections
        return self.held.total() >= limit or self.held[holder] >= max(limit // 2, 1)


def holder_of(address: str) -> str:
    """Who holds an address. One who has an address of IPv6 has all of its network of 64 bits."""
    if ":" not in address:
        return address
    ip = IPv6Address(address.partition("%")[0])
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(IPv6Address(int(ip) >> 64 << 64))


class _Refused(Exception):
    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


_IDLE, _HEAD, _BODY, _ANSWER = range(4)


class Connection(HttpToolsProtocol):
    """One connection of a client."""

    config: Config

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._limits = self.config.limits
        self._phase = _IDLE
        self._head_bytes = 0
        self._beside_bytes = 0  # since the last piece of a body: sizes of chunks, trailers
        self._status = HTTPStatus.BAD_REQUEST
        self._deadline = inf
        self._credit = 0.0  # seconds that a body may still be slower than it should
        self._unread = 0
        self._untaken = 0.0
        self._is_discarding = False
        self._closes_after_body = False
        self._timer: asyncio.TimerHandle | None = None
        self._holder = ""
        self._has_place = False

    # ------------------------------------------------------------------ of the connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._holder = holder_of(self.client[0]) if self.client else ""
        self._has_place = not self.config.is_crowded(self._holder)
        if self._has_place:
            self.config.held[self._holder] += 1
        else:
            self.config.turned_away += 1
            if self.config.turned_away > TURNED_AWAY_MAX:
                transport.abort()
                return
            self.app = _busy
        self._deadline = self.loop.time() + self._limits.first_byte
        self._timer = self.loop.call_later(self._limits.look, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._has_place:
            self.config.held[self._holder] -= 1
            if not self.config.held[self._holder]:
                del self.config.held[self._holder]
        else:
            self.config.turned_away -= 1
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_discarding:
            self._discard(len(data))
            return
        if self._phase == _BODY:
            self._beside_bytes += len(data)
        else:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._phase == _BODY and self._beside_bytes > self._limits.head_bytes:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._phase == _HEAD and self._head_bytes > self._limits.head_bytes:
            self._refuse(self._too_long())
        elif self._phase == _IDLE and self._deadline == inf:  # empty lines
            self._deadline = self.loop.time() + self._limits.head

    def _unsupported_upgrade_warning(self) -> None:
        """Some clients ask for HTTP/2 each time: it is no news."""

    def send_400_response(self, msg: str) -> None:
        """What uvicorn calls for all that it cannot read, and for what was refused below."""
        self._refuse(self._status)

    # ------------------------------------------------------------------ of a request

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._phase = _HEAD
        self._deadline = self.loop.time() + self._limits.head

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._phase == _HEAD:  # trailers, after a body, are for nobody
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        limits = self._limits
        is_long = self._head_bytes > limits.head_bytes and (
            sum(len(name) + len(value) + 4 for name, value in self.headers) + len(self.url)
            > limits.head_bytes
        )
        if is_long or len(self.headers) > limits.headers or len(self.url) > limits.target_bytes:
            self._status = self._too_long()
            raise _Refused(self._status)
        super().on_headers_complete()
        self._phase = _BODY
        self._head_bytes = self._beside_bytes = 0
        self._deadline = inf
        self._credit = limits.body_grace
        self._unread = 0
        if self.parser.should_upgrade():  # to nothing that is spoken here; what follows is not read
            self.cycle.keep_alive = False
        if self.expect_100_continue or not self.cycle.keep_alive:
            self.cycle.transport = _Lingering(self.transport, self._close_in_peace)  # type: ignore[assignment]

    def on_body(self, body: bytes) -> None:
        self._beside_bytes = 0
        gained = self._credit + len(body) / self._limits.body_bytes_per_second
        self._credit = min(gained, self._limits.body_grace)
        if self.cycle.response_complete:
            self._discard(len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self.cycle.response_complete:  # the clock of an idle connection has been stopped
            self._phase = _IDLE
            self._deadline = self.loop.time() + self.timeout_keep_alive
        else:
            self._phase = _ANSWER
            self._deadline = inf
        if self._closes_after_body:
            self.transport.close()

    def on_response_complete(self) -> None:
        if self._phase == _BODY:  # nobody wants the rest of it
            self._deadline = self.loop.time() + self._limits.linger
        elif self._phase == _ANSWER:
            self._phase = _IDLE
        super().on_response_complete()

    # ------------------------------------------------------------------ what is too much

    def _too_long(self) -> HTTPStatus:
        if len(self.url) > self._limits.target_bytes:
            return HTTPStatus.REQUEST_URI_TOO_LONG
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE

    def _look(self) -> None:
        """Called again and again: has it taken too long?"""
        limits = self._limits
        if self.loop.time() >= self._deadline:
            self._end_late()
        elif self._phase == _BODY and not self._is_discarding and not self._is_paused():
            self._credit -= limits.look
            if self._credit < 0:
                self._end_late()
        self._untaken = self._untaken + limits.look if self.flow.write_paused else 0.0
        if self._untaken > limits.untaken:
            self.transport.abort()
        if not self.transport.is_closing():
            self._timer = self.loop.call_later(limits.look, self._look)

    def _is_paused(self) -> bool:
        """Whether we, not the client, let it wait."""
        return self.flow.read_paused

    def _end_late(self) -> None:
        is_answered = self.cycle is not None and self.cycle.response_started
        if self._phase == _IDLE or self._is_discarding or (self._phase == _BODY and is_answered):
            self.transport.abort()
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer past the application and end the connection."""
        if self._is_discarding or self.transport.is_closing():
            return
        under_way = self.cycle is not None and not self.cycle.response_complete
        if (under_way or self._phase == _BODY) and self.cycle.response_started:
            self.transport.abort()  # a second answer would be taken for the next request's
            return
        if under_way:
            self.cycle.disconnected = True  # its application is told that the client is gone
            self.cycle.message_event.set()
        self.transport.write(_answer(status))
        self._close_in_peace()

    def _close_in_peace(self) -> None:
        """Close when all is said; what still comes is read, or the answer would be lost with it."""
        if self._phase in (_IDLE, _ANSWER) or self.transport.is_closing():
            self.transport.close()
            return
        self._unset_keepalive_if_required()
        self.flow.resume_reading()
        self._is_discarding = self.cycle is None or not self.cycle.response_complete
        self._closes_after_body = not self._is_discarding
        self._deadline = self.loop.time() + self._limits.linger
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _discard(self, count: int) -> None:
        self._unread += count
        if self._unread > self._limits.unread_bytes:
            self.transport.abort()


class _Lingering:
    """The transport of a request after which the connection ends, once the client is heard out."""

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self._transport = transport
        self.close = close

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def is_closing(self) -> bool:
        return self._transport.is_closing()


_DETAILS = {
    HTTPStatus.BAD_REQUEST: "This is not HTTP/1.1 as it should be.",
    HTTPStatus.REQUEST_TIMEOUT: "The request came too slowly.",
    HTTPStatus.REQUEST_URI_TOO_LONG: f"A target has at most {Limits.target_bytes} bytes.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: f"A request has at most {Limits.headers} headers,"
    f" of {Limits.head_bytes} bytes in all.",
    HTTPStatus.SERVICE_UNAVAILABLE: "There are too many connections.",
}


def _problem(status: HTTPStatus) -> bytes:
    return json.dumps(
        {
            "type": "about:blank",
            "title": status.phrase,
            "status": int(status),
            "detail": _DETAILS[status],
        }
    ).encode()


def _headers(content: bytes) -> list[tuple[bytes, bytes]]:
    return [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(content)).encode()),
        (b"connection", b"close"),
        *ALWAYS,
        NO_STORE,
        CONTENT_POLICY,
    ]


def _answer(status: HTTPStatus) -> bytes:
    content = _problem(status)
    lines = [f"HTTP/1.1 {int(status)} {status.phrase}".encode()]
    lines += [name + b": " + value for name, value in _headers(content)]
    return b"\r\n".join([*lines, b"", content])


async def _busy(_scope: Any, _receive: Any, send: Any) -> None:
    content = _problem(HTTPStatus.SERVICE_UNAVAILABLE)
    headers = [*_headers(content), (b"retry-after", b"1")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": content})


__all__ = ["CONNECTIONS_MAX", "Config", "Connection", "Limits"]

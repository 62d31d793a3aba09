"""The load generator: keep-alive connections on bare sockets, cheap beside what it measures.

As a program (`python -m tests.benchmarks.load PORT CLIENTS CONTENT_TYPE TOKEN`) it reads a length
and that many bytes of request bodies (a line each) per round from stdin, sends them as fast as its
clients get answers, and says in one line of JSON how it went.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from typing import cast

import msgspec
import uvloop
from msgspec import Struct

from shared.cloudevents import BATCH, STRUCTURED

HOST = "127.0.0.1"
CONTENT_TYPES = {"batch": BATCH, "single": STRUCTURED}

OnAnswer = Callable[["Connection", bytes, bytes], None]  # connection, head, body


class Round(Struct):
    """How a round went."""

    seconds: float
    accepted: int
    p50_ms: float
    p99_ms: float


class _Receipt(Struct):
    accepted: int


class Connection(asyncio.Protocol):
    """One keep-alive connection with one request under way."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._buffer = b""
        self._on_answer: OnAnswer | None = None
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's is no subclass

    def connection_lost(self, exc: Exception | None) -> None:
        if self._on_answer is not None:
            self._on_answer(self, b"HTTP/1.1 000 connection lost", b"")

    def send(self, request: bytes, on_answer: OnAnswer) -> None:
        assert self._transport is not None
        self._on_answer = on_answer
        self.sent_at = time.monotonic()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end]
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(self._buffer) < end + 4 + length:
            return
        body, self._buffer = self._buffer[end + 4 : end + 4 + length], b""
        on_answer, self._on_answer = self._on_answer, None
        assert on_answer is not None
        on_answer(self, head, body)

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()


async def connect(port: int) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, HOST, port)
    return connection


def request(method: str, path: str, token: str, body: bytes = b"", content_type: str = "") -> bytes:
    """A whole HTTP/1.1 request."""
    kind = f"content-type: {content_type}\r\n" if content_type else ""
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: {HOST}\r\nauthorization: Bearer {token}\r\n{kind}"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """The value below which that share of the values lies."""
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]


class _Closed:
    """A closed loop: each client sends again when it has its answer."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        self._requests = iter(requests)
        self._left = len(requests)
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.seconds: list[float] = []
        self.bodies: list[bytes] = []

    def next(self, connection: Connection) -> None:
        following = next(self._requests, None)
        if following is not None:
            connection.send(following, self._answered)

    def _answered(self, connection: Connection, head: bytes, body: bytes) -> None:
        self.seconds.append(time.monotonic() - connection.sent_at)
        if head[9:12] != b"200":
            if not self.done.done():
                self.done.set_exception(RuntimeError(f"{head!r} {body[:500]!r}"))
            return
        self.bodies.append(body)
        self._left -= 1
        if not self._left:
            self.done.set_result(None)
        else:
            self.next(connection)


async def _round(connections: Sequence[Connection], requests: Sequence[bytes]) -> Round:
    loop = _Closed(requests)
    started = time.monotonic()
    for connection in connections[: len(requests)]:
        loop.next(connection)
    await loop.done
    took = time.monotonic() - started
    loop.seconds.sort()
    receipts = [msgspec.json.decode(body, type=_Receipt) for body in loop.bodies]
    return Round(
        took,
        sum(receipt.accepted for receipt in receipts),
        percentile(loop.seconds, 0.5) * 1000,
        percentile(loop.seconds, 0.99) * 1000,
    )


async def _main(port: int, clients: int, content_type: str, token: str) -> None:
    connections = [await connect(port) for _ in range(clients)]
    while length := int(sys.stdin.buffer.readline() or b"0"):
        lines = sys.stdin.buffer.read(length).splitlines()
        requests = [request("POST", "/v1/events", token, line, content_type) for line in lines]
        outcome = await _round(connections, requests)
        print(msgspec.json.encode(outcome).decode(), flush=True)
    for connection in connections:
        connection.close()


if __name__ == "__main__":
    _port, _clients, _kind, _token = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_main(int(_port), int(_clients), CONTENT_TYPES[_kind], _token))

"""From intake to KPI: single events at a steady rate, and when each of them can be seen.

Every invoice has the same amount, so the KPI `invoiced` tells how many of them are visible; the
k-th one sent is visible at the first answer that counts k. The time runs from the moment at which
its request is sent to the moment at which that answer has arrived.
"""

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec
import uvloop
from msgspec import Struct

from shared.cloudevents import BATCH, STRUCTURED
from shared.process.settings import PORTS
from tests.benchmarks import stream
from tests.benchmarks.load import Connection, connect, percentile, request
from tests.benchmarks.servers import KEY, Watch
from tests.e2e.platform import Platform

RATE = 500  # events a second
SECONDS = 20
ACCOUNTS = 500
CLIENTS = 64
POLL_PAUSE_SECONDS = 0.005
VISIBLE_SECONDS_MAX = 60.0


@dataclass
class Delays:
    """Milliseconds from intake to KPI."""

    events: int
    p50_ms: float
    p99_ms: float
    max_ms: float


class _Kpi(Struct):
    value: int | None


def measure(events: int, *, over_kafka: bool, watch: Watch) -> Delays:
    """On a platform of its own, as `make run` or `make run-kafka` starts it."""
    environment = {"RECOUP_CLOCK": "system", "RECOUP_DEV_KEY": KEY}
    with tempfile.TemporaryDirectory() as folder:
        platform = Platform(Path(folder) / "data", over_kafka, environment)
        try:
            platform.start()
            with (
                watch.on(_processes(platform)),
                asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
            ):
                runner.run(_register(platform))
                platform.wait_quiet()
                return runner.run(_measure(platform, min(events, RATE * SECONDS)))
        finally:
            platform.remove()


def _processes(platform: Platform) -> Mapping[str, int]:
    if not platform.over_kafka:
        return {f"{name} (local)": part.pid for name, part in platform.parts().items()}
    parts = [f"{service} {kind}" for service in PORTS for kind in ("app", "worker")]
    broker = int((platform.data / "kafka" / "kafka.pid").read_text().split()[0])
    return {**{f"{name} (Kafka)": platform.part(name).pid for name in parts}, "broker": broker}


async def _register(platform: Platform) -> None:
    (body,) = stream.bodies(stream.registrations(ACCOUNTS), ACCOUNTS)
    with await _connections(platform.port, 1) as (connection,):
        head, answer = await _ask(connection, request("POST", "/v1/events", KEY, body, BATCH))
        assert head[9:12] == b"200", answer


async def _ask(connection: Connection, sent: bytes) -> tuple[bytes, bytes]:
    answered: asyncio.Future[tuple[bytes, bytes]] = asyncio.get_running_loop().create_future()
    connection.send(sent, lambda _, head, body: answered.set_result((head, body)))
    return await answered


async def _connections(port: int, count: int) -> "_Connections":
    return _Connections([await connect(port) for _ in range(count)])


class _Connections:
    """Closed together."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        self._connections = connections

    def __enter__(self) -> Sequence[Connection]:
        return self._connections

    def __exit__(self, *_error: object) -> None:
        for connection in self._connections:
            connection.close()


async def _measure(platform: Platform, count: int) -> Delays:
    money = list(stream.money(count, ACCOUNTS))
    bodies = [request("POST", "/v1/events", KEY, b, STRUCTURED) for b in stream.bodies(money, 0)]
    invoices = [index for index, event in enumerate(money) if event["type"] == "invoice-issued"]
    sent_at = [0.0] * count
    door = await _connections(platform.port + PORTS["ledger"], CLIENTS)
    window = await _connections(platform.port + PORTS["metrics"], 1)
    with door as senders, window as (poller,):
        looking = asyncio.create_task(_look(poller, len(invoices)))
        await _send(senders, bodies, sent_at)
        seen = await asyncio.wait_for(looking, VISIBLE_SECONDS_MAX)
    delays = []
    for position, index in enumerate(invoices):
        delays.append((seen[position] - sent_at[index]) * 1000)
    delays.sort()
    return Delays(count, percentile(delays, 0.5), percentile(delays, 0.99), delays[-1])


async def _send(
    connections: Sequence[Connection], requests: Sequence[bytes], sent_at: list[float]
) -> None:
    """At the steady rate; one that has to wait for a connection counts from when it was due."""
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for connection in connections:
        free.put_nowait(connection)
    failed: list[bytes] = []

    def answered(connection: Connection, head: bytes, body: bytes) -> None:
        if head[9:12] != b"200":
            failed.append(head + body)
        free.put_nowait(connection)

    started = time.monotonic()
    for index, sent in enumerate(requests):
        due = started + index / RATE
        if (early := due - time.monotonic()) > 0:
            await asyncio.sleep(early)
        connection = await free.get()
        sent_at[index] = due
        connection.send(sent, answered)
    for _ in connections:
        await free.get()
    assert not failed, failed[0]


async def _look(poller: Connection, invoices: int) -> list[float]:
    """For each invoice the instant at which the KPI first counted it."""
    first = stream.first_day()
    window = f"from={first}&to={first + timedelta(days=stream.DAYS + 1)}"
    path = f"/v1/kpis/invoiced?{window}&currency={stream.CURRENCY}"
    asked = request("GET", path, KEY)
    seen: list[float] = []
    while len(seen) < invoices:
        head, body = await _ask(poller, asked)
        now = time.monotonic()
        assert head[9:12] == b"200", body
        count = (msgspec.json.decode(body, type=_Kpi).value or 0) // stream.AMOUNT_MINOR
        seen.extend([now] * (count - len(seen)))
        await asyncio.sleep(POLL_PAUSE_SECONDS)
    return seen

"""A worker's door: figures and health, whatever is away."""

import asyncio
import math
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from shared.errors import Unavailable
from shared.process import parts, telemetry
from shared.process import worker_door as doors
from shared.process.settings import BadSetting, Common
from shared.process.tasks import end
from shared.process.worker_door import WorkerDoor, run_worker_door

Question = Callable[[], Awaitable[None]]


async def well() -> None:
    telemetry.BEHIND.labels("test-door", "metrics", "ledger.events").set(7)


async def database_away() -> None:
    raise Unavailable("the database is not available: InvalidPasswordError: no")


async def kafka_away() -> None:
    await asyncio.Event().wait()


@asynccontextmanager
async def opened(ready: Question = well, lag: Question = well) -> AsyncIterator[httpx.AsyncClient]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stop = asyncio.Event()
    door = WorkerDoor("test-door", ready, lag, over_kafka=True, is_local=True)
    running = asyncio.create_task(run_worker_door(door, port, "127.0.0.1", stop=stop))
    transport = httpx.AsyncHTTPTransport(retries=20)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", transport=transport
    ) as client:
        yield client
    stop.set()
    await running


async def test_all_is_well() -> None:
    async with opened() as client:
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/health/ready")).status_code == 200
        figures = await client.get("/metrics")
        assert 'recoup_behind_events{consumer="metrics",service="test-door"' in figures.text
        assert 'recoup_lag_known{service="test-door"} 1.0' in figures.text
        assert (await client.get("/v1/lag")).status_code == 404
        refused = await client.post("/metrics")
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET")
        for answer in (figures, refused):  # as every answer of an API
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "no-store"
        foreign = await client.get("/metrics", headers={"Host": "evil.example:8011"})
        assert foreign.status_code == 421, "a page that gave its own name this address"


async def test_a_hung_part_is_named() -> None:
    hung = asyncio.create_task(parts.working("test-door", "relay", asyncio.sleep(math.inf)))
    await asyncio.sleep(0)
    parts.look(parts.SILENCE_SECONDS_MAX + 1)
    async with opened() as client:
        for path in ("/health/live", "/health/ready"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()) == (503, {"detail": "standing still: relay"})
        assert 'recoup_part_silence_seconds{part="relay"' in (await client.get("/metrics")).text
    await end([hung])


async def test_the_database_lets_nobody_in() -> None:
    async with opened(ready=database_away, lag=database_away) as client:
        assert (await client.get("/health/live")).status_code == 200
        answer = await client.get("/health/ready")
        assert answer.status_code == 503
        assert "InvalidPasswordError" in answer.json()["detail"]
        assert (await client.get("/metrics")).status_code == 200


async def test_kafka_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scrape neither hangs nor fails, and shows no old lag as today's."""
    monkeypatch.setattr(doors, "READY_SECONDS_MAX", 0.05)
    monkeypatch.setattr(doors, "SCRAPE_SECONDS_MAX", 0.05)
    await well()
    async with opened(lag=kafka_away) as client:
        answer = await client.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json()["detail"] == "Kafka did not answer within 0.05 s"
        figures = await client.get("/metrics")
        assert figures.status_code == 200
        assert "recoup_behind_events{" not in figures.text
        assert 'recoup_lag_known{service="test-door"} 0.0' in figures.text


async def test_a_port_that_is_taken_is_said_so() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        door = WorkerDoor("test-door", well, well, over_kafka=False)
        with pytest.raises(BadSetting, match=f"RECOUP_METRICS_PORT is {port}, which can't"):
            await run_worker_door(door, port, "127.0.0.1", stop=asyncio.Event())


def test_the_port_of_each_worker() -> None:
    local = Common.from_env({"RECOUP_LOCAL": "1", "RECOUP_METRICS_PORT": "9011"})
    assert [local.worker_port(name) for name in ("ledger", "metrics")] == [9011, 9014]
    assert Common.from_env({"RECOUP_LOCAL": "1"}).worker_port("ledger") is None
    deployed = {"RECOUP_JWKS": "keys.json", "RECOUP_METRICS_PORT": "9011"}
    assert Common.from_env(deployed).worker_port("metrics") == 9011
    assert Common.from_env({**deployed, "RECOUP_METRICS_PORT": "0"}).worker_port("metrics") is None

"""Servers that are away or let nobody in: said in one line, with the reason, and survived."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
from structlog.testing import capture_logs

from deploy.local import databases
from services.ledger import worker
from shared.process import worker_door
from shared.process.tasks import end
from shared.web import app as web
from tests.integration.ledger.conftest import api, settings_for


@pytest.fixture
async def role(postgres: str) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    """A login whose password is "right"."""
    name = f"role_{uuid4().hex[:8]}"
    admin = await asyncpg.connect(postgres)
    await admin.execute(f"create role {name} superuser login password 'right'")
    yield name, admin
    await admin.execute(f"drop role {name}")
    await admin.close()


def as_role(url: str, name: str, password: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{name}:{password}@{parts.hostname}:{parts.port}"))


async def test_a_wrong_password_is_a_reason_and_no_bug(
    ledger_url: str, role: tuple[str, asyncpg.Connection]
) -> None:
    name, admin = role
    url = as_role(ledger_url, name, "wrong")
    async with api(url) as client:
        answer = await client.get("/health/ready")
        assert answer.status_code == 503
        assert (
            f'InvalidPasswordError: password authentication failed for user "{name}"'
            in (answer.json()["detail"])
        )
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/metrics")).status_code == 200
        assert (await client.get("/v1/accounts")).status_code == 503
        await admin.execute(f"alter role {name} password 'wrong'")
        assert (await client.get("/health/ready")).status_code == 200, "mended while it runs"


async def test_a_missing_database_and_missing_tables_are_reasons_too(
    ledger_url: str, bare_url: str
) -> None:
    async with api(databases.url_of(ledger_url, "nothing_of_that_name")) as client:
        answer = await client.get("/health/ready")
        assert answer.status_code == 503
        assert "InvalidCatalogNameError" in answer.json()["detail"]
    async with api(bare_url) as client:
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()["detail"]) == (
            503,
            "the database is not migrated yet",
        )


async def test_a_worker_says_a_wrong_password_in_one_line_and_goes_on_trying(
    ledger_url: str, role: tuple[str, asyncpg.Connection]
) -> None:
    name, admin = role
    settings = settings_for(as_role(ledger_url, name, "wrong"), RECOUP_CLOCK="system")
    with capture_logs() as lines:
        stop = asyncio.Event()
        working = asyncio.create_task(worker.run(settings, stop))
        async with asyncio.timeout(60):
            while not lines:
                await asyncio.wait([working], timeout=0.01)
                assert not working.done(), "it ended"
        stop.set()
        await working
    assert "InvalidPasswordError" in json.dumps(lines[0])
    assert not any("exc_info" in line or "\n" in json.dumps(line) for line in lines)
    assert await admin.fetchval("select 1") == 1


async def test_a_kafka_that_does_not_answer_holds_nobody_up(
    ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes connections and says nothing: the worst way to be away."""
    monkeypatch.setattr(worker_door, "SCRAPE_SECONDS_MAX", 0.05)
    monkeypatch.setattr(web, "LAG_SECONDS_MAX", 0.05)
    silent = await asyncio.start_server(_listen, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    async with api(ledger_url, KAFKA_BOOTSTRAP_SERVERS=f"127.0.0.1:{port}") as client:
        answer = await client.get("/v1/lag")
        assert answer.status_code == 503
        assert "did not answer within 0.05 s" in answer.json()["detail"]
        figures = await client.get("/metrics")
        assert figures.status_code == 200
        assert 'recoup_lag_known{service="ledger"} 0.0' in figures.text
        assert 'recoup_parked_accounts{consumer="ledger",service="ledger"' in figures.text
        assert "recoup_behind_events{" not in figures.text
        assert (await client.get("/health/ready")).status_code == 200, "the intake goes on"
    silent.close()
    await silent.wait_closed()
    await asyncio.wait(_listening, timeout=30)  # the clients have gone
    await end(_listening)


_listening: list[asyncio.Task[None]] = []


async def _listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    task = asyncio.current_task()
    assert task is not None
    _listening.append(task)
    try:
        while await reader.read(1000):
            pass
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

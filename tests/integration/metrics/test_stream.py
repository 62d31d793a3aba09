"""The live stream of metrics on a real server and a real database."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest

from services.metrics.api import stream as stream_routes
from services.metrics.app import create_app
from services.metrics.settings import Settings
from services.metrics.store.changes import KEPT_CHANGES, LiveChange, announce_change, insert_changes
from services.metrics.store.live import Live
from shared.database import Database
from tests.integration.metrics.conftest import Deliver
from tests.integration.metrics.served import DEV_KEY, HEADERS, listening
from tests.integration.metrics.test_figures import an_account, an_invoice

Event = tuple[str, str, dict[str, object]]  # id, type, data


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[tuple[httpx.AsyncClient, Live]]:
    app = create_app(settings)
    live: Live = app.state.context.live
    async with listening(app) as url:
        try:
            async with httpx.AsyncClient(base_url=url, headers=HEADERS, timeout=120) as client:
                yield client, live
        finally:
            live.close()


@asynccontextmanager
async def streamed(
    client: httpx.AsyncClient, last: str | None = None
) -> AsyncIterator[AsyncIterator[str]]:
    headers = {} if last is None else {"Last-Event-ID": last}
    async with client.stream("GET", "/v1/stream", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in answer.headers
        yield answer.aiter_lines()


async def next_event(lines: AsyncIterator[str]) -> Event:
    number, kind, data = "", "", {}
    async with asyncio.timeout(120):
        async for line in lines:
            name, _, value = line.partition(": ")
            if name == "id":
                number = value
            elif name == "event":
                kind = value
            elif name == "data":
                data = json.loads(value)
            elif not line and number:
                break
    return number, kind, data


async def test_the_stream_says_what_changed_and_goes_on_after_the_last_id(
    settings: Settings, deliver: Deliver, metrics_db: Database
) -> None:
    async with served(settings) as (client, _):
        async with streamed(client) as lines:
            assert await next_event(lines) == ("0", "reset", {"revision": 0})
            await deliver([an_account()])
            number, kind, data = await next_event(lines)
            assert (number, kind) == ("1", "figures")
            assert data["events"] == {"account-registered": 1}
        await deliver([an_invoice("I1", 100, "2026-03-01", "2026-03-15")])
        async with metrics_db.transaction() as session:
            announced = await announce_change(session, "demo", "alert", {"alert_id": "a1"})
        assert announced == 3
        async with streamed(client, "1") as lines:
            number, kind, data = await next_event(lines)
            assert (number, kind, data["from"]) == ("2", "figures", "2026-03-01")
            expected = ("3", "alert", {"revision": 3, "alert_id": "a1"})
            assert await next_event(lines) == expected


@pytest.mark.parametrize("last", ["1", "99999", "yesterday", "-1"])
async def test_who_comes_too_late_or_from_elsewhere_gets_one_reset(
    settings: Settings, metrics_db: Database, last: str
) -> None:
    changes = [LiveChange("demo", "figures", {"n": n}) for n in range(KEPT_CHANGES + 2)]
    async with metrics_db.transaction() as session:
        await insert_changes(session, changes)
    count = await metrics_db.fetch("select count(*) as n from changes")
    assert count[0]["n"] == KEPT_CHANGES
    now = KEPT_CHANGES + 2
    async with served(settings) as (client, _):
        async with streamed(client, last) as lines:
            assert await next_event(lines) == (str(now), "reset", {"revision": now})
        async with streamed(client, "2") as lines:  # the oldest that can be gone on from
            assert (await next_event(lines))[:2] == ("3", "figures")


async def test_changes_that_are_rolled_back_are_not_said(metrics_db: Database) -> None:
    with suppress(ZeroDivisionError):
        async with metrics_db.transaction() as session:
            await announce_change(session, "demo", "plan", {"plan_id": "p"})
            raise ZeroDivisionError
    async with metrics_db.transaction() as session:
        assert await announce_change(session, "demo", "plan", {"plan_id": "p"}) == 1


async def test_a_client_that_takes_nothing_is_dropped(
    settings: Settings, metrics_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_routes, "SEND_SECONDS_MAX", 0.2)
    wide = {"words": "x" * 100_000}
    async with metrics_db.transaction() as session:
        await insert_changes(session, [LiveChange("demo", "figures", wide) for _ in range(300)])
    async with served(settings) as (client, live):
        url = client.base_url
        reader, writer = await asyncio.open_connection(url.host, url.port, limit=1024)
        writer.write(
            f"GET /v1/stream HTTP/1.1\r\nHost: {url.host}:{url.port}\r\nLast-Event-ID: 0\r\n"
            f"Authorization: Bearer {DEV_KEY}\r\n\r\n".encode()
        )
        try:
            await reader.readuntil(b"\r\n\r\n")
            assert live.has_listeners
            async with asyncio.timeout(60):
                while live.has_listeners:
                    await live.pause(0.02)
        finally:
            writer.transport.abort()

"""The ledger's HTTP door over a real database, in process."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest

from services.ledger.app import create_app
from services.ledger.settings import Settings
from shared.database import Database
from tests.integration.ledger.desk import Desk

DEV_KEY = "a-key-for-tests-only"

Events = Callable[..., Awaitable[list[dict[str, Any]]]]


def settings_for(url: str, **more: str) -> Settings:
    return Settings.from_env(
        {
            "RECOUP_LOCAL": "1",
            "RECOUP_CLOCK": "manual",
            "RECOUP_DEV_KEY": DEV_KEY,
            "LEDGER_DATABASE_URL": url,
            **more,
        }
    )


@asynccontextmanager
async def api(url: str, **more: str) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings_for(url, **more))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="http://127.0.0.1",
            headers={"Authorization": f"Bearer {DEV_KEY}"},
        ) as client,
    ):
        yield client


@pytest.fixture
async def client(ledger_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with api(ledger_url) as client:
        yield client


@pytest.fixture
def post(client: httpx.AsyncClient) -> Callable[..., Awaitable[httpx.Response]]:
    """Post events as a batch."""

    async def post(*events: dict[str, Any], tenant: str = "demo") -> httpx.Response:
        return await client.post(
            "/v1/events",
            content=msgspec.json.encode(events),
            headers={
                "Content-Type": "application/cloudevents-batch+json",
                "X-Tenant": tenant,
            },
        )

    return post


@pytest.fixture
def desk(client: httpx.AsyncClient, post: Callable[..., Awaitable[httpx.Response]]) -> Desk:
    """Somebody who talks about the account C1."""
    return Desk(client, post)


@pytest.fixture
def said(ledger_db: Database) -> Events:
    """What stands in `ledger.events` of an account: type, sequence, headers and data."""

    async def said(account_id: str = "C1", tenant: str = "demo") -> list[dict[str, Any]]:
        rows = await ledger_db.fetch(
            "select type, sequence, headers, payload from outbox"
            " where aggregatetype = 'ledger.events' and aggregateid = $1 order by seq",
            f"{tenant}/{account_id}",
        )
        return [
            {
                "type": row["type"],
                "sequence": row["sequence"],
                **msgspec.json.decode(row["headers"]),
                "data": msgspec.json.decode(row["payload"]),
            }
            for row in rows
        ]

    return said

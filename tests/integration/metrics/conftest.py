"""The whole of metrics on a real database: events through `take`, questions through the API."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import httpx
import pytest

from deploy import keys
from services.metrics.app import create_app
from services.metrics.consumer import take
from services.metrics.settings import Settings
from services.metrics.store import generations
from shared import clock
from shared.database import Database
from shared.events import Received
from shared.process.settings import Common
from tests.integration.metrics.plan_world import PlanWorld, plan_world
from tests.integration.metrics.served import DEV_KEY, calling

Deliver = Callable[[Sequence[Received]], Awaitable[None]]


class Bearing(Protocol):
    def __call__(self, subject: str, *scopes: str, tenant: str = "demo") -> dict[str, str]: ...


@pytest.fixture
def settings(
    metrics_url: str, ledger_url: str, segmentation_url: str, outreach_url: str, tmp_path: Path
) -> Settings:
    keys.new_pair(tmp_path)
    common = Common.from_env(
        {
            "RECOUP_LOCAL": "1",
            "RECOUP_DEV_KEY": DEV_KEY,
            "RECOUP_DATA_DIR": str(tmp_path),
            "RECOUP_JWKS": str(tmp_path / keys.PUBLIC),
        }
    )
    urls = {
        "ledger": ledger_url,
        "segmentation": segmentation_url,
        "outreach": outreach_url,
        "metrics": metrics_url,
    }
    return Settings(common, metrics_url, urls)


@pytest.fixture
def bearing(tmp_path: Path, settings: Settings) -> Bearing:
    """The header of somebody who may do so much, for one tenant."""

    def bearing(subject: str, *scopes: str, tenant: str = "demo") -> dict[str, str]:
        token = keys.mint(
            tmp_path,
            tenant=tenant,
            scopes=scopes,
            subject=subject,
            ttl=timedelta(hours=1),
            now=clock.now(),
        )
        return {"Authorization": f"Bearer {token}"}

    return bearing


@pytest.fixture
def deliver(metrics_db: Database) -> Deliver:
    async def deliver(events: Sequence[Received]) -> None:
        async with metrics_db.transaction() as session:
            await take(session, events)

    return deliver


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(create_app(settings)) as client:
        yield client


@pytest.fixture
async def world(settings: Settings, metrics_db: Database) -> AsyncIterator[PlanWorld]:
    async with plan_world(settings, metrics_db) as world:
        yield world


async def begun_anew(db: Database) -> int:
    """A generation of figures with nothing in it, in use from now on; its number."""
    begun = await generations.begin(db)
    assert await generations.swap(db, begun.number)
    return begun.number

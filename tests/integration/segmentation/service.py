"""Segmentation's HTTP process on a database of the test's, and tokens that may do one thing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx

from deploy import keys
from services.segmentation.app import create_app
from services.segmentation.commands.rescoring import rescore_slice
from services.segmentation.settings import Settings
from shared import clock
from shared.database import Database
from tests.integration.segmentation.helpers import context_for

KEY = "a-dev-key-for-tests"


@asynccontextmanager
async def serving(url: str, producers: str, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the whole application, with all scopes for every tenant."""
    keys.new_pair(folder)
    settings = Settings.from_env(
        {
            "RECOUP_LOCAL": "1",
            "RECOUP_CLOCK": "manual",
            "RECOUP_DEV_KEY": KEY,
            "RECOUP_JWKS": str(folder / keys.PUBLIC),
            "SEGMENTATION_DATABASE_URL": url,
            "LEDGER_DATABASE_URL": producers,
            "OUTREACH_DATABASE_URL": producers,
        }
    )
    app = create_app(settings)
    transport = httpx.ASGITransport(app=app)
    headers = {"authorization": f"Bearer {KEY}"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", headers=headers
        ) as client,
    ):
        yield client


def bearing(folder: Path, scope: str, tenant: str = "demo") -> dict[str, str]:
    """The header of someone who may do one thing for one tenant."""
    token = keys.mint(
        folder,
        tenant=tenant,
        scopes=[scope],
        subject="someone",
        ttl=timedelta(hours=1),
        now=clock.now(),
    )
    return {"authorization": f"Bearer {token}"}


async def rescore(db: Database) -> int:
    """Do what the background does, to the end; how many slices there were."""
    context = context_for(db)
    slices = 0
    while True:
        async with db.transaction() as session:
            if await rescore_slice(session, context, size=2) is None:
                return slices
        slices += 1

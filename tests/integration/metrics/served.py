"""How tests call metrics: the whole service in this process, or any app on a real port."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import uvicorn
from fastapi import FastAPI

from services.metrics.settings import Settings

DEV_KEY = "a-development-key-of-tests"
HEADERS = {"Authorization": f"Bearer {DEV_KEY}"}


def with_manual_clock(settings: Settings) -> Settings:
    return replace(settings, common=replace(settings.common, clock="manual"))


@asynccontextmanager
async def calling(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app that runs meanwhile."""
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1", headers=HEADERS
        ) as client,
    ):
        yield client


@asynccontextmanager
async def listening(app: FastAPI) -> AsyncIterator[str]:
    """The address of an app on a port of its own."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(120):
        while not server.started:
            await asyncio.wait([serving], timeout=0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving

"""What the small services are made of: an API that counts calls, a worker that beats.

`POST /die` makes the process end as a watchdog or a kill would; `SMALL_BROKEN` names a worker
that fails at once.
"""

import asyncio
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import asyncpg
import uvicorn
from fastapi import FastAPI

from shared.process.settings import PORTS, Common, Env


@dataclass(frozen=True)
class SmallSettings:
    name: str
    common: Common
    database_url: str
    is_broken: bool

    @classmethod
    def from_env(cls, values: Mapping[str, str]) -> Self:
        raise NotImplementedError


def settings_of(name: str) -> Any:
    """The `Settings` class of the small service called `name`."""

    class Settings(SmallSettings):
        @classmethod
        def from_env(cls, values: Mapping[str, str]) -> Self:
            env = Env(values)
            broken = env.text("SMALL_BROKEN") == name
            return cls(name, Common.from_env(values), env.database(name), broken)

    return Settings


def create_app(settings: SmallSettings) -> FastAPI:
    app = FastAPI(title=settings.name)

    @app.get("/health/ready")
    async def ready() -> dict[str, str]:
        return {"service": settings.name}

    @app.post("/notes/{text}")
    async def note(text: str) -> list[str]:
        """Write a note to the database; answer with all of them."""
        connection = await asyncpg.connect(settings.database_url)
        try:
            await connection.execute("create table if not exists notes (text text)")
            await connection.execute("insert into notes values ($1)", text)
            return [row["text"] for row in await connection.fetch("select text from notes")]
        finally:
            await connection.close()

    @app.get("/process")
    async def process() -> int:
        return os.getpid()

    @app.post("/die")
    async def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    return app


async def run(settings: SmallSettings, stop: asyncio.Event) -> None:
    if settings.is_broken:
        raise RuntimeError("this worker is broken")
    await stop.wait()


def serve(name: str) -> None:
    settings = settings_of(name).from_env(os.environ)
    port = settings.common.port_base + PORTS[name]
    uvicorn.run(create_app(settings), host="127.0.0.1", port=port, log_level="warning")


def work(name: str) -> None:
    settings = settings_of(name).from_env(os.environ)

    async def until_told() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await run(settings, stop)

    asyncio.run(until_told())

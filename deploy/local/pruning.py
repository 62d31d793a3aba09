"""Drops old outbox rows of all services: without Kafka nobody else sees all of their readers."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from shared.database import Database
from shared.log.pruning import run_pruning
from shared.process.parts import working
from shared.process.settings import PORTS, Common


@dataclass(frozen=True)
class Settings:
    """How long rows are kept (None: for ever), and where they are."""

    keep_days: int | None
    urls: tuple[str, ...] = field(repr=False)

    @classmethod
    def from_env(cls, values: Mapping[str, str]) -> Self:
        urls = tuple(values[f"{name.upper()}_DATABASE_URL"] for name in PORTS)
        return cls(Common.from_env(values).outbox_keep_days, urls)


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Prune until stopped."""
    if settings.keep_days is None:
        await stop.wait()
        return
    opened = [Database(url, pool_size=1) for url in settings.urls]
    try:
        await working("local", "pruning", run_pruning(opened, settings.keep_days, stop=stop))
    finally:
        for db in opened:
            await db.close()

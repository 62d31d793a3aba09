"""Segmentation's worker: the consumer and the relay. Wiring only."""

import asyncio
import os

from services.segmentation import consumer
from services.segmentation.settings import Settings
from shared.db import Database
from shared.serve import run_worker


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Work until stopped."""
    db = Database(settings.database_url, application="segmentation-worker")
    runtime = consumer.runtime(
        settings.common, db, settings.policy, producer_urls=settings.producer_urls
    )
    try:
        await runtime.work(stop)
    finally:
        await runtime.close()
        await db.close()


if __name__ == "__main__":
    run_worker(run, Settings.from_env(os.environ))

"""Metrics' worker: folds the events of the others. Wiring only; it says nothing itself."""

import asyncio
import os

from services.metrics import consumer
from services.metrics.settings import Settings
from shared.database import Database
from shared.process.serve import run_worker


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Work until stopped."""
    db = Database(settings.database_url, application="metrics-worker")
    runtime = consumer.runtime(settings.common, db, producer_urls=settings.producer_urls)
    try:
        await runtime.work(stop)
    finally:
        await runtime.close()
        await db.close()


if __name__ == "__main__":
    run_worker(run, Settings.from_env(os.environ))

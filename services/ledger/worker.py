"""The ledger's worker: billing events, the scheduler, the relay. Wiring only."""

import asyncio
import os

from services.ledger import consumer
from services.ledger.jobs import run_scheduler
from services.ledger.settings import Settings
from shared.database import Database
from shared.process.serve import run_worker


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Work until stopped."""
    db = Database(settings.database_url, application="ledger-worker")
    books = settings.books()
    runtime = consumer.runtime(settings.log, db, books)
    jobs = [] if books.is_manual_clock else [run_scheduler(db, books, stop=stop)]
    try:
        await runtime.work(stop, *jobs)
    finally:
        await runtime.close()
        await db.close()


if __name__ == "__main__":
    run_worker(run, Settings.from_env(os.environ))

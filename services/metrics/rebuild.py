"""Forget all figures and read the log again from its beginning: every answer is as it was.

May run beside a worker: whose position was taken away is fenced, and goes on from the beginning,
too. Operators' decisions to do without a message are kept.
"""

import asyncio
import os
import sys
from collections.abc import Callable

from services.metrics import consumer
from services.metrics.settings import Settings
from services.metrics.store import items as store
from shared.database import Database
from shared.process.tasks import pause

_LOOK_SECONDS = 0.2


async def rebuild(settings: Settings, tell: Callable[[int], None] | None = None) -> None:
    """Rebuild; `tell` hears how many events are still to come."""
    db = Database(settings.database_url, application="metrics-rebuild")
    runtime = consumer.runtime(settings.common, db, producer_urls=settings.producer_urls)
    stop = asyncio.Event()
    async with db.transaction() as session:
        await store.delete_figures(session, consumer.CONSUMER)
    work = asyncio.create_task(runtime.work(stop, is_guest=True))
    try:
        quiet = 0
        while quiet < 2 and not work.done():
            behind = (await runtime.lag()).behind
            quiet = 0 if behind else quiet + 1
            if tell is not None:
                tell(behind)
            await pause(stop, _LOOK_SECONDS)
    finally:
        stop.set()
        try:
            await work
        finally:
            await runtime.close()
            await db.close()


def main() -> int:
    """By the environment, as the worker is run."""

    def tell(behind: int) -> None:
        sys.stdout.write(f"\r{behind:>12,} events to come")
        sys.stdout.flush()

    asyncio.run(rebuild(Settings.from_env(os.environ), tell))
    sys.stdout.write("\nThe figures are rebuilt.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

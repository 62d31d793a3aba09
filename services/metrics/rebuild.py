"""Forget all figures and read the log again from its beginning: every answer is as it was.

May run while a worker does: whose position was taken away is fenced, and goes on from the
beginning, too. Operators' decisions to do without a message are kept.
"""

import asyncio
import sys
from collections.abc import Callable

from services.metrics import consumer
from services.metrics.context import open_context
from services.metrics.settings import Settings
from services.metrics.store import changes as store
from shared.process.start import settings_of
from shared.process.tasks import pause

_LOOK_SECONDS = 0.2


async def rebuild(settings: Settings, show: Callable[[int], None] | None = None) -> None:
    """Rebuild; `show` is called with how many events are still to come."""
    context = open_context(settings, "metrics-rebuild")
    runtime = consumer.runtime(settings, context)
    stop = asyncio.Event()
    async with context.db.transaction() as session:
        await store.delete_figures(session, consumer.CONSUMER)
    work = asyncio.create_task(runtime.work(stop, is_guest=True))
    try:
        quiet = 0
        while quiet < 2 and not work.done():
            behind = (await runtime.lag()).behind
            quiet = 0 if behind else quiet + 1
            if show is not None:
                show(behind)
            await pause(stop, _LOOK_SECONDS)
    finally:
        stop.set()
        try:
            await work
        finally:
            await runtime.close()
            await context.close()


def main() -> int:
    """By the environment, as the worker is run."""

    def show(behind: int) -> None:
        sys.stdout.write(f"\r{behind:>12,} events to come")
        sys.stdout.flush()

    asyncio.run(rebuild(settings_of(Settings), show))
    sys.stdout.write("\nThe figures are rebuilt.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Make all figures again from the log, beside those in use: every answer is as it was.

May run while workers do, or alone. A rebuild that was begun, by anybody, goes on; where a worker is
at it already, this only waits. Operators' decisions to do without a message are kept.
"""

import asyncio
import sys
from collections.abc import Callable

from services.metrics import consumer
from services.metrics.context import open_context
from services.metrics.processes import rebuilding
from services.metrics.settings import Settings
from services.metrics.store import generations
from shared.process.start import settings_of
from shared.process.tasks import pause

_LOOK_SECONDS = 0.5


async def rebuild(settings: Settings, show: Callable[[int], None] | None = None) -> None:
    """Rebuild; `show` is called with how many events are still to come."""
    context = open_context(settings, "metrics-rebuild")
    runtime = consumer.runtime(settings, context)
    reading, stop = consumer.LogReading(runtime), asyncio.Event()
    try:
        begun = await generations.begin(context.db)
        while (found := await generations.building(context.db)) and found.number == begun.number:
            await rebuilding.rebuild(context.db, reading, begun, stop, is_guest=True, show=show)
            if show is not None and found.behind is not None:
                show(found.behind)
            await pause(stop, _LOOK_SECONDS)
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

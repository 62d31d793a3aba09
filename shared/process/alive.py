"""A process's signs of life: somebody looks at its parts, and a file is touched while all live.

Whoever watches a container (`deploy/health.py`) looks at the file's age.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from shared import clock
from shared.process import parts, tasks
from shared.process.watchdog import Watchdog

LOOK_SECONDS = 1.0
_LOOK_COUNTS_MAX = 2.0  # what one look adds at most: the rest was a pause of the whole process


@asynccontextmanager
async def watched(file: Path | None = None) -> AsyncIterator[None]:
    """Meanwhile all parts, and the event loop under them, are seen to come round.

    The file is touched as long as they do, and gone afterwards.
    """
    watchdog = Watchdog()
    watchdog.start()
    watching = asyncio.create_task(_watch(file))
    try:
        yield
    finally:
        watchdog.stop()
        await tasks.end([watching])
        if file is not None:
            file.unlink(missing_ok=True)  # noqa: ASYNC240 - it is in memory or on a local disk


async def _watch(file: Path | None) -> None:
    before = clock.monotonic()
    while True:
        if file is not None and not parts.silent():
            file.touch()  # noqa: ASYNC240 - as above
        await asyncio.sleep(LOOK_SECONDS)
        now = clock.monotonic()
        parts.look(min(now - before, _LOOK_COUNTS_MAX))
        before = now

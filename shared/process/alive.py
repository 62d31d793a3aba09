"""A worker's sign of life: a file touched again and again, for as long as its event loop turns.

A worker has no HTTP door to ask; whoever watches it (`deploy/health.py`) looks at the file's age.
"""

import asyncio
from pathlib import Path

from shared.process.tasks import pause

SECONDS_BETWEEN = 5.0
SECONDS_MAX = 30.0  # older than this: the loop stands still, or the process is gone


async def keep_touching(file: Path, stop: asyncio.Event) -> None:
    """Until stopped; the file is gone afterwards."""
    try:
        while not stop.is_set():
            file.touch()  # noqa: ASYNC240 - it is in memory or on a local disk
            await pause(stop, SECONDS_BETWEEN)
    finally:
        file.unlink(missing_ok=True)  # noqa: ASYNC240 - as above

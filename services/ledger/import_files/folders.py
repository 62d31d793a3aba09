"""Folders for files that are worked on: gone when the work is over, or cleared away after it was
killed."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from shared import clock

PREFIX = "recoup-file-"
OLD_SECONDS = 60.0  # a younger folder may not be locked yet
_LOCK = "lock"


@contextmanager
def work_folder() -> Iterator[Path]:
    """Locked as long as its process lives."""
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        folder = Path(name)
        with (folder / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder


def clear_left_folders() -> int:
    """Remove the folders of processes that are gone; how many."""
    count = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # another clears it, or somebody works in it
            if clock.now().timestamp() - folder.stat().st_mtime < OLD_SECONDS:
                continue
            with (folder / _LOCK).open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
                count += 1
    return count

"""Lines of libraries that repeat themselves, held back.

While Kafka is away its client says so dozens of times a second. Of each kind of line a few a minute
pass; the next one after that says how many were held back. Our own lines are not meant: each is
written for a person.
"""

import logging
import re

from shared import clock

EACH_MAX = 5
WINDOW_SECONDS = 60.0
_KINDS_MAX = 500

# What differs between two lines of a kind, where a library puts it in by itself.
_DIFFERENT = re.compile(r"\d+")
_LOOKED_AT_MAX = 200


class Repeats(logging.Filter):
    """Lets the first lines of a kind pass in each window of time."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[tuple[str, int, str], tuple[float, int]] = {}  # since when, how many

    def filter(self, record: logging.LogRecord) -> bool:
        template = _DIFFERENT.sub("#", str(record.msg)[:_LOOKED_AT_MAX])
        kind = record.name, record.levelno, template
        now = clock.monotonic()
        since, count = self._seen.get(kind, (now, 0))
        if now - since >= WINDOW_SECONDS:
            if count > EACH_MAX:
                record.msg = f"{record.msg} (and {count - EACH_MAX} more like it before)"
            since, count = now, 0
        if kind not in self._seen and len(self._seen) >= _KINDS_MAX:
            del self._seen[next(iter(self._seen))]  # the oldest kind
        self._seen[kind] = since, count + 1
        return count < EACH_MAX

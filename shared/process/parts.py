"""The parts of a worker, and whether each of them still makes its turns.

A part is one loop of a process: a reader, the relay, a job's clock. It says by `turn` that it came
round once more; long work says it while it goes on (every statement that the database answers
does), and `pause` says how long the part means to be silent. Who is silent for longer is named in
the log and at the worker's door, the file of the health check is no longer touched, and after
`HUNG_SECONDS` the process ends, so that its supervisor starts it again.

Silence is counted in looks (`alive.watched`) and not by the clock: a process that was paused as a
whole (SIGSTOP, a sleeping laptop) goes on where it was.
"""

from collections.abc import Coroutine
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from shared.process import telemetry
from shared.process.watchdog import exit_now

# Longer than anything that waits in one piece: a statement has 60 s, a connection 10.
SILENCE_SECONDS_MAX = 90.0
HUNG_SECONDS = 180.0

log = telemetry.logger(__name__)


class Part:
    """One loop that should come round."""

    def __init__(self, service: str, name: str) -> None:
        self.service = service
        self.name = name
        self.silence = 0.0  # in seconds; below 0 while it means to be silent
        self.is_named = False  # in the log, as silent

    @property
    def is_alive(self) -> bool:
        return self.silence <= SILENCE_SECONDS_MAX


_parts: set[Part] = set()  # of this process
_current: ContextVar[Part | None] = ContextVar("part", default=None)


def turn(resting: float = 0.0) -> None:
    """The part that runs here came round, and may be silent for `resting` seconds on purpose.

    Outside of a part (in an API) it says nothing. Costs next to nothing: say it often.
    """
    part = _current.get()
    if part is not None:
        part.silence = -resting


async def working(service: str, name: str, work: Coroutine[Any, Any, None]) -> None:
    """Do the work as a part of this process."""
    part = Part(service, name)
    token = _current.set(part)
    _parts.add(part)
    try:
        await work
    finally:
        _parts.discard(part)
        with suppress(KeyError):  # nobody has looked yet
            telemetry.PART_SILENCE_SECONDS.remove(service, name)
        _current.reset(token)


def parts_of(service: str | None = None) -> list[Part]:
    """The parts of this process that are at work for a service, or for any."""
    found = [part for part in _parts if service in (None, part.service)]
    return sorted(found, key=lambda part: (part.service, part.name))


def silent(service: str | None = None) -> list[str]:
    """The names of those that have been silent for too long."""
    return [part.name for part in parts_of(service) if not part.is_alive]


def look(seconds: float) -> None:
    """So many seconds went by in silence, for whoever made no turn since."""
    for part in tuple(_parts):
        part.silence += seconds
        telemetry.PART_SILENCE_SECONDS.labels(part.service, part.name).set(max(0.0, part.silence))
        if part.silence > HUNG_SECONDS:
            exit_now(f"{part.name} of {part.service} stood still for {part.silence:.0f} s")
        if part.is_alive:
            part.is_named = False
        elif not part.is_named:
            part.is_named = True
            log.error("part.silent", part=part.name, of=part.service, seconds=part.silence)

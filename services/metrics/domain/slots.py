"""Moments of knowledge, and days that every calendar can hold.

Each fact carries the quarter of an hour in which it was recorded (`recorded_slot`). Whatever was
known at some moment is the same list of facts without the later ones, so that `as_of` answers need
nothing but this, and do not depend on when events came.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any, Protocol, TypeVar

from shared.clock import day_start
from shared.events import Received

# Days are kept within what both Python's and PostgreSQL's calendars can add to.
FIRST_DAY = date(1000, 1, 1)
FAR = date(9000, 1, 1)  # also: never

SLOT_SECONDS = 900  # every zone's days begin on a quarter of an hour
UNTIL_NOW = 2**31 - 1  # later than every slot


def slot_of(instant: datetime) -> int:
    """The quarter of an hour of an instant. Whole slots belong to one calendar day in any zone."""
    return max(0, int(instant.timestamp() // SLOT_SECONDS))


def slot_of_day(day: date, zone: str) -> int:
    """The quarter of an hour with which a day begins in a zone."""
    return slot_of(day_start(day, zone))


def slot_start(slot: int) -> datetime:
    """The instant with which a quarter of an hour begins."""
    return datetime.fromtimestamp(slot * SLOT_SECONDS, UTC)


def bounded(day: date) -> date:
    """The day, kept within `FIRST_DAY` … `FAR`."""
    return min(max(day, FIRST_DAY), FAR)


def recorded_slot(facts: Sequence[Any], event: Received) -> int:
    """When the event was recorded; never before an earlier fact about the same thing."""
    slot = slot_of(event.recordedtime)
    return max(slot, facts[-1].recorded_slot) if facts else slot


def day_of_event(event: Received) -> date:
    """The account's calendar day on which an event counts."""
    return event.day or event.time.date()


class Knowledge(Protocol):
    """Anything that became known at some moment: every fact."""

    @property
    def recorded_slot(self) -> int: ...


F = TypeVar("F", bound=Knowledge)

_recorded_slot = attrgetter("recorded_slot")


def recorded_by(facts: Sequence[F], slot: int) -> Sequence[F]:
    """The facts recorded by then. Within a list `recorded_slot` never falls."""
    if not facts or facts[-1].recorded_slot <= slot:
        return facts
    return facts[: bisect_right(facts, slot, key=_recorded_slot)]


def moments_since(since: int, lists: Iterable[Sequence[Knowledge]]) -> list[int]:
    """`since`, and every later moment at which anything became known."""
    moments = {since}
    for facts in lists:
        if facts and facts[-1].recorded_slot > since:
            moments.update(slot for fact in facts if (slot := fact.recorded_slot) > since)
    return sorted(moments)

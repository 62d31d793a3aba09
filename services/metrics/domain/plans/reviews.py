"""When reviews of a plan fall due, and what is said of the last one."""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from msgspec import Struct

from services.metrics.domain.plans.document import ReviewRhythm
from services.metrics.domain.windows import ONE_DAY

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class ReviewDecision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was decided, who does it, and by when."""

    text: str
    who: str | None = None
    by: date | None = None


class PlanReview(Struct, frozen=True, kw_only=True):
    """A review that was held, with the progress as it was known then."""

    for_day: date
    is_final: bool
    notes: str
    decisions: tuple[ReviewDecision, ...]
    reviewed_by: str
    reviewed_on: date
    progress: Any


class ReviewTimes(Struct, frozen=True, kw_only=True):
    last_on: date | None  # the day of the last review
    next_on: date | None  # the next that falls due; None: none does
    overdue: bool


def due_days(rhythm: ReviewRhythm, from_on: date, to_on: date) -> Iterator[date]:
    """The days within the plan on which a review falls due, and the day after its last: the final
    one."""
    if rhythm.every == "week":
        assert rhythm.weekday is not None, "checked when it was written"
        ahead = (_WEEKDAYS.index(rhythm.weekday) - from_on.weekday()) % 7
        day = from_on + timedelta(days=ahead)
        while day <= to_on:
            yield day
            day += timedelta(days=7)
    else:
        yield from _by_months(rhythm, from_on, to_on)
    yield to_on + ONE_DAY


def _by_months(rhythm: ReviewRhythm, from_on: date, to_on: date) -> Iterator[date]:
    assert rhythm.day is not None, "checked when it was written"
    step = 3 if rhythm.every == "quarter" else 1
    month = (from_on.year * 12 + from_on.month - 1) // step * step
    while True:
        year, index = divmod(month, 12)
        last = monthrange(year, index + 1)[1]
        day = date(year, index + 1, min(rhythm.day, last))
        if day > to_on:
            return
        if day >= from_on:
            yield day
        month += step


def review_times(
    rhythm: ReviewRhythm | None,
    held_for: Iterable[date],
    *,
    from_on: date,
    to_on: date,
    day: date,
    has_final: bool = False,
) -> ReviewTimes:
    """At the end of the day. A review makes up for all that fell due before it."""
    last = max(held_for, default=None)
    if rhythm is None or has_final:
        return ReviewTimes(last_on=last, next_on=None, overdue=False)
    waiting = (due for due in due_days(rhythm, from_on, to_on) if last is None or due > last)
    due = next(waiting, None)
    return ReviewTimes(last_on=last, next_on=due, overdue=due is not None and due < day)


def day_of_review(
    rhythm: ReviewRhythm | None, held_for: Sequence[date], *, from_on: date, to_on: date, day: date
) -> date:
    """The day that a review held now is for: the latest that fell due and has none yet, else
    today."""
    if rhythm is not None:
        fallen = [due for due in due_days(rhythm, from_on, to_on) if due <= day]
        if fallen and fallen[-1] not in held_for:
            return fallen[-1]
    return day

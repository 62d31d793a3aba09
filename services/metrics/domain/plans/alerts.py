"""When an alert is raised, cleared, and taken back.

Of each rule and subject there is a row of checked days, each with whether the condition held, as it
was said of that day or corrected since.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

from msgspec import Struct, field

CORRECTED_WITHIN = timedelta(days=14)

AlertState = Literal["raised", "cleared", "corrected"]
AlertKind = Literal["rule", "contingency"]


class CheckedDay(Struct, frozen=True):
    """Whether a condition held on a day, and the state it was in."""

    day: date
    held: bool
    state: str = ""


class DayCorrection(Struct, frozen=True):
    """A day of an alert that facts show otherwise."""

    day: date
    was: str
    now: str = field(name="is")


class Alert(Struct, frozen=True, kw_only=True):
    """One alert, from its raising to its end."""

    alert_id: str
    plan_id: str | None
    kind: AlertKind
    rule: str
    subject: str
    state: AlertState
    raised_on: date  # the day that was checked
    days: tuple[date, ...]  # on which the condition held, which raised it
    figures: Mapping[str, float | None]
    words: str
    ended_on: date | None = None
    corrections: tuple[DayCorrection, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.state == "raised"

    def may_be_corrected(self, day: date) -> bool:
        """Whether a check of that day looks again at the days that raised it."""
        return self.is_open and day - self.raised_on <= CORRECTED_WITHIN


def raising_days(
    row: Sequence[CheckedDay], for_days: int, *, is_open: bool
) -> tuple[date, ...] | None:
    """The days that raise an alert, if the last of the row does; None: it does not."""
    last = row[-for_days:]
    if is_open or len(last) < for_days or not all(each.held for each in last):
        return None
    return tuple(each.day for each in last)


def clearing_days(
    row: Sequence[CheckedDay], for_days: int, *, is_open: bool
) -> tuple[date, ...] | None:
    """The days that clear it."""
    last = row[-for_days:]
    if not is_open or len(last) < for_days or any(each.held for each in last):
        return None
    return tuple(each.day for each in last)


def corrections(
    alert: Alert, said: Iterable[CheckedDay], known: Mapping[date, CheckedDay]
) -> tuple[DayCorrection, ...]:
    """The days that raised the alert on which its condition did not hold, as is known by now."""
    states = {each.day: each.state for each in said}
    return tuple(
        DayCorrection(day, states.get(day, ""), known[day].state)
        for day in alert.days
        if day in known and not known[day].held
    )


def corrected_row(row: Sequence[CheckedDay], corrected: Mapping[date, str]) -> list[CheckedDay]:
    """The row as it stands with what was corrected since."""
    return [
        CheckedDay(each.day, False, corrected[each.day]) if each.day in corrected else each
        for each in row
    ]

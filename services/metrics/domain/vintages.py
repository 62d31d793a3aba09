"""Vintages: what became of what was issued, or entered collections, in each month.

The age of a cohort is counted in calendar months: 0 is the end of its own. Only months that are
over have a point.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple, TypedDict

from services.metrics.domain.windows import ONE_DAY, Window, month_end, month_start, parts

Of = Literal["issue", "entry"]


class Vintage(NamedTuple):
    """How cohorts are measured: the measure of what they begin with, by its day, and the one of
    what becomes of that, by its day and (`until`) that of the thing."""

    base: str
    measure: str


VINTAGES: Mapping[tuple[Of, str], Vintage] = {
    ("issue", "paid"): Vintage("invoiced", "put_of"),
    ("issue", "overdue"): Vintage("invoiced", "overdue_of"),
    ("issue", "written_off"): Vintage("invoiced", "written_of"),
    ("entry", "recovered"): Vintage("entered", "collected"),
}


@dataclass(frozen=True)
class Months:
    """The months of the cohorts, and those at whose end they are looked at."""

    cohorts: Sequence[Window]
    looks: Sequence[Window]

    @classmethod
    def of(cls, first_on: date, last_on: date, at: date) -> "Months":
        """Cohorts from the month of one day to that of another, looked at until `at`."""
        cohorts = list(_months(first_on, last_on))
        return cls(cohorts, [month for month in _months(first_on, at) if month.to_on <= at])

    @property
    def starts(self) -> list[date]:
        """The first day of every month, and the day after the last of them."""
        months = max(self.cohorts, self.looks, key=len)
        return [*(month.from_on for month in months), months[-1].to_on + ONE_DAY]


def _months(first_on: date, last_on: date) -> Iterable[Window]:
    return parts(Window(month_start(first_on), month_end(last_on)), "month")


class Grown(NamedTuple):
    """Of a cohort, by its place among the months from 1 on: what was added to it in a month.
    `month`: None for what it begins with."""

    cohort: int
    month: int | None
    amount: int


class CohortPoint(TypedDict):
    """A cohort at one age, as it is answered."""

    age: int
    on: date
    value: int
    share: float | None


class GrownCohort(TypedDict):
    """A cohort, as it is answered."""

    cohort: str
    base_minor: int
    points: list[CohortPoint]


def vintages(months: Months, became: Iterable[Grown]) -> list[GrownCohort]:
    """The cohorts as they are answered."""
    bases: dict[int, int] = defaultdict(int)
    added: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for each in became:
        if each.month is None:
            bases[each.cohort] += each.amount
        else:
            added[each.cohort][each.month] += each.amount
    found: list[GrownCohort] = []
    for place, cohort in enumerate(months.cohorts, start=1):
        base, value = bases[place], 0
        points: list[CohortPoint] = []
        for number, look in enumerate(months.looks, start=1):
            value += added[place][number]
            if number >= place:
                share = value / base if base else None
                age = number - place
                points.append({"age": age, "on": look.to_on, "value": value, "share": share})
        found.append({"cohort": f"{cohort.from_on:%Y-%m}", "base_minor": base, "points": points})
    return found

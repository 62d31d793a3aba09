"""What a plan asks of the figures: which KPI, of which days, looked at when."""

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal

from msgspec import Struct, field

from services.metrics.domain.plans.conditions import Condition
from services.metrics.domain.plans.document import Objective
from services.metrics.domain.plans.forecast import STEPS_MAX
from services.metrics.domain.plans.traits import KpiTraits
from services.metrics.domain.windows import ONE_DAY

DEFAULT_DAYS = 90
WEEK = timedelta(days=7)


class FigureQuestion(Struct, frozen=True, kw_only=True):
    """A KPI over `[from_on, to_on]`, cohorts looked at at the end of `at`."""

    kpi: str
    split: Mapping[str, str] = field(default_factory=dict)
    currency: str | None = None
    per: str | None = None
    counted: Literal["amount", "count"] | None = None
    from_on: date
    to_on: date
    at: date


def question_at(objective: Objective, currency: str | None, traits: KpiTraits, day: date,
                *, at: date | None = None) -> FigureQuestion:  # fmt: skip
    """What its value at the end of a day is; not of one that adds up the plan's days."""
    from_on, to_on = window_of(objective.days, traits, day)
    return FigureQuestion(
        kpi=objective.kpi,
        split=objective.split,
        currency=(objective.currency or currency) if traits.is_money else None,
        per=objective.per,
        counted=objective.counted,
        from_on=from_on,
        to_on=to_on,
        at=max(to_on, at or to_on),
    )


def condition_question(
    condition: Condition, currency: str | None, traits: KpiTraits, day: date
) -> FigureQuestion:
    """What a condition on a KPI asks of a day."""
    from_on, to_on = window_of(condition.days, traits, day)
    return FigureQuestion(
        kpi=traits.name,
        split=condition.split,
        currency=(condition.currency or currency) if traits.is_money else None,
        per=condition.per,
        from_on=from_on,
        to_on=to_on,
        at=to_on,
    )


def window_of(days: object, traits: KpiTraits, day: date) -> tuple[date, date]:
    """The days that a value at the end of `day` is of."""
    if traits.is_monthly:
        return last_whole_month(day)
    count = days if isinstance(days, int) else DEFAULT_DAYS
    return day - timedelta(days=count - 1), day


def last_whole_month(day: date) -> tuple[date, date]:
    """The calendar month that has ended by the end of the day."""
    if (day + ONE_DAY).day == 1:
        return day.replace(day=1), day
    last = day.replace(day=1) - ONE_DAY
    return last.replace(day=1), last


def weekly_days(day: date) -> list[date]:
    """The day and those by sevens before it, as far as a forecast looks back; the day last."""
    return [day - WEEK * step for step in range(STEPS_MAX, -1, -1)]


def running_totals(
    daily: Mapping[date, int | Fraction],
    days: list[date],
    *,
    from_on: date,
    first_on: date | None,
) -> list[Fraction | None]:
    """Sums from the plan's first day on, at the end of each of the days. Before it they are what
    is still to be taken off, so that their course can be followed; before anything is known there
    are none."""
    ordered = sorted(daily)
    sums: list[Fraction] = []
    total = Fraction(0)
    for each in ordered:
        total += daily[each]
        sums.append(total)

    def until(day: date) -> Fraction:
        low, high = 0, len(ordered)
        while low < high:
            middle = (low + high) // 2
            if ordered[middle] <= day:
                low = middle + 1
            else:
                high = middle
        return sums[low - 1] if low else Fraction(0)

    start = until(from_on - ONE_DAY)
    return [None if first_on is None or day < first_on else until(day) - start for day in days]

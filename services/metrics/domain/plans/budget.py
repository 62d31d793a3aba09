"""Costs by line of the budget: what was spent, and whether the rest will do."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction

from msgspec import Struct

from services.metrics.domain.kpis.kpi import written
from services.metrics.domain.micros import MICROS
from services.metrics.domain.plans.conditions import BudgetState, SubjectFigures
from services.metrics.domain.plans.document import BudgetLine
from services.metrics.domain.plans.forecast import Forecast, forecast
from services.metrics.domain.plans.questions import running_totals, weekly_days
from services.metrics.domain.plans.texts import money_text

UNPLANNED = "unplanned"


class CostDay(Struct, frozen=True, kw_only=True):
    """Costs of one sort on a day, in millionths of a minor unit."""

    day: date
    kind: str
    channel: str = ""
    queue: str = ""
    collector: str = ""
    micros: int


class JudgedLine(Struct, frozen=True, kw_only=True):
    """A line of the budget at the end of a day, in minor units; parts of one are kept."""

    id: str
    amount_minor: int | None  # None: what no line takes
    actual_minor: float
    forecast: Forecast | None
    state: BudgetState | None
    because: str

    def as_subject(self) -> SubjectFigures:
        """For conditions; not of what no line takes."""
        assert self.state is not None
        figures = {
            "actual_minor": self.actual_minor,
            "amount_minor": None if self.amount_minor is None else float(self.amount_minor),
            "high": None if self.forecast is None else self.forecast.high,
        }
        return SubjectFigures(
            subject=self.id, state=self.state, figures=figures, words=self.because
        )


def line_of(lines: Sequence[BudgetLine], cost: CostDay) -> str:
    """The first line all of whose members take the cost, else `unplanned`."""
    for line in lines:
        taken = (
            (line.kinds, cost.kind),
            (line.channels, cost.channel),
            (line.queues, cost.queue),
            (line.collectors, cost.collector),
        )
        if all(not names or value in names for names, value in taken):
            return line.id
    return UNPLANNED


def judge_budget(
    lines: Sequence[BudgetLine],
    costs: Iterable[CostDay],
    *,
    currency: str,
    day: date,
    from_on: date,
    to_on: date,
    first_on: date | None,
) -> list[JudgedLine]:
    """Every line, and what none takes, at the end of the day."""
    by_line: dict[str, dict[date, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for cost in costs:
        if cost.day <= day:
            by_line[line_of(lines, cost)][cost.day] += Fraction(cost.micros, MICROS)
    amounts: list[tuple[str, int | None]] = [(line.id, line.amount_minor) for line in lines]
    return [
        _judged(
            line_id,
            amount_minor,
            by_line[line_id],
            currency=currency,
            day=day,
            from_on=from_on,
            to_on=to_on,
            first_on=first_on,
        )
        for line_id, amount_minor in [*amounts, (UNPLANNED, None)]
    ]


def _judged(
    line_id: str,
    amount_minor: int | None,
    daily: Mapping[date, Fraction],
    *,
    currency: str,
    day: date,
    from_on: date,
    to_on: date,
    first_on: date | None,
) -> JudgedLine:
    actual = sum((cost for on, cost in daily.items() if on >= from_on), Fraction(0))
    totals = running_totals(daily, weekly_days(day), from_on=from_on, first_on=first_on)
    path = [each for each in totals if each is not None]
    ahead = forecast(path, (to_on - day).days)
    state = None if amount_minor is None else _state(actual, amount_minor, ahead)
    return JudgedLine(
        id=line_id,
        amount_minor=amount_minor,
        actual_minor=written(actual),
        forecast=ahead,
        state=state,
        because=_because(line_id, amount_minor, actual, ahead, currency),
    )


def _state(actual: Fraction, amount_minor: int, ahead: Forecast | None) -> BudgetState:
    if actual > amount_minor:
        return "over"
    return "at_risk" if ahead is not None and ahead.high > amount_minor else "within"


def _because(
    line_id: str, amount_minor: int | None, actual: Fraction, ahead: Forecast | None, currency: str
) -> str:
    spent = money_text(actual, currency)
    if amount_minor is None:
        return f"{spent} went where no line of the budget takes it."
    words = f"{line_id} has spent {spent} of {money_text(amount_minor, currency)}"
    if ahead is None:
        return f"{words}."
    return (
        f"{words} and goes to {money_text(ahead.value, currency)} by the plan's end, at most"
        f" {money_text(ahead.high, currency)} in nine cases of ten."
    )


def first_cost_day(day: date, from_on: date) -> date:
    """The first day of which costs are asked: as far back as a forecast looks."""
    return min(weekly_days(day)[0], from_on)

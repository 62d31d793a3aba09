"""An objective at the end of a day: its value, where it goes, and whether that is enough."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from fractions import Fraction

from msgspec import Struct

from services.metrics.domain.plans.conditions import ObjectiveVerdict, SubjectFigures
from services.metrics.domain.plans.document import Objective
from services.metrics.domain.plans.forecast import STEPS_MIN, Figure, Forecast, forecast
from services.metrics.domain.plans.texts import figure_text, kpi_text, opening
from services.metrics.domain.plans.traits import KpiTraits


class PathPoint(Struct, frozen=True):
    """The value at the end of a day."""

    on: date
    value: float


class JudgedObjective(Struct, frozen=True, kw_only=True):
    """Numbers are those of the answer: exact ones were divided last of all."""

    id: str
    kpi: str
    value: float | None
    baseline: float | None
    expected_today: float | None
    target: float
    is_floor: bool
    by: date
    forecast: Forecast | None
    verdict: ObjectiveVerdict
    is_provisional: bool = False
    because: str
    path: tuple[PathPoint, ...] = ()  # by weeks, as far as a forecast looks back

    def as_subject(self) -> SubjectFigures:
        """For conditions."""
        ahead = self.forecast
        figures = {
            "value": self.value,
            "target": self.target,
            "forecast": None if ahead is None else ahead.value,
            "low": None if ahead is None else ahead.low,
            "high": None if ahead is None else ahead.high,
        }
        return SubjectFigures(
            subject=self.id, state=self.verdict, figures=figures, words=self.because
        )


def judge_objective(
    objective: Objective,
    traits: KpiTraits,
    *,
    day: date,
    from_on: date,
    values: Sequence[Figure | None],
    baseline: Figure | None,
    at_by: Figure | None = None,
    currency: str | None = None,
) -> JudgedObjective:
    """`values` by weeks, that of `day` last; `at_by`: the value at `by`, once that is over."""
    path = _known_run(values)
    is_over = day >= objective.by
    days_left = (objective.by - day).days
    ahead = None if is_over else forecast(path, days_left, is_share=traits.is_share)
    value = at_by if is_over else values[-1]
    verdict = _verdict(objective, ahead, value, is_over=is_over)
    ripe_on = objective.by + timedelta(days=traits.ripen_days)
    is_provisional = is_over and verdict in ("met", "missed") and day < ripe_on
    expected = expected_on(objective, day, from_on, baseline)
    return JudgedObjective(
        id=objective.id,
        kpi=objective.kpi,
        value=_float(value),
        baseline=_float(baseline),
        expected_today=expected,
        target=objective.target,
        is_floor=objective.is_floor,
        by=objective.by,
        forecast=ahead,
        verdict=verdict,
        is_provisional=is_provisional,
        path=_path(path, day),
        because=_because(
            objective,
            lambda each: figure_text(each, traits, currency),
            verdict,
            value,
            ahead,
            len(path),
        ),
    )


def expected_on(
    objective: Objective, day: date, from_on: date, baseline: Figure | None
) -> float | None:
    """On the straight line from the value before the plan to the target at `by`."""
    if baseline is None:
        return None
    before = from_on - timedelta(days=1)
    whole = (objective.by - before).days
    gone = min(max((day - before).days, 0), whole)
    target = Fraction(objective.target)
    return float(baseline + (target - Fraction(baseline)) * Fraction(gone, whole))


def reaches(objective: Objective, value: Figure) -> bool:
    """Whether a value is what the objective asks for."""
    return value >= objective.target if objective.is_floor else value <= objective.target


def _verdict(
    objective: Objective, ahead: Forecast | None, value: Figure | None, *, is_over: bool
) -> ObjectiveVerdict:
    if is_over:
        if value is None:
            return "too_early"
        return "met" if reaches(objective, value) else "missed"
    if ahead is None:
        return "too_early"
    worse, better = (ahead.low, ahead.high) if objective.is_floor else (ahead.high, ahead.low)
    if reaches(objective, worse):
        return "ahead"
    if reaches(objective, ahead.value):
        return "on_track"
    return "at_risk" if reaches(objective, better) else "off_track"


def _path(values: Sequence[Figure], day: date) -> tuple[PathPoint, ...]:
    first = day - timedelta(days=7) * (len(values) - 1)
    return tuple(
        PathPoint(first + timedelta(days=7) * place, _number(value))
        for place, value in enumerate(values)
    )


def _known_run(values: Sequence[Figure | None]) -> list[Figure]:
    """The newest values, as far back as none is missing."""
    run: list[Figure] = []
    for value in reversed(values):
        if value is None:
            break
        run.append(value)
    return run[::-1]


def _because(
    objective: Objective,
    text: Callable[[Figure], str],
    verdict: str,
    value: Figure | None,
    ahead: Forecast | None,
    weeks: int,
) -> str:
    asked = "at least" if objective.is_floor else "at most"
    target = f"{asked} {text(objective.target)} by {objective.by}"
    name = opening(kpi_text(objective.kpi))
    if value is None:
        return f"{name} has no value to judge; wanted: {target}."
    now = text(value)
    if verdict in ("met", "missed"):
        return f"{name} came to {now}; wanted: {target}."
    if ahead is None:
        known = "1 weekly value is" if weeks == 1 else f"{weeks} weekly values are"
        words = f"{known} known, {STEPS_MIN + 1} are needed"
        return f"{name} is {now}; {words} to look ahead. Wanted: {target}."
    return (
        f"{name} is {now} and goes to {text(ahead.value)}, between {text(ahead.low)} and"
        f" {text(ahead.high)} in four cases of five (by {ahead.errors} errors over {ahead.weeks}"
        f" weeks). Wanted: {target}."
    )


def _float(value: Figure | None) -> float | None:
    return None if value is None else _number(value)


def _number(value: Figure) -> float:
    number = float(value)
    return int(number) if number == int(number) else number

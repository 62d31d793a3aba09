"""A plan at the end of a day: the whole as it is answered, and as conditions see it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from services.metrics.domain.plans.alerts import Alert
from services.metrics.domain.plans.budget import JudgedLine
from services.metrics.domain.plans.conditions import DayFacts, SubjectFigures
from services.metrics.domain.plans.contingencies import ContingencyState, PlannedAction, action_of
from services.metrics.domain.plans.document import CollectionPlan
from services.metrics.domain.plans.in_force import ForceMatch
from services.metrics.domain.plans.objectives import JudgedObjective
from services.metrics.domain.plans.resources import ResourceUse
from services.metrics.domain.plans.reviews import ReviewTimes


class JudgedDay(Struct, frozen=True, kw_only=True):
    """What the figures say of a plan at the end of a day."""

    day: date
    version: int
    objectives: tuple[JudgedObjective, ...]
    budget: tuple[JudgedLine, ...]
    kpis: Mapping[str, float | None]  # that conditions ask for
    experiments: Mapping[str, SubjectFigures]
    reviews: ReviewTimes

    def facts(self, *, is_behind: bool, parked: int) -> DayFacts:
        """For conditions."""
        times = self.reviews
        return DayFacts(
            day=self.day,
            objectives=[each.as_subject() for each in self.objectives],
            budget=[line.as_subject() for line in self.budget if line.state is not None],
            kpis=self.kpis,
            experiments=self.experiments,
            review_due_on=times.next_on if times.overdue else None,
            is_behind=is_behind,
            parked=parked,
        )


class ContingencyStanding(Struct, frozen=True, kw_only=True):
    """A contingency as it stands, with what it did last."""

    id: str
    state: ContingencyState
    action: str
    triggered_on: date | None
    from_on: date | None
    because: str | None


def standing(
    plan: CollectionPlan, actions: Sequence[PlannedAction], open_alerts: Sequence[Alert]
) -> list[ContingencyStanding]:
    """`actions`: the newest of each contingency. One whose alert has ended is armed again, unless
    it acts once."""
    by_id = {each.contingency: each for each in actions}
    held = {alert.rule for alert in open_alerts if alert.kind == "contingency"}
    found = []
    for contingency in plan.contingencies:
        last = by_id.get(contingency.id)
        is_over = last is not None and last.state in ("acted", "failed")
        is_armed = last is None or (is_over and contingency.id not in held and not contingency.once)
        shown = None if is_armed and not is_over else last
        found.append(
            ContingencyStanding(
                id=contingency.id,
                state="armed" if is_armed or last is None else last.state,
                action=action_of(contingency.do),
                triggered_on=None if shown is None else shown.triggered_on,
                from_on=None if shown is None else shown.from_on,
                because=None if shown is None else shown.because,
            )
        )
    return found


def progress_answer(
    judged: JudgedDay,
    *,
    plan_id: str,
    title: str,
    currency: str | None,
    state: str,
    resources: ResourceUse,
    in_force: Sequence[ForceMatch],
    contingencies: Sequence[ContingencyStanding],
    alerts: Sequence[Alert],
    kpis: Mapping[str, Any],
) -> dict[str, Any]:
    """`GET /v1/plans/{id}/progress`."""
    return {
        "plan_id": plan_id,
        "title": title,
        "currency": currency,
        "state": state,
        "version": judged.version,
        "day": judged.day,
        "objectives": [_objective(each, kpis) for each in judged.objectives],
        "budget": [_line(each) for each in judged.budget],
        "resources": resources,
        "in_force": in_force,
        "contingencies": contingencies,
        "reviews": judged.reviews,
        "alerts": [
            {
                "alert_id": alert.alert_id,
                "kind": alert.kind,
                "rule": alert.rule,
                "subject": alert.subject,
                "state": alert.state,
                "days": alert.days,
                "words": alert.words,
            }
            for alert in alerts
        ],
    }


def _objective(each: JudgedObjective, kpis: Mapping[str, Any]) -> dict[str, Any]:
    traits, ahead = kpis[each.kpi], each.forecast
    return {
        "id": each.id,
        "kpi": each.kpi,
        "unit": traits.unit,
        "value": each.value,
        "baseline": each.baseline,
        "expected_today": each.expected_today,
        "target": each.target,
        "wanted": "at_least" if each.is_floor else "at_most",
        "by": each.by,
        "forecast": None
        if ahead is None
        else {
            "value": ahead.value,
            "low": ahead.low,
            "high": ahead.high,
            "by": each.by,
            "weeks": ahead.weeks,
            "errors": ahead.errors,
        },
        "verdict": each.verdict,
        "provisional": each.is_provisional,
        "because": each.because,
        "path": each.path,
    }


def _line(line: JudgedLine) -> dict[str, Any]:
    ahead = line.forecast
    return {
        "id": line.id,
        "amount_minor": line.amount_minor,
        "actual_minor": line.actual_minor,
        "forecast": None
        if ahead is None
        else {
            "value": ahead.value,
            "low": ahead.low,
            "high": ahead.high,
            "weeks": ahead.weeks,
            "errors": ahead.errors,
        },
        "state": line.state,
        "because": line.because,
    }

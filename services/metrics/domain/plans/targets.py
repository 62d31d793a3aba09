"""A running plan's objectives as targets of the figures that they are about."""

from collections.abc import Iterator
from datetime import timedelta

from services.metrics.domain.plans.states import PlanRecord
from services.metrics.domain.targets import CURRENCY, Target


def targets_of(record: PlanRecord) -> Iterator[tuple[str, Target]]:
    """By KPI: each version's objectives, on the days that are judged by it. A sum of all days of
    the plan is a target of figures that begin where the plan does."""
    approved = [each for each in record.versions if each.holds_from is not None]
    for version in approved:
        plan, holds_from = version.plan, version.holds_from
        if holds_from is None or plan.from_on is None or plan.to_on is None:
            continue
        later = [v.holds_from for v in approved if v.version > version.version and v.holds_from]
        ends_on = min([plan.to_on, *(day - timedelta(days=1) for day in later)])
        for objective in plan.objectives:
            split = dict(objective.split)
            if currency := objective.currency or plan.currency:
                split.setdefault(CURRENCY, currency)
            yield (
                objective.kpi,
                Target(
                    max(holds_from, plan.from_on),
                    split,
                    objective.target,
                    until=ends_on,
                    plan_id=record.plan_id,
                    by=objective.counted or "",
                    per=objective.per or "",
                    window_from=plan.from_on if objective.days == "plan" else None,
                ),
            )

"""Objectives of running plans as targets of the KPIs: they come before a tenant's own."""

from collections.abc import Iterable, Sequence

from services.metrics.domain.plans.states import PlanRecord
from services.metrics.domain.plans.traits import find_traits
from services.metrics.domain.targets import CURRENCY, Target


def objective_targets(plans: Iterable[PlanRecord], kpi: str) -> list[Target]:
    """Those that an answer can be held against: not sums over the plan, whose days are its own, and
    none that counts otherwise than the KPI does by itself."""
    traits = find_traits(kpi)
    found = []
    for record in plans:
        version = record.approved
        if record.state != "running" or version is None or traits is None:
            continue
        plan = version.plan
        for each in plan.objectives:
            is_usual = each.per is None and each.counted in (None, traits.by[0])
            if each.kpi != kpi or each.days == "plan" or not is_usual or plan.from_on is None:
                continue
            split = dict(each.split)
            currency = each.currency or plan.currency
            if traits.is_money and currency is not None:
                split[CURRENCY] = currency
            found.append(Target(plan.from_on, split, each.target))
    return found


def with_objectives(targets: Sequence[Target], objectives: Sequence[Target]) -> list[Target]:
    """The tenant's own, but for those that an objective of the same split stands before."""
    since = {_key(each): each.from_on for each in objectives}
    own = [each for each in targets if _key(each) not in since or each.from_on < since[_key(each)]]
    return [*own, *objectives]


def _key(target: Target) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(target.split.items()))

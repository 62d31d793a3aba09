"""One metric of one challenger against the champion, over the days: its course and its verdict."""

from collections.abc import Iterable
from datetime import date
from typing import Literal

from msgspec import Struct

from services.metrics.domain.experiments.analysis import Compared
from services.metrics.domain.experiments.effects import Effect, effect_of
from services.metrics.domain.experiments.sequential import ALPHA, Look, looks
from services.metrics.domain.experiments.sums import ArmSums, Ripe, total

ComparisonVerdict = Literal[
    "too_early", "better", "worse", "no_difference", "undecided", "broken", "kept"
]


class Comparison(Struct, frozen=True, kw_only=True):
    """`decided_on`: the first day on which it was decided; of a guardrail, on which it broke."""

    arm: str
    compared: Compared
    course: tuple[Look, ...]  # the days on which both arms had enough accounts
    decided_on: date | None
    verdict: ComparisonVerdict
    level: float | None  # the challenger's figure, and the champion's
    champion_level: float | None

    @property
    def last(self) -> Look | None:
        return self.course[-1] if self.course else None


def compare(
    ripe: Ripe,
    compared: Compared,
    *,
    champion: str,
    arm: str,
    at_least: int,
    challengers: int,
) -> Comparison:
    """`ripe` reaches to the day asked for, and no further."""
    is_guardrail = compared.role == "guardrail"
    alpha = ALPHA if is_guardrail else ALPHA / challengers
    key = (compared.metric, compared.currency)
    sums = {name: ripe.get((name, key), ()) for name in (champion, arm)}
    days = sorted({day for of_arm in sums.values() for day, _ in of_arm})
    effects = _effects(days, dict(sums[champion]), dict(sums[arm]), at_least)
    course = tuple(looks(effects, tau=compared.size, alpha=alpha))
    decided = (
        next((look for look in course if _is_broken(look, compared)), None)
        if is_guardrail
        else next((look for look in course if look.p <= alpha), None)
    )
    return Comparison(
        arm=arm,
        compared=compared,
        course=course,
        decided_on=None if decided is None else decided.day,
        verdict=_verdict(compared, course, decided),
        level=total(sums[arm]).ratio,
        champion_level=total(sums[champion]).ratio,
    )


def _effects(
    days: Iterable[date],
    champion: dict[date, ArmSums],
    challenger: dict[date, ArmSums],
    at_least: int,
) -> Iterable[tuple[date, Effect]]:
    """At the end of each day from the first on which both have enough accounts."""
    first = second = ArmSums()
    for day in days:
        first = first.plus(champion.get(day, ArmSums()))
        second = second.plus(challenger.get(day, ArmSums()))
        if min(first.accounts, second.accounts) < at_least:
            continue
        effect = effect_of(first, second)
        if effect is not None:
            yield day, effect


def _is_broken(look: Look, compared: Compared) -> bool:
    """Whether the whole interval lies beyond the tolerance on the bad side."""
    if compared.is_lower_better:
        return look.interval.low > compared.size
    return look.interval.high < -compared.size


def _verdict(
    compared: Compared, course: tuple[Look, ...], decided: Look | None
) -> ComparisonVerdict:
    if not course:
        return "too_early"
    if compared.role == "guardrail":
        return "kept" if decided is None else "broken"
    if decided is not None:
        is_more = decided.effect > 0
        return "worse" if is_more is compared.is_lower_better else "better"
    if course[-1].interval.is_within(compared.size):
        return "no_difference"
    return "undecided"

"""Whether the arms have the sizes they were drawn with: where they have not, who is exposed depends
on the arm, and no effect can be read off."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from msgspec import Struct

from services.metrics.domain.experiments.sums import ArmExposures

MISMATCH_FROM = 1_000.0
_WEIGHT = 100.0  # of the shares, as so many accounts seen before
_LOG_MAX = 690.0  # e^690 is still a number


class Mismatch(Struct, frozen=True):
    """`evidence`: the most that there was at the end of any exposure day."""

    evidence: float
    is_mismatch: bool


def evidence_of(counts: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """Γ(100) ÷ Γ(100 + n) · Π Γ(100 sᵢ + nᵢ) ÷ Γ(100 sᵢ) ÷ Π sᵢ^nᵢ."""
    known = {arm: share for arm, share in shares.items() if share > 0}
    if any(count > 0 and arm not in known for arm, count in counts.items()):
        return math.exp(_LOG_MAX)  # accounts in an arm that nobody is drawn into
    total = sum(counts.values())
    log = math.lgamma(_WEIGHT) - math.lgamma(_WEIGHT + total)
    for arm, share in known.items():
        count = counts.get(arm, 0)
        log += math.lgamma(_WEIGHT * share + count) - math.lgamma(_WEIGHT * share)
        log -= count * math.log(share)
    return math.exp(min(log, _LOG_MAX))


def mismatch_of(days: Iterable[ArmExposures], shares: Mapping[str, float]) -> Mismatch:
    """Looked at at the end of each exposure day."""
    by_day: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for each in days:
        if each.exposed:
            by_day[each.day][each.arm] += each.exposed
    counts: dict[str, int] = defaultdict(int)
    most = 0.0
    for day in sorted(by_day):
        for arm, exposed in by_day[day].items():
            counts[arm] += exposed
        most = max(most, evidence_of(counts, shares))
    return Mismatch(most if counts else 1.0, most >= MISMATCH_FROM)

"""How long until debts are settled, those that are still open, or ended otherwise, among them.

The estimate after Kaplan and Meier: a debt that is only known to have been open for so many days
counts for as long as that, and says nothing of later. Exact throughout.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

LONGEST = 365  # days that the mean is restricted to, at most


class Survival(NamedTuple):
    """By days since entry. None: the share that is open never falls so far."""

    median: int | None
    p90: int | None
    mean: Fraction | None
    restricted_to: int
    curve: list[tuple[int, Fraction]]  # the share that is open after each day of a settlement


def survival(settled: Mapping[int, int], censored: Mapping[int, int]) -> Survival:
    """By days: the weight of what was settled then, and of what was watched until then."""
    days = sorted(day for day in {*settled, *censored} if settled.get(day) or censored.get(day))
    if not days:
        return Survival(None, None, None, 0, [])
    restricted_to = min(LONGEST, days[-1])
    at_risk = sum(settled.values()) + sum(censored.values())
    still, mean, since = Fraction(1), Fraction(0), 0
    curve: list[tuple[int, Fraction]] = []
    for day in days:
        done = settled.get(day, 0)
        if done:
            mean += still * max(0, min(day, restricted_to) - since)
            since = min(day, restricted_to)
            still *= 1 - Fraction(done, at_risk)
            curve.append((day, still))
        at_risk -= done + censored.get(day, 0)
    mean += still * (restricted_to - since)
    return Survival(
        _first(curve, Fraction(1, 2)), _first(curve, Fraction(1, 10)), mean, restricted_to, curve
    )


def _first(curve: list[tuple[int, Fraction]], share: Fraction) -> int | None:
    return next((day for day, still in curve if still <= share), None)

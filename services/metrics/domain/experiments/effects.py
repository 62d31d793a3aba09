"""The effect of an arm: the difference of two ratios of sums, and how sure it is.

Sums are exact, so a variance is too: it is made of whole numbers and divided once.
"""

from typing import NamedTuple

from services.metrics.domain.experiments.sums import ArmSums


class Level(NamedTuple):
    """An arm's ratio r = ΣY ÷ ΣX, and the variance of it."""

    value: float
    variance: float


class Effect(NamedTuple):
    """The challenger's ratio less the champion's, and the variance of that."""

    value: float
    variance: float


def level_of(sums: ArmSums) -> Level | None:
    """None: nothing to divide by, or one account alone, whose spread nobody knows.

    v = Σ(Y − rX)² ÷ (n(n − 1)) ÷ (ΣX ÷ n)², written over the one denominator (n − 1)(ΣX)⁴.
    """
    if sums.accounts < 2 or sums.x <= 0:
        return None
    y, x = sums.y, sums.x
    spread = sums.yy * x * x - 2 * y * x * sums.xy + y * y * sums.xx
    return Level(y / x, spread * sums.accounts / ((sums.accounts - 1) * x**4))


def effect_of(champion: ArmSums, challenger: ArmSums) -> Effect | None:
    first, second = level_of(champion), level_of(challenger)
    if first is None or second is None:
        return None
    return Effect(second.value - first.value, first.variance + second.variance)

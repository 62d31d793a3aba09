"""The test that holds on all days at once (a mixture over N(0, τ²)), so that it may be looked at
every day: its intervals hold together, and its p is the least so far."""

import math
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from services.metrics.domain.experiments.effects import Effect

ALPHA = 0.05


class Interval(NamedTuple):
    low: float
    high: float

    def is_within(self, size: float) -> bool:
        """Whether all of it lies within ± size."""
        return -size <= self.low and self.high <= size


class Look(NamedTuple):
    """The test as it stands at the end of a day."""

    day: date
    effect: float
    interval: Interval
    p: float  # the least so far


def interval_of(effect: Effect, *, tau: float, alpha: float) -> Interval:
    """d ± √(V(V + τ²) ÷ τ² · (ln((V + τ²) ÷ V) + 2 ln(1 ÷ α)))."""
    spread, prior = effect.variance, tau * tau
    if spread <= 0:
        return Interval(effect.value, effect.value)
    both = spread + prior
    width = math.sqrt(spread * both / prior * (math.log(both / spread) + 2 * math.log(1 / alpha)))
    return Interval(effect.value - width, effect.value + width)


def p_of(effect: Effect, *, tau: float) -> float:
    """min(1, √((V + τ²) ÷ V) · exp(−τ²d² ÷ (2V(V + τ²))))."""
    spread, prior = effect.variance, tau * tau
    if spread <= 0:
        return 1.0 if effect.value == 0 else 0.0
    both = spread + prior
    log = math.log(both / spread) / 2 - prior * effect.value**2 / (2 * spread * both)
    return 1.0 if log >= 0 else math.exp(log)


def looks(days: Iterable[tuple[date, Effect]], *, tau: float, alpha: float) -> Iterable[Look]:
    """The test at the end of each of the days, which come in order."""
    least = 1.0
    for day, effect in days:
        least = min(least, p_of(effect, tau=tau))
        yield Look(day, effect.value, interval_of(effect, tau=tau, alpha=alpha), least)

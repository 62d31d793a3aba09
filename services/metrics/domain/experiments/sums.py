"""The figures of the arms by day: what the tests are made of.

An account comes once, on its ripe day (the last of its window), with Y and X of each metric. The
sums of a day are exact whole numbers: money in minor units, everything else in ones.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Self

from msgspec import Struct


class ArmSums(Struct, frozen=True, order=True):
    """Of some accounts: how many, ΣY, ΣX, ΣY², ΣXY, ΣX²."""

    accounts: int = 0
    y: int = 0
    x: int = 0
    yy: int = 0
    xy: int = 0
    xx: int = 0

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, int]]) -> Self:
        """Of each account's (Y, X)."""
        total = cls()
        for y, x in pairs:
            total = total.plus(cls(1, y, x, y * y, x * y, x * x))
        return total

    @property
    def ratio(self) -> float | None:
        """ΣY ÷ ΣX; None: nothing to divide by."""
        return self.y / self.x if self.x > 0 else None

    def plus(self, other: "ArmSums") -> Self:
        return type(self)(
            self.accounts + other.accounts,
            self.y + other.y,
            self.x + other.x,
            self.yy + other.yy,
            self.xy + other.xy,
            self.xx + other.xx,
        )

    def times(self, factor: int) -> Self:
        """So many times over; −1: taken off again."""
        return type(self)(
            self.accounts * factor,
            self.y * factor,
            self.x * factor,
            self.yy * factor,
            self.xy * factor,
            self.xx * factor,
        )


class ArmDay(Struct, frozen=True, kw_only=True):
    """The accounts of an arm that became ripe on a day, of one metric."""

    arm: str
    metric: str
    currency: str | None = None  # of a metric of money
    day: date
    sums: ArmSums


class ArmExposures(Struct, frozen=True, kw_only=True):
    """What became of an arm's accounts on a day."""

    arm: str
    day: date
    enrolled: int = 0
    exposed: int = 0
    crossed: int = 0  # were named another arm later, and stay


MetricKey = tuple[str, str | None]  # metric and currency
Ripe = Mapping[tuple[str, MetricKey], Sequence[tuple[date, ArmSums]]]


def by_arm(days: Iterable[ArmDay]) -> dict[tuple[str, MetricKey], list[tuple[date, ArmSums]]]:
    """By arm and metric the sums of each day, in the order of days."""
    found: dict[tuple[str, MetricKey], dict[date, ArmSums]] = defaultdict(dict)
    for each in days:
        mine = found[each.arm, (each.metric, each.currency)]
        mine[each.day] = mine.get(each.day, ArmSums()).plus(each.sums)
    return {key: sorted(mine.items()) for key, mine in found.items()}


def total(days: Iterable[tuple[date, ArmSums]]) -> ArmSums:
    """Of all of the days."""
    result = ArmSums()
    for _, sums in days:
        result = result.plus(sums)
    return result

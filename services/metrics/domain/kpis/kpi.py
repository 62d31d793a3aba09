"""What a KPI is: its definition, what it is split by, what its formula needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from services.metrics.domain.figures import By, Figures
from services.metrics.domain.measures import Need

Number = int | Fraction
KpiKind = Literal["flow", "stock", "cohort"]
# Of a numerator or denominator: `minor_days` are minor units times days.
PartUnit = Literal["minor", "count", "minor_days", "ratio"]


def written(number: Number) -> int | float:
    """A number as it is answered."""
    return int(number) if number == int(number) else float(number)


class Ratio(NamedTuple):
    """A KPI's value; None where the denominator is 0, or nothing that can be divided by."""

    value: Number | None
    numerator: Number | None  # None: it has no value either
    denominator: Number | None  # None: a sum, not a ratio
    extra: Mapping[str, Any] = {}  # further members of the answer


Part = Literal["numerator", "denominator"]
PARTS: tuple[Part, Part] = ("numerator", "denominator")


def ratio(numerator: Number, denominator: Number, times: Number = 1, **extra: Any) -> Ratio:
    """numerator ÷ denominator × times."""
    if denominator == 0:
        return Ratio(None, numerator, denominator, extra)
    return Ratio(Fraction(numerator) / denominator * times, numerator, denominator, extra)


def ratio_above_zero(
    numerator: Number, denominator: Number, times: Number = 1, **extra: Any
) -> Ratio:
    """The same, and None where the denominator is below 0: the quotient would mean nothing."""
    if denominator <= 0:
        return Ratio(None, numerator, denominator, extra)
    return ratio(numerator, denominator, times, **extra)


def total(value: Number, **extra: Any) -> Ratio:
    """A sum or a count: nothing is divided."""
    return Ratio(value, value, None, extra)


MONEY = ("currency", "segment", "country", "kind", "arm")
ACCOUNTS = tuple(split for split in MONEY if split != "currency")  # of whole accounts
SOLD = ("currency", "segment", "country")  # docs/decisions/0006-splits-of-dso.md
TOUCHED = ("channel", "collector", "strategy", "arm", "currency")
CONTACT = ("channel", "strategy", "segment", "country", "kind", "collector", "arm")


@dataclass(frozen=True, kw_only=True)
class Kpi:
    """One KPI. `needs`: the measures that its formula reads."""

    name: str
    definition: str
    unit: Literal["ratio", "days", "minor", "count"]
    kind: KpiKind
    better: Literal["higher", "lower"] | None
    splits: tuple[str, ...]
    formula: Callable[[Figures], Ratio]
    needs: tuple[Need, ...]
    by: tuple[By, ...] = ("amount",)
    mark: str | None = None  # the split that its measures have as their mark
    is_money: bool = True  # else it is over all currencies
    # What else a part is computed of: the days that end with it, its calendar months, the months of
    # 36 that end with it, as many days before it.
    over: Literal["window", "trailing", "months", "countback", "before"] = "window"
    is_of_months: bool = False  # its windows are of whole months, by what is there before each
    ripe_days: int = 0  # of a cohort: how many days its things need
    members: tuple[str, ...] = ()  # further members of the answer
    has_curve: bool = False  # by days since a thing's own day
    mark_formula: Callable[[Figures], Ratio] | None = None  # of one mark, where it differs
    # What one thing adds to numerator and denominator, given the figures of it and of all, where
    # these are no sums: `formula` of a thing's own figures adds up otherwise.
    share: Callable[[Figures, Figures], Ratio] | None = None
    part_units: tuple[PartUnit, PartUnit] | None = None  # where they are not what the KPI counts
    taken: tuple[tuple[str, "Kpi"], ...] = ()  # what it is where it is taken per something else
    is_per: str = ""  # of one of those

    @property
    def per(self) -> tuple[str, ...]:
        """What else it may be taken per."""
        return tuple(name for name, _ in self.taken)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """All that it may be split by, also where it is taken per something else."""
        more = (name for _, kpi in self.taken for name in kpi.splits)
        return tuple(dict.fromkeys((*self.splits, *more)))

    @property
    def has_denominator(self) -> bool:
        """Whether it is divided by anything; else it is a sum, or has no other part."""
        return self.unit in ("ratio", "days") and self.over != "countback"

    def part_unit(self, part: Part, by: By) -> PartUnit:
        """What its numerator or denominator is counted in."""
        if self.part_units is not None:
            return self.part_units[PARTS.index(part)]
        return "minor" if self.is_money and by == "amount" else "count"

    def taken_per(self, per: str) -> "Kpi":
        """What it is where it is taken per something else."""
        return dict(self.taken).get(per, self)

    def __reduce__(self) -> tuple[Any, ...]:
        """To another process it goes by its name: formulas are functions."""
        return _by_name, (self.name, self.is_per)


def _by_name(name: str, per: str) -> Kpi:
    from services.metrics.domain.kpis import KPIS  # it imports this module

    kpi: Kpi = KPIS[name]
    return kpi.taken_per(per)

"""What a figure is made of: one row per thing that counts, with its day, its money, its splits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from tests.oracles.metrics.book import Book
from tests.oracles.metrics.things import NEVER

Number = Fraction | int


@dataclass(frozen=True)
class Row:
    """`side`: what it adds to. A dimension that a row does not have at all is not asked of it."""

    side: str
    currency: str
    on: int
    split: Mapping[str, str]
    amount: Number
    count: int = 1
    account: str = ""
    part: int = 0  # of a window that is cut
    rate_on: int | None = None  # whose rate converts it, if it is not its own day's


@dataclass(frozen=True)
class Asked:
    """One window of one question."""

    book: Book
    start: int
    end: int
    at: int
    by: str
    per: str | None = None
    splits: frozenset[str] = frozenset()  # asked for, as groups or as filters
    first_days: Mapping[str, int] = field(default_factory=dict)
    known: int = NEVER  # the last day of which something can be known

    @property
    def days(self) -> int:
        return self.end - self.start + 1

    def has(self, day: int) -> bool:
        return self.start <= day <= self.end


class Value(NamedTuple):
    value: Number | None
    numerator: Number | None
    denominator: Number | None
    more: Mapping[str, object] = {}


@dataclass(frozen=True)
class Rows:
    """The rows of one group."""

    asked: Asked
    rows: list[Row]

    def of(self, side: str, part: int | None = None) -> Number:
        """The sum of a side, by what is asked for."""
        by_count = self.asked.by == "count"
        return sum(
            (row.count if by_count else row.amount for row in self.on_side(side, part)), start=0
        )

    def amount(self, side: str, part: int | None = None) -> Number:
        return sum((row.amount for row in self.on_side(side, part)), start=0)

    def count(self, side: str) -> int:
        return sum(row.count for row in self.on_side(side))

    def on_side(self, side: str, part: int | None = None) -> Iterable[Row]:
        return (row for row in self.rows if row.side == side and (part is None or row.part == part))


def ratio(numerator: Number, denominator: Number, times: Number = 1) -> Value:
    if denominator == 0:
        return Value(None, numerator, denominator)
    return Value(Fraction(numerator) / denominator * times, numerator, denominator)


def ratio_above_zero(numerator: Number, denominator: Number, times: Number = 1) -> Value:
    """The same, and none where the denominator is below 0."""
    return (
        ratio(numerator, denominator, times)
        if denominator > 0
        else Value(None, numerator, denominator)
    )


def total(number: Number) -> Value:
    return Value(number, number, None)

"""Cells that have a kind of their own: numbers and days of workbooks and of JSON.

They are texts too, so that every rule can read them; where a rule wants a number or a day, it takes
the value, whatever the mapping says of how texts are written.
"""

from datetime import date, datetime
from decimal import Decimal


class NumberCell(str):
    """A number as its file has it, written with a dot."""

    __slots__ = ("is_float", "value")
    value: Decimal
    is_float: bool  # it may be off by what floats can't keep

    def __new__(cls, text: str, value: Decimal, *, is_float: bool) -> "NumberCell":
        cell = super().__new__(cls, text)
        cell.value, cell.is_float = value, is_float
        return cell

    def strip(self, _characters: str | None = None, /) -> str:
        return self


class DayCell(str):
    """A day, or a day with a time, written as ISO 8601 has them."""

    __slots__ = ("moment",)
    moment: date | datetime

    def __new__(cls, moment: date | datetime) -> "DayCell":
        cell = super().__new__(cls, moment.isoformat())
        cell.moment = moment
        return cell

    @property
    def day(self) -> date:
        return self.moment.date() if isinstance(self.moment, datetime) else self.moment

    def strip(self, _characters: str | None = None, /) -> str:
        return self


def number_cell(value: float | int | Decimal) -> NumberCell:
    """The cell of a number. Raises `ValueError` for what is none."""
    is_float = isinstance(value, float)
    exact = Decimal(repr(value)) if is_float else Decimal(value)
    if not exact.is_finite() or not -400 < exact.adjusted() < 400:
        raise ValueError(f"{value!r} is no number that can be read")
    if exact == exact.to_integral_value() and abs(exact) < 10**18:
        return NumberCell(str(int(exact)), exact, is_float=is_float)
    return NumberCell(f"{exact:f}", exact, is_float=is_float)

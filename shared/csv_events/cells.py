"""The language of cells: what becomes of a text, and of a row.

A rule is checked once and becomes a `Value`; of each row it makes its part of the event. Rules read
a row of texts by the columns' names, without the spaces around them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from shared.csv_events.amounts import (
    PLAIN,
    NumberFormat,
    Sign,
    currency_of,
    shown,
    signed,
    to_minor,
    to_whole,
)
from shared.csv_events.days import DayFormats, plus_days

Row = Mapping[str, str]
Places = Iterator[tuple[str, str]]  # (pointer, column)
Convert = Callable[[str, Row, str | None], Any]  # of a text, its row, and the event's currency

_TRUE, _FALSE = frozenset({"yes", "true", "1", "y"}), frozenset({"no", "false", "0", "n"})
_NOT_IN_IDS = re.compile(r"[/\x00-\x1f\x7f-\x9f]")
_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]{1,1000})\}|[{}]")
_PRECISE_DIGITS = 15  # a float of JSON keeps them


@dataclass(frozen=True)
class BadCell(Exception):
    """A cell that cannot become its field."""

    column: str
    reason: str


class EmptyCell(BadCell):
    """A cell that is empty where something must stand."""


class Value(Protocol):
    """A part of an event, as its rule makes it of a row."""

    def of(self, row: Row, currency: str | None) -> Any:
        """Raises `BadCell`. None: the part is left out."""

    def places(self, pointer: str) -> Places:
        """Every column that is read, and for which part of the event."""


@dataclass(frozen=True)
class Constant:
    value: Any

    def of(self, row: Row, currency: str | None) -> Any:
        return self.value

    def places(self, pointer: str) -> Places:
        return iter(())


@dataclass(frozen=True)
class Fields:
    """Parts by name."""

    parts: Mapping[str, Value]

    def of(self, row: Row, currency: str | None) -> Any:
        made = {name: part.of(row, currency) for name, part in self.parts.items()}
        return {name: value for name, value in made.items() if value is not None}

    def places(self, pointer: str) -> Places:
        for name, part in self.parts.items():
            yield from part.places(f"{pointer}/{name}")


@dataclass(frozen=True)
class Items:
    """Parts in a list."""

    parts: tuple[Value, ...]

    def of(self, row: Row, currency: str | None) -> Any:
        return [part.of(row, currency) for part in self.parts]

    def places(self, pointer: str) -> Places:
        for index, part in enumerate(self.parts):
            yield from part.places(f"{pointer}/{index}")


@dataclass(frozen=True)
class Template:
    """A text with columns in braces: literals and names by turns."""

    literals: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def of_text(cls, text: str) -> "Template":
        """Raises `ValueError` for a brace without its other. `{{` and `}}` are braces."""
        literals, names, rest = [""], list[str](), text
        while match := _BRACES.search(rest):
            literals[-1] += rest[: match.start()]
            rest = rest[match.end() :]
            if match[1] is not None:
                names.append(match[1].strip())
                literals.append("")
            elif len(match[0]) == 2:
                literals[-1] += match[0][0]
            else:
                raise ValueError(f"has a {match[0]} without its other: double what is none")
        literals[-1] += rest
        return cls(tuple(literals), tuple(names))

    def text(self, row: Row) -> str:
        """Empty if all its columns are."""
        found = [row[name] for name in self.names]
        if found and not any(found):
            return ""
        pieces = [literal + cell for literal, cell in zip(self.literals, found, strict=False)]
        return "".join(pieces) + self.literals[-1]


@dataclass(frozen=True)
class Column:
    """A column's text."""

    name: str

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def text(self, row: Row) -> str:
        return row[self.name]


@dataclass(frozen=True)
class Choice:
    """`map` with `else`: what stands for a text."""

    values: Mapping[str, Any]
    other: Any = None
    has_other: bool = False

    def of(self, text: str) -> Any:
        """Raises `ValueError`."""
        if text in self.values:
            return self.values[text]
        if self.has_other:
            return self.other
        raise ValueError(f"{shown(text)} is not in the map")


@dataclass(frozen=True)
class Cell:
    """A text of the row, and what becomes of it."""

    source: Column | Template
    convert: Convert
    optional: bool = False
    choice: Choice | None = None
    empty_is: str | None = None  # the currency of cells that name none
    kind: str = "text"
    days: DayFormats | None = None  # of a cell that is a day or an instant
    own: frozenset[str] = frozenset()  # what its rule says, whatever the mapping's default is
    reads: Value | None = None  # another cell, of money its currency

    def of(self, row: Row, currency: str | None) -> Any:
        text = self.source.text(row)
        column = self.source.names[0] if self.source.names else "text"
        try:
            if self.choice is not None and (text or "" in self.choice.values):
                chosen = self.choice.of(text)
                if not isinstance(chosen, str):
                    return chosen
                text = chosen
            if not text and self.empty_is is not None:
                text = self.empty_is
            if text:
                return self.convert(text, row, currency)
        except BadCell:
            raise
        except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError) as error:
            reason = (
                str(error) if isinstance(error, ValueError) else f"{shown(text)} cannot be read"
            )
            raise BadCell(column, reason) from error
        if self.optional:
            return None
        raise EmptyCell(column, "is empty")

    def places(self, pointer: str) -> Places:
        for name in self.source.names:
            yield pointer, name
        if self.reads is not None:
            yield from self.reads.places(pointer)


@dataclass(frozen=True)
class FirstOf:
    """The first part that is there."""

    parts: tuple[Value, ...]
    optional: bool = False

    def of(self, row: Row, currency: str | None) -> Any:
        missing: EmptyCell | None = None
        for part in self.parts:
            try:
                value = part.of(row, currency)
            except EmptyCell as empty:
                missing = empty
                continue
            if value is not None:
                return value
        if missing is not None and not self.optional:
            raise missing
        return None

    def places(self, pointer: str) -> Places:
        for part in self.parts:
            yield from part.places(pointer)


@dataclass(frozen=True)
class Manner:
    """How texts are read where a rule says nothing else."""

    numbers: NumberFormat = PLAIN
    days: DayFormats = field(default_factory=DayFormats)
    zone: str | None = None
    currency: str | None = None


# ------------------------------------------------- what becomes of a text


def to_text() -> Convert:
    return lambda text, row, currency: str(text)  # a number of a workbook, too


def to_id() -> Convert:
    return lambda text, row, currency: _NOT_IN_IDS.sub("_", str(text))


def to_currency() -> Convert:
    return lambda text, row, currency: currency_of(text)


def to_boolean() -> Convert:
    def convert(text: str, row: Row, currency: str | None) -> bool:
        word = text.casefold()
        if word not in _TRUE | _FALSE:
            raise ValueError(f"{shown(text)} is neither yes nor no")
        return word in _TRUE

    return convert


def to_integer(numbers: NumberFormat, sign: Sign) -> Convert:
    return lambda text, row, currency: signed(to_whole(text, numbers), sign)


def to_number(numbers: NumberFormat, sign: Sign) -> Convert:
    def convert(text: str, row: Row, currency: str | None) -> int | float:
        value = numbers.read(text, what="a number")
        if len(value.normalize().as_tuple().digits) > _PRECISE_DIGITS:
            raise ValueError(f"{shown(text)} has too many digits")
        value = -value if sign == "flip" else abs(value) if sign == "drop" else value
        whole = value == value.to_integral_value()
        return signed(int(value), "keep") if whole else float(value)

    return convert


def to_date(days: DayFormats, plus: int) -> Convert:
    return lambda text, row, currency: plus_days(days.day(text), plus).isoformat()


def to_instant(days: DayFormats, at: str | None, zone: str | None) -> Convert:
    return lambda text, row, currency: days.instant(text, at, zone)


def to_money(
    numbers: NumberFormat, sign: Sign, named: Value | None, default: str | None, *, minor: bool
) -> Convert:
    """Minor units of the event's currency; that of the rule must be the same.

    The rule's currency is a constant or a cell; the default is that of cells that name none.
    """

    def convert(text: str, row: Row, currency: str | None) -> int:
        code = named.of(row, None) if named is not None else None
        code = code or currency or default
        if code is None:
            raise ValueError(f"{shown(text)} has no currency")
        if currency is not None and code != currency:
            raise ValueError(f"{shown(text)} is read as {code}, but the row is in {currency}")
        if minor:
            return signed(to_whole(text, numbers, code), sign)
        return signed(to_minor(text, code, numbers), sign)

    return convert

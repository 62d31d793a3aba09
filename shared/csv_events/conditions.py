"""Which rows an event is made of: `where`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shared.csv_events.amounts import NumberFormat
from shared.csv_events.cells import BadCell, Row
from shared.csv_events.document import near
from shared.errors import FieldError
from shared.field_errors import escape

Test = Callable[[str], bool]  # of a cell's text; may raise `ValueError`
WORDS = ("in", "not", "empty", "starts", "from", "above", "below")


@dataclass(frozen=True)
class OfColumn:
    """What must hold of one column."""

    column: str
    tests: tuple[Test, ...]

    def holds(self, row: Row) -> bool:
        """Raises `BadCell`."""
        text = row[self.column]
        try:
            return all(test(text) for test in self.tests)
        except ValueError as error:
            raise BadCell(self.column, str(error)) from error

    def columns(self) -> Iterator[str]:
        yield self.column


@dataclass(frozen=True)
class All:
    """Every part must hold."""

    parts: tuple["Condition", ...]

    def holds(self, row: Row) -> bool:
        return all(part.holds(row) for part in self.parts)

    def columns(self) -> Iterator[str]:
        for part in self.parts:
            yield from part.columns()


@dataclass(frozen=True)
class AnyOf:
    """One part must hold."""

    parts: tuple["Condition", ...]

    def holds(self, row: Row) -> bool:
        return any(part.holds(row) for part in self.parts)

    def columns(self) -> Iterator[str]:
        for part in self.parts:
            yield from part.columns()


Condition = OfColumn | All | AnyOf


class ConditionReader:
    """Reads `where`, and collects what is wrong with it."""

    def __init__(
        self, numbers: NumberFormat, lists: Mapping[str, Any], errors: list[FieldError]
    ) -> None:
        self._numbers = numbers
        self._lists = lists
        self._errors = errors

    def read(self, rule: Any, path: str) -> Condition:
        if not isinstance(rule, dict) or not rule:
            self._fault(path, "must be a mapping of columns")
            return All(())
        parts: list[Condition] = []
        for name, entry in rule.items():
            inner = f"{path}/{escape(str(name))}"
            if not is_plain(name):
                self._fault(inner, "must be a column's name: write it in quotes")
            if name == "any":
                parts.append(self._any(entry, inner))
            else:
                parts.append(OfColumn(str(name).strip(), tuple(self._tests(entry, inner))))
        return All(tuple(parts))

    def _any(self, entry: Any, path: str) -> Condition:
        if not isinstance(entry, list) or not entry:
            self._fault(path, "must list conditions, of which one must hold")
            return All(())
        return AnyOf(tuple(self.read(each, f"{path}/{index}") for index, each in enumerate(entry)))

    def _tests(self, entry: Any, path: str) -> Iterator[Test]:
        if not isinstance(entry, dict):
            yield _one_of(self._texts(entry, path))
            return
        if not entry:
            self._fault(path, "must say what the column is to be")
        for word, value in entry.items():
            yield self._test(word, value, f"{path}/{escape(str(word))}")

    def _test(self, word: Any, value: Any, path: str) -> Test:
        if word == "in":
            return _one_of(self._list(value, path))
        if word == "not":
            return _none(tuple(self._tests(value, path)))
        if word == "empty":
            if not isinstance(value, bool):
                self._fault(path, "must be true or false")
            return lambda text: (not text) is value
        if word == "starts":
            starts = tuple(self._texts(value, path))
            return lambda text: text.startswith(starts)
        if word in ("from", "above", "below"):
            return self._compared(word, value, path)
        self._fault(path, f"is not known here{near(word, WORDS)}; known are {', '.join(WORDS)}")
        return lambda text: False

    def _compared(self, word: str, value: Any, path: str) -> Test:
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e15:
            self._fault(path, "must be a number")
            return lambda text: False
        bound, numbers = Decimal(str(value)), self._numbers

        def test(text: str) -> bool:
            if not text:
                return False
            number = numbers.amount_beside(text)
            if word == "below":
                return number < bound
            return number > bound if word == "above" else number >= bound

        return test

    def _list(self, value: Any, path: str) -> list[str]:
        if not isinstance(value, str):
            return self._texts(value, path)
        if value not in self._lists:
            self._fault(path, f"names no list of `lists`: {value}{near(value, self._lists)}")
        return [str(entry).strip() for entry in self._lists.get(value, ())]

    def _texts(self, value: Any, path: str) -> list[str]:
        entries = value if isinstance(value, list) else [value]
        for entry in entries:
            if not is_plain(entry):
                self._fault(path, f"must be texts: write {_as_written(entry)} in quotes")
        return [str(entry).strip() for entry in entries]

    def _fault(self, path: str, detail: str) -> None:
        self._errors.append(FieldError(path, detail))


def is_plain(entry: Any) -> bool:
    """Whether YAML kept a text, or a whole number that reads as it was written."""
    return isinstance(entry, str) or (isinstance(entry, int) and not isinstance(entry, bool))


def _as_written(entry: Any) -> str:
    if isinstance(entry, bool):
        return "yes, no, true or false"
    return "days, decimals and nothing (null)"


def _one_of(texts: list[str]) -> Test:
    wanted = frozenset(texts)
    return lambda text: text in wanted


def _none(tests: tuple[Test, ...]) -> Test:
    return lambda text: not all(test(text) for test in tests)

"""Objects of a document, read member by member with every fault noted at its place."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

from services.ledger.domain.policies.amounts import (
    OTHERS,
    AmountByCurrency,
    amount_faults,
    amount_of,
)
from services.ledger.domain.policies.reading import invalid, read_text
from shared.errors import FieldError
from shared.field_errors import escape
from shared.money import is_currency
from shared.texts import id_fault, shown, text_fault
from shared.yaml_text import Document

NAME_MAX = 100
TEXT_MAX = 1000
ITEMS_MAX = 200
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,10})?")
_VERSION = re.compile("[A-Za-z0-9][A-Za-z0-9._-]*")

Value = TypeVar("Value")


class ReadFaults:
    """The faults of one document, in the order in which they were found."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def add(self, pointer: str, detail: str) -> None:
        self.errors.append(FieldError(pointer, detail))

    def check(self, document: Document) -> None:
        """Raises `Invalid` with all of them, each with its line."""
        if self.errors:
            raise invalid(document, self.errors)


class Members:
    """One object of a document: its members are taken one by one; what is left is not known."""

    def __init__(self, data: Any, pointer: str, faults: ReadFaults) -> None:
        self.pointer = pointer
        self.faults = faults
        self.is_object = isinstance(data, dict)
        self._data: dict[str, Any] = data if self.is_object else {}
        if not self.is_object:
            faults.add(pointer, "must be an object")
        self._known: set[str] = set()

    def at(self, name: str) -> str:
        return f"{self.pointer}/{escape(name)}"

    def fault(self, name: str, detail: str) -> None:
        self.faults.add(self.at(name), detail)

    def has(self, name: str) -> bool:
        """Whether it stands there and is not null; from now on it is known."""
        self._known.add(name)
        return self._data.get(name) is not None

    def stands(self, name: str) -> bool:
        """Whether it stands there at all, null or not."""
        self._known.add(name)
        return name in self._data

    def raw(self, name: str) -> Any:
        self._known.add(name)
        return self._data.get(name)

    def take(
        self,
        name: str,
        read: Callable[[Any, str, ReadFaults], Value | None],
        *,
        needed: bool = False,
    ) -> Value | None:
        """What a reader makes of a member; None where it is not there, or cannot be read."""
        if not self.has(name):
            if needed and self.is_object:
                self.fault(name, "is missing")
            return None
        return read(self._data[name], self.at(name), self.faults)

    def end(self) -> None:
        """Note every member that was not asked for."""
        for name in self._data:
            if name not in self._known:
                self.faults.add(f"{self.pointer}/{shown(escape(name))}", "is not known here")

    def names(self) -> Iterable[str]:
        return self._data


def read_object(text: str, faults: ReadFaults) -> tuple[Document, Members]:
    """The object that a text holds. Raises `Invalid` where it holds none."""
    document = read_text(text)
    return document, Members(document.data, "", faults)


# ── Readers: (value, pointer, faults) → value, or None after a fault ────────────────────────────


def text(value: Any, pointer: str, faults: ReadFaults) -> str | None:
    if not isinstance(value, str):
        faults.add(pointer, "must be a text")
        return None
    if fault := _length_fault(value, TEXT_MAX) or text_fault(value):
        faults.add(pointer, fault)
        return None
    return value


def name(value: Any, pointer: str, faults: ReadFaults) -> str | None:
    """The id of something."""
    if not isinstance(value, str):
        faults.add(pointer, "must be a text")
        return None
    if fault := _length_fault(value, NAME_MAX) or id_fault(value):
        faults.add(pointer, fault)
        return None
    return value


def version(value: Any, pointer: str, faults: ReadFaults) -> str | None:
    """Also a plain number: `version: 3`."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > 64 or not _VERSION.fullmatch(value):
        faults.add(pointer, "must be 1 to 64 letters, digits, dots, hyphens and underscores")
        return None
    return str(value)


def _length_fault(value: str, longest: int) -> str | None:
    if not value:
        return "must not be empty"
    return f"must have at most {longest} characters" if len(value) > longest else None


def boolean(value: Any, pointer: str, faults: ReadFaults) -> bool | None:
    if not isinstance(value, bool):
        faults.add(pointer, "must be true or false")
        return None
    return value


def day(value: Any, pointer: str, faults: ReadFaults) -> date | None:
    if isinstance(value, date):
        return value
    try:
        if isinstance(value, str) and len(value) == 10:
            return date.fromisoformat(value)
    except ValueError:
        pass
    faults.add(pointer, "must be a day of the calendar like 2026-03-31")
    return None


def one_of(*choices: str) -> Callable[[Any, str, ReadFaults], str | None]:
    def read(value: Any, pointer: str, faults: ReadFaults) -> str | None:
        if value in choices and isinstance(value, str):
            return value
        faults.add(pointer, f"must be one of {', '.join(choices)}")
        return None

    return read


def whole(least: int, most: int) -> Callable[[Any, str, ReadFaults], int | None]:
    def read(value: Any, pointer: str, faults: ReadFaults) -> int | None:
        if type(value) is int and least <= value <= most:
            return value
        faults.add(pointer, f"must be a whole number from {least} to {most}")
        return None

    return read


def decimal(least: int, most: int) -> Callable[[Any, str, ReadFaults], Fraction | None]:
    """A decimal number, also as a text, exact."""

    def read(value: Any, pointer: str, faults: ReadFaults) -> Fraction | None:
        found = _fraction(value)
        if found is None or not least <= found <= most:
            faults.add(pointer, f"must be a decimal number from {least} to {most}, like 9.5")
            return None
        return found

    return read


def percent_above_zero(value: Any, pointer: str, faults: ReadFaults) -> Fraction | None:
    found = _fraction(value)
    if found is None or not 0 < found <= 100:
        faults.add(pointer, "must be a decimal number above 0 up to 100, like 1.5")
        return None
    return found


def _fraction(value: Any) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    digits = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return Fraction(digits) if len(digits) <= 32 and _DECIMAL.fullmatch(digits) else None


def list_of(
    read: Callable[[Any, str, ReadFaults], Value | None], *, single: bool = False
) -> Callable[[Any, str, ReadFaults], tuple[Value, ...] | None]:
    """A list of values, each once; `single`: one value may stand for a list of one."""

    def read_list(value: Any, pointer: str, faults: ReadFaults) -> tuple[Value, ...] | None:
        if single and not isinstance(value, list):
            found = read(value, pointer, faults)
            return None if found is None else (found,)
        if not isinstance(value, list) or not value:
            faults.add(pointer, "must be a list that is not empty")
            return None
        if len(value) > ITEMS_MAX:
            faults.add(pointer, f"must have at most {ITEMS_MAX} items")
            return None
        items = []
        for index, item in enumerate(value):
            one = read(item, f"{pointer}/{index}", faults)
            if one is not None and one in items:
                faults.add(f"{pointer}/{index}", "stands there twice")
            elif one is not None:
                items.append(one)
        return tuple(items)

    return read_list


def amounts(
    *, is_above_zero: bool = False
) -> Callable[[Any, str, ReadFaults], AmountByCurrency | None]:
    """Major units by currency with `default`, exact in the currency's decimals."""

    def read(value: Any, pointer: str, faults: ReadFaults) -> AmountByCurrency | None:
        if found := amount_faults(value, pointer):
            faults.errors.extend(found)
            return None
        amount = amount_of(value)
        for code in value:
            if is_above_zero and not (amount.others if code == OTHERS else amount.named[code]):
                faults.add(f"{pointer}/{code}", "must be more than 0")
        return amount

    return read


def items(members: Members, name_: str) -> Iterator[Members]:
    """Each object of a list that may be missing."""
    if not members.has(name_):
        return
    value = members.raw(name_)
    if not isinstance(value, list):
        members.fault(name_, "must be a list")
        return
    if len(value) > ITEMS_MAX:
        members.fault(name_, f"must have at most {ITEMS_MAX} items")
        return
    for index, item in enumerate(value):
        yield Members(item, f"{members.at(name_)}/{index}", members.faults)


def known(
    names: Collection[str] | None,
    what: str,
    read: Callable[[Any, str, ReadFaults], str | None] = name,
) -> Callable[[Any, str, ReadFaults], str | None]:
    """A name of something that is there; without names, of anything."""

    def read_known(value: Any, pointer: str, faults: ReadFaults) -> str | None:
        found = name(value, pointer, faults)
        if found is not None and names is not None and found not in names:
            there = ", ".join(sorted(names)) or "none"
            faults.add(pointer, f"there is no {what} {shown(found)!r}: there is {there}")
            return None
        return found

    return read_known


def currency(value: Any, pointer: str, faults: ReadFaults) -> str | None:
    if not isinstance(value, str) or not is_currency(value):
        faults.add(pointer, "must be an ISO 4217 code like EUR")
        return None
    return str(value)

"""Reads the rules of a mapping's cells, and collects what is wrong with them."""

import math
from collections.abc import Mapping
from datetime import date, time
from typing import Any, cast

from shared.clock import is_zone
from shared.csv_events import cells
from shared.csv_events.amounts import (
    DECIMAL_MARKS,
    GROUPINGS,
    SIGNS,
    THOUSANDS_MARKS,
    NumberFormat,
    Sign,
)
from shared.csv_events.cells import Cell, Choice, Column, Manner, Template, Value
from shared.csv_events.days import PLUS_DAYS_MAX, DayFormats, fault_of
from shared.csv_events.document import near
from shared.csv_events.files import is_damaged
from shared.errors import FieldError
from shared.field_errors import escape
from shared.money import MAX_MINOR, is_currency

# What each kind of cell may say beside its source; the last three were always let pass.
_ALWAYS = {"as", "optional", "map", "else"}
_NUMBER = {"numbers", "sign"}
_LET_PASS = {"currency", "at", "zone"}
KINDS: dict[str, frozenset[str]] = {
    "text": frozenset(),
    "id": frozenset(),
    "currency": frozenset(),
    "money": frozenset(_NUMBER | {"currency"}),
    "minor": frozenset(_NUMBER | {"currency"}),
    "date": frozenset({"dates", "plus_days"}),
    "instant": frozenset({"dates", "at", "zone"}),
    "integer": frozenset(_NUMBER),
    "boolean": frozenset(),
    "decimal": frozenset(_NUMBER),
}
CELL_KEYS = frozenset({"column", "text"}).union(_ALWAYS, *KINDS.values())
_FIRST_OF_KEYS = frozenset({"first_of", "optional"})
_TOP_DEPTH = 1  # of the parts of `data`


class RuleReader:
    """Reads rules as values; what is wrong is added to `errors`."""

    def __init__(self, manner: Manner, errors: list[FieldError]) -> None:
        self._manner = manner
        self._errors = errors

    def value(self, rule: Any, path: str, *, kind: str = "text") -> Value:
        """A constant, a cell, or parts of them; `kind` is what a cell is that says nothing."""
        if isinstance(rule, dict):
            if "column" in rule:
                return self._cell(rule, path, kind)
            if isinstance(rule.get("text"), str) and rule.keys() <= CELL_KEYS:
                return self._cell(rule, path, kind)
            if "first_of" in rule:
                return self._first_of(rule, path, kind)
            return self.fields(rule, path)
        if isinstance(rule, list):
            return cells.Items(
                tuple(self.value(entry, f"{path}/{index}") for index, entry in enumerate(rule))
            )
        return cells.Constant(self._constant(rule, path))

    def fields(
        self, rule: Mapping[Any, Any], path: str, kinds: Mapping[str, str] | None = None
    ) -> cells.Fields:
        """Parts by name, each of its kind where it has one."""
        parts = {}
        for name, entry in rule.items():
            inner = f"{path}/{escape(str(name))}"
            if not isinstance(name, str):
                self.fault(inner, "must be a name: write it in quotes")
            parts[str(name)] = self.value(entry, inner, kind=(kinds or {}).get(str(name), "text"))
        return cells.Fields(parts)

    def fault(self, path: str, detail: str) -> None:
        self._errors.append(FieldError(path, detail))

    def _constant(self, rule: Any, path: str) -> Any:
        if isinstance(rule, date):
            return rule.isoformat()
        if isinstance(rule, float) and not math.isfinite(rule):
            self.fault(path, "is no number")
        elif isinstance(rule, int) and abs(rule) > MAX_MINOR:
            self.fault(path, f"is more than {MAX_MINOR}")
        elif isinstance(rule, str) and is_damaged(rule):
            self.fault(path, "holds half a character")
        elif not (rule is None or isinstance(rule, str | bool | int | float)):
            self.fault(path, "is nothing that an event can hold")
        return rule

    def _first_of(self, rule: Mapping[str, Any], path: str, kind: str) -> Value:
        self._known(rule, _FIRST_OF_KEYS, path)
        entries = rule["first_of"]
        if not isinstance(entries, list) or not entries:
            self.fault(f"{path}/first_of", "must list cells")
            entries = []
        return cells.FirstOf(
            tuple(
                self.value(entry, f"{path}/first_of/{index}", kind=kind)
                for index, entry in enumerate(entries)
            ),
            optional=self._flag(rule, "optional", path),
        )

    # ------------------------------------------------- one cell

    def _cell(self, rule: Mapping[str, Any], path: str, kind: str) -> Cell:
        kind = rule.get("as", kind)
        if not isinstance(kind, str) or kind not in KINDS:
            self.fault(f"{path}/as", f"must be one of {', '.join(KINDS)}{near(kind, KINDS)}")
            kind = "text"
        if "column" in rule and "text" in rule:
            self.fault(path, "has both column and text: one is enough")
        source_key = "column" if "column" in rule else "text"
        self._known(rule, _ALWAYS | KINDS[kind] | _LET_PASS | {source_key}, path)
        named = self._currency(rule, path) if kind in ("money", "minor") else None
        return Cell(
            source=self._source(rule, path),
            convert=self._convert(kind, rule, path, named),
            optional=self._flag(rule, "optional", path),
            choice=self._choice(rule, path),
            empty_is=self._manner.currency if kind == "currency" else None,
            kind=kind,
            days=self._days(rule, path, quietly=True) if kind in ("date", "instant") else None,
            own=frozenset(map(str, rule)),
            reads=named,
        )

    def _source(self, rule: Mapping[str, Any], path: str) -> Column | Template:
        if "column" in rule:
            name = rule["column"]
            if isinstance(name, bool) or not isinstance(name, str | int) or not str(name).strip():
                self.fault(f"{path}/column", "must name a column, in quotes if need be")
            return Column(str(name).strip())
        self._constant(rule["text"], f"{path}/text")
        try:
            return Template.of_text(str(rule["text"]))
        except ValueError as error:
            self.fault(f"{path}/text", str(error))
            return Template(("",), ())

    def _convert(
        self, kind: str, rule: Mapping[str, Any], path: str, named: Value | None
    ) -> cells.Convert:
        if kind in ("money", "minor"):
            return cells.to_money(
                self._numbers(rule, path),
                self._sign(rule, path),
                named,
                self._manner.currency,
                minor=kind == "minor",
            )
        if kind == "integer":
            return cells.to_integer(self._numbers(rule, path), self._sign(rule, path))
        if kind == "decimal":
            return cells.to_number(self._numbers(rule, path), self._sign(rule, path))
        if kind == "date":
            return cells.to_date(self._days(rule, path), self._plus_days(rule, path))
        if kind == "instant":
            return cells.to_instant(
                self._days(rule, path), self._at(rule, path), self._zone(rule, path)
            )
        simple = {"id": cells.to_id, "currency": cells.to_currency, "boolean": cells.to_boolean}
        return simple.get(kind, cells.to_text)()

    def _currency(self, rule: Mapping[str, Any], path: str) -> Value | None:
        """The currency of money: a code, a cell, or (None) the event's or the default."""
        named = rule.get("currency")
        if isinstance(named, dict):
            return self.value(named, f"{path}/currency", kind="currency")
        if named is not None:
            self.check_currency(named, f"{path}/currency")
            return cells.Constant(named)
        return None

    def check_currency(self, code: object, path: str) -> None:
        if not is_currency(str(code)):
            hint = f" (did you mean {str(code).upper()}?)" if is_currency(str(code).upper()) else ""
            self.fault(path, f"must be an ISO 4217 code{hint}")

    def _choice(self, rule: Mapping[str, Any], path: str) -> Choice | None:
        if "map" not in rule:
            if "else" in rule:
                self.fault(f"{path}/else", "stands without a map")
            return None
        values = rule["map"]
        if not isinstance(values, dict) or not values:
            self.fault(f"{path}/map", "must say what stands for which text")
            values = {}
        made = {}
        for text, value in values.items():
            inner = f"{path}/map/{escape(str(text))}"
            if isinstance(text, bool) or not isinstance(text, str | int):
                self.fault(inner, "must be a text: write it in quotes")
            made[str(text).strip()] = self._constant(value, inner)
        other = self._constant(rule.get("else"), f"{path}/else")
        return Choice(made, other, "else" in rule)

    # ------------------------------------------------- settings of cells, and of the whole

    def _numbers(self, rule: Mapping[str, Any], path: str) -> NumberFormat:
        if "numbers" not in rule:
            return self._manner.numbers
        return self.number_format(rule["numbers"], f"{path}/numbers")

    def number_format(self, rule: Any, path: str) -> NumberFormat:
        if not isinstance(rule, dict):
            self.fault(path, 'must say {decimal: ",", thousands: "."}, or what holds of it')
            return self._manner.numbers
        self._known(rule, frozenset({"decimal", "thousands", "grouping"}), path)
        decimal, grouping = rule.get("decimal", "."), rule.get("grouping", "western")
        thousands = rule.get("thousands") or ""
        if isinstance(thousands, str):
            thousands = {"’": "'", "\u00a0": " ", "\u202f": " ", "\u2009": " "}.get(
                thousands, thousands
            )
        if decimal not in DECIMAL_MARKS:
            self.fault(f"{path}/decimal", 'must be "." or ","')
        if thousands and thousands not in THOUSANDS_MARKS:
            self.fault(f"{path}/thousands", 'must be ".", ",", "\'" or " "')
        if thousands == decimal:
            self.fault(f"{path}/thousands", "can't be the decimal character too")
        if grouping not in GROUPINGS:
            self.fault(f"{path}/grouping", f"must be one of {', '.join(GROUPINGS)}")
        return NumberFormat(str(decimal), str(thousands), str(grouping))

    def _days(self, rule: Mapping[str, Any], path: str, *, quietly: bool = False) -> DayFormats:
        if "dates" not in rule:
            return self._manner.days
        if quietly:
            formats = rule["dates"] if isinstance(rule["dates"], list) else [rule["dates"]]
            return DayFormats(tuple(map(str, formats)), self._manner.days.year)
        return self.day_formats(rule["dates"], self._manner.days.year, f"{path}/dates")

    def day_formats(self, rule: Any, year: int | None, path: str) -> DayFormats:
        formats = rule if isinstance(rule, list) else [rule]
        for index, pattern in enumerate(formats):
            if fault := fault_of(pattern, year):
                place = f"{path}/{index}" if isinstance(rule, list) else path
                self.fault(place, f"{pattern!r} {fault}")
        return DayFormats(tuple(str(pattern) for pattern in formats), year)

    def _plus_days(self, rule: Mapping[str, Any], path: str) -> int:
        days = rule.get("plus_days", 0)
        if isinstance(days, bool) or not isinstance(days, int) or abs(days) > PLUS_DAYS_MAX:
            self.fault(f"{path}/plus_days", f"must be a number of days up to {PLUS_DAYS_MAX}")
            return 0
        return days

    def _at(self, rule: Mapping[str, Any], path: str) -> str | None:
        """YAML reads 12:00 without quotes as the number 720."""
        if "at" not in rule:
            return None
        at = rule["at"]
        try:
            if isinstance(at, str) and time.fromisoformat(at).tzinfo is None:
                return at
        except ValueError:
            pass
        self.fault(f"{path}/at", 'must be a time of day in quotes, like "12:00"')
        return None

    def _zone(self, rule: Mapping[str, Any], path: str) -> str | None:
        if "zone" not in rule:
            return self._manner.zone
        return self.zone(rule["zone"], f"{path}/zone")

    def zone(self, name: Any, path: str) -> str | None:
        if not isinstance(name, str) or not is_zone(name):
            self.fault(path, f"{name!r} is no IANA time zone like Europe/Berlin")
            return None
        return name

    def _sign(self, rule: Mapping[str, Any], path: str) -> Sign:
        sign = rule.get("sign", "keep")
        if sign not in SIGNS:
            self.fault(f"{path}/sign", f"must be one of {', '.join(SIGNS)}")
            return "keep"
        return cast(Sign, sign)

    def _flag(self, rule: Mapping[str, Any], name: str, path: str) -> bool:
        flag = rule.get(name, False)
        if not isinstance(flag, bool):
            self.fault(f"{path}/{name}", "must be true or false")
        return bool(flag)

    def _known(self, rule: Mapping[Any, Any], known: frozenset[str] | set[str], path: str) -> None:
        for name in rule:
            if name in known:
                continue
            place = f"{path}/{escape(str(name))}"
            if "first_of" in rule and name in CELL_KEYS:
                self.fault(place, "belongs into the cells of first_of")
            elif name in CELL_KEYS:
                self.fault(place, f"says nothing of {rule.get('as', 'text')} cells")
            else:
                self.fault(place, f"is not known here{near(name, known)}")

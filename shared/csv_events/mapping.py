"""A checked mapping: how a CSV file is read, and how its rows become billing events.

docs/import.md describes it for those who write one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from shared.csv_events.cells import (
    BadCell,
    Cell,
    Constant,
    Fields,
    Manner,
    Row,
    Value,
)
from shared.csv_events.conditions import Condition, ConditionReader, is_plain
from shared.csv_events.days import DayFormats
from shared.csv_events.document import near, read_document, read_text
from shared.csv_events.form import FileForm, FormReader
from shared.csv_events.rules import RuleReader
from shared.errors import FieldError, Invalid
from shared.events import billing
from shared.money import is_currency

# Data that hold the instant of the fact; where none must, the event's `time` is the instant.
INSTANTS = ("received_at", "failed_at", "reversed_at", "issued_on")
MAPPING_KEYS = frozenset(
    {"source", "encoding", "delimiter", "dates", "events"}
    | {"file", "numbers", "zone", "year", "currency", "lists"}
)
EVENT_KEYS = frozenset({"type", "when", "where", "once_per", "aim_by", "time", "data"})
AIMED = frozenset({"account_id", "currency", "amount_minor", "received_at"})
_SOURCE_MAX = 512  # as of every event


@cache
def instant_field(event_type: str) -> str | None:
    """The field of the data that must hold the instant; None: the event's `time` must."""
    fields = msgspec.structs.fields(billing.TYPES[event_type])
    names = {field.name for field in fields if field.required}
    return next((name for name in INSTANTS if name in names), None)


@dataclass(frozen=True)
class EventRule:
    """How one event is made of a row."""

    type: str
    when: str | None
    where: Condition | None
    once_per: str | None
    time: Value | None
    data: Fields
    aim_by: str | None = None  # a column: a payment pays the file's invoices with its value

    @classmethod
    def of_itself(cls, kind: str) -> "EventRule":
        """Of an event that came as it is: it was made of no columns."""
        return cls(kind, None, None, None, None, Fields({}))

    def applies(self, row: Row) -> bool:
        """Raises `BadCell`."""
        if self.when is not None and not row[self.when]:
            return False
        return self.where is None or self.where.holds(row)

    def make(self, row: Row) -> tuple[Any, dict[str, Any]]:
        """(time, data) of the event. Raises `BadCell`."""
        named = self.data.parts.get("currency")
        code = None if named is None else named.of(row, None)
        code = code if isinstance(code, str) and is_currency(code) else None
        data = self.data.of(row, code)
        moment = None if self.time is None else self.time.of(row, code)
        instant = instant_field(self.type)
        if moment is None and instant is not None:
            found = data.get(instant)
            moment = f"{found}T00:00:00Z" if found and instant.endswith("_on") else found
        elif moment is None:
            column = next((column for _, column in self.places()), "/time")
            raise BadCell(column, f"{self.type} needs the time at which it happened (/time)")
        return moment, data

    def places(self) -> Iterator[tuple[str, str]]:
        """(pointer, column) of every cell that is read for a part of the event."""
        if self.time is not None:
            yield from self.time.places("/time")
        yield from self.data.places("/data")

    def columns(self) -> Iterator[str]:
        yield from (name for name in (self.when, self.once_per, self.aim_by) if name)
        if self.where is not None:
            yield from self.where.columns()
        yield from (column for _, column in self.places())


@dataclass(frozen=True)
class MappingFile:
    """A checked mapping. Without events, it is for a file of events as they are."""

    source: str
    file: FileForm
    events: tuple[EventRule, ...]
    zone: str | None = None

    def columns(self) -> frozenset[str]:
        """Every column that the file must have."""
        found = {column for rule in self.events for column in rule.columns()}
        if self.file.groups is not None:
            found.discard(self.file.groups.name)
        return frozenset([*found, *self.file.columns()])

    @property
    def aims(self) -> tuple[str, ...]:
        """The columns by which payments are aimed at invoices."""
        return tuple(sorted({rule.aim_by for rule in self.events if rule.aim_by}))

    def cells(self) -> Iterator[Cell]:
        """Every cell that is read for a part of an event."""
        for rule in self.events:
            yield from _cells([rule.time, rule.data])

    def column_of(self, rule: EventRule, pointer: str) -> str:
        """The column behind a field of the event: `/data/due_on` → DueDate; else the pointer."""
        if pointer == "/time" and rule.time is None and rule.data.parts:
            pointer = f"/data/{instant_field(rule.type)}"
        if pointer == "/subject":
            pointer = "/data/account_id"
        best, answer = "", pointer
        for path, column in rule.places():
            if (pointer == path or pointer.startswith(path + "/")) and len(path) > len(best):
                best, answer = path, column
        return answer


def read_mapping(path: Path) -> MappingFile:
    """A mapping file, checked. Raises `Invalid` that names every fault by its place."""
    return parse_mapping(read_text(path))


def parse_mapping(text: str) -> MappingFile:
    """Check a mapping. Raises `Invalid` that names every fault by its place."""
    document = read_document(text)
    if not isinstance(document.raw, dict):
        raise Invalid("the mapping is not a YAML mapping")
    reader = _MappingReader(document.raw)
    made = reader.read()
    if errors := [*document.doubles, *document.placed(reader.errors)]:
        raise Invalid("the mapping is not valid", errors)
    return made


def completed_text(text: str, found: Mapping[str, Any]) -> str:
    """A mapping with what holds where it says nothing (`numbers`, `dates`, `file`)."""
    content = read_document(text).raw
    form = content.get("file", {})
    known = form.keys() | content.keys()
    more = {name: value for name, value in found.items() if name not in content}
    if "file" in found:
        found_form = {name: value for name, value in found["file"].items() if name not in known}
        more["file"] = {**form, **found_form}
    return yaml.safe_dump({**content, **more}, sort_keys=False, allow_unicode=True)


class _MappingReader:
    """Reads a mapping's plain data, and collects what is wrong with it."""

    def __init__(self, content: Mapping[Any, Any]) -> None:
        self._content = content
        self.errors: list[FieldError] = []

    def read(self) -> MappingFile:
        content = self._content
        self._known(content, MAPPING_KEYS, "")
        manner = self._manner()
        lists = self._lists()
        rules = content.get("events")
        if not isinstance(rules, list) or not rules:
            self._fault("/events", "must list at least one event")
            rules = []
        events = [
            made
            for index, rule in enumerate(rules)
            if (made := self._event(rule, f"/events/{index}", manner, lists)) is not None
        ]
        conditions = ConditionReader(manner.numbers, lists, self.errors)
        file = FormReader(content, conditions, self.errors).read()
        source = content.get("source", "/import")
        if not isinstance(source, str) or not source.strip():
            self._fault("/source", "must be a text like /import/erp")
        elif len(source) > _SOURCE_MAX:
            self._fault("/source", f"must have at most {_SOURCE_MAX} characters")
        elif not source.isprintable():
            self._fault("/source", "must have no control characters and nothing invisible")
        return MappingFile(str(source), file, tuple(events), manner.zone)

    def _manner(self) -> Manner:
        content, reader = self._content, RuleReader(Manner(), self.errors)
        year = content.get("year")
        if year is not None and not (type(year) is int and 1900 <= year <= 2999):
            self._fault("/year", "must be a year like 2026")
            year = None
        numbers, days = Manner().numbers, DayFormats((), year)
        if "numbers" in content:
            numbers = reader.number_format(content["numbers"], "/numbers")
        if content.get("dates"):
            days = reader.day_formats(content["dates"], year, "/dates")
        zone = reader.zone(content["zone"], "/zone") if "zone" in content else None
        currency = content.get("currency")
        if currency is not None:
            reader.check_currency(currency, "/currency")
            currency = str(currency)
        return Manner(numbers, days, zone, currency)

    def _lists(self) -> dict[str, Any]:
        lists = self._content.get("lists", {})
        if not isinstance(lists, dict):
            self._fault("/lists", "must be lists by name")
            return {}
        for name, entries in lists.items():
            if not isinstance(entries, list) or not all(is_plain(entry) for entry in entries):
                self._fault(f"/lists/{name}", "must list texts: write what is not plain in quotes")
        return {str(k): entries for k, entries in lists.items() if isinstance(entries, list)}

    # ------------------------------------------------- one event

    def _event(
        self, rule: Any, path: str, manner: Manner, lists: Mapping[str, Any]
    ) -> EventRule | None:
        if not isinstance(rule, dict):
            self._fault(path, "must be a mapping with type and data")
            return None
        self._known(rule, EVENT_KEYS, path)
        kind, reader = rule.get("type"), RuleReader(manner, self.errors)
        known = isinstance(kind, str) and kind in billing.TYPES
        if not known:
            hint = near(kind, billing.TYPES)
            self._fault(f"{path}/type", f"{kind!r} is no billing event{hint}")
        data = rule.get("data")
        if not isinstance(data, dict):
            self._fault(f"{path}/data", "must map the event's fields")
            data = {}
        fields = reader.fields(data, f"{path}/data", {"currency": "currency"})
        time = rule.get("time")
        moment = None if time is None else reader.value(time, f"{path}/time")
        where = None
        if "where" in rule:
            where = ConditionReader(manner.numbers, lists, self.errors).read(
                rule["where"], f"{path}/where"
            )
        if known:
            self._check_type(str(kind), data, fields, moment, path)
        aim_by = self._column(rule, "aim_by", path)
        if aim_by and kind != "payment-received":
            self._fault(f"{path}/aim_by", f"is for payment-received: {kind} has no targets")
        elif aim_by and "allocations" in data:
            self._fault(f"{path}/aim_by", "stands beside data/allocations: one is enough")
        elif aim_by and (missing := sorted(AIMED - data.keys())):
            self._fault(f"{path}/aim_by", f"needs data/{', data/'.join(missing)}")
        return EventRule(
            str(kind),
            self._column(rule, "when", path),
            where,
            self._column(rule, "once_per", path),
            moment,
            fields,
            aim_by,
        )

    def _check_type(
        self, kind: str, data: Mapping[str, Any], fields: Fields, moment: Value | None, path: str
    ) -> None:
        names = [field.encode_name for field in msgspec.structs.fields(billing.TYPES[kind])]
        for name in data:
            if name not in names:
                hint = near(name, names)
                self._fault(f"{path}/data/{name}", f"is no field of {kind}{hint}")
        if moment is None and instant_field(kind) is None:
            self._fault(f"{path}/time", f"is missing: {kind} needs the time at which it happened")
        named = fields.parts.get("currency")
        if not isinstance(named, Constant) or "currency" not in names:
            return
        if not is_currency(str(named.value)):
            RuleReader(Manner(), self.errors).check_currency(named.value, f"{path}/data/currency")
            return
        for pointer, code in _constant_currencies(fields, f"{path}/data"):
            if code != named.value and is_currency(code):
                detail = f"is {code}, but the event's currency is {named.value}"
                self._fault(f"{pointer}/currency", detail)

    def _column(self, rule: Mapping[str, Any], name: str, path: str) -> str | None:
        column = rule.get(name)
        if column is None or (isinstance(column, str) and column.strip()):
            return column.strip() if column else None
        self._fault(f"{path}/{name}", "must name a column")
        return None

    def _known(self, rule: Mapping[Any, Any], known: frozenset[str], path: str) -> None:
        for name in sorted(rule.keys() - known, key=str):
            self._fault(f"{path}/{name}", f"is not known here{near(name, known)}")

    def _fault(self, path: str, detail: str) -> None:
        self.errors.append(FieldError(path, detail))


def _cells(values: Iterable[Any]) -> Iterator[Cell]:
    for value in values:
        if isinstance(value, Cell):
            yield value
            yield from _cells([value.reads])
            continue
        parts = getattr(value, "parts", ())
        yield from _cells(parts.values() if isinstance(parts, Mapping) else parts)


def _constant_currencies(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    """(pointer, code) of every money cell that names a currency itself."""
    if isinstance(value, Cell) and isinstance(value.reads, Constant):
        yield pointer, str(value.reads.value)
    parts = getattr(value, "parts", ())
    entries = parts.items() if isinstance(parts, Mapping) else enumerate(parts)
    for name, part in entries:
        yield from _constant_currencies(part, f"{pointer}/{name}")

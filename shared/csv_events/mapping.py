"""A mapping file: how a row of a CSV file becomes billing events.

    source: /import/erp            # the events' source
    encoding: utf-8                # default; delimiter: "," by default
    dates: ["%m/%d/%Y"]            # how days are written; default ISO
    events:
      - type: invoice-issued
        when: InvoiceDate          # optional: only rows in which this column is not empty
        once_per: invoiceNumber    # optional: only the first row with this value
        time: {column: InvoiceDate, as: instant, at: "09:00", zone: Europe/Berlin}
        data:
          invoice_id: {column: invoiceNumber}
          amount_minor: {column: InvoiceAmount, as: money, currency: USD}
          issued_on: {column: InvoiceDate, as: date}
          currency: USD            # a plain value stands for itself
          attributes: {disputed: {column: Disputed}}
      - …

A cell's rule: `column`, with `as` text (default), money, date, instant, integer or boolean, and
`optional: true` where an empty cell leaves the field out; or `text: "pay:{invoiceNumber}"`.
"""

import codecs
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import yaml

from shared.clock import is_zone, zone
from shared.errors import FieldError, Invalid
from shared.events import billing
from shared.money import is_currency, to_minor

Row = Mapping[str, str]
KINDS = ("text", "money", "date", "instant", "integer", "boolean")
_TRUE, _FALSE = frozenset({"yes", "true", "1", "y"}), frozenset({"no", "false", "0", "n"})


@dataclass(frozen=True)
class BadCell(Exception):
    """A cell that cannot become its field."""

    column: str
    reason: str


@dataclass(frozen=True)
class EventRule:
    """How one event is made of a row."""

    type: str
    when: str | None
    once_per: str | None
    time: Any
    data: Mapping[str, Any]


@dataclass(frozen=True)
class MappingFile:
    """A checked mapping."""

    source: str
    encoding: str
    delimiter: str
    dates: tuple[str, ...]
    events: tuple[EventRule, ...]

    def columns(self) -> frozenset[str]:
        """Every column that the file must have."""
        found: set[str] = set()
        for rule in self.events:
            found.update(c for c in (rule.when, rule.once_per) if c)
            found.update(column for _, column in _columns(rule.data, ""))
            found.update(column for _, column in _columns(rule.time, ""))
        return frozenset(found)

    def column_of(self, rule: EventRule, pointer: str) -> str:
        """The column behind a field of the event: `/data/due_on` → DueDate; else the pointer."""
        best = ""
        answer = pointer
        for path, column in (*_columns(rule.data, "/data"), *_columns(rule.time, "/time")):
            if (pointer == path or pointer.startswith(path + "/")) and len(path) > len(best):
                best, answer = path, column
        return answer

    def make(self, rule: EventRule, row: Row) -> tuple[Any, dict[str, Any]]:
        """(time, data) of an event. Raises `BadCell`."""
        moment = None if rule.time is None else self._value(rule.time, row)
        data = self._value(rule.data, row)
        assert isinstance(data, dict)
        return moment, data

    def _value(self, rule: Any, row: Row) -> Any:
        if isinstance(rule, dict):
            if "column" in rule:
                return self._cell(rule, row)
            if set(rule) == {"text"}:
                return self._text(rule["text"], row)
            made = {name: self._value(entry, row) for name, entry in rule.items()}
            return {name: value for name, value in made.items() if value is not None}
        if isinstance(rule, list):
            return [self._value(entry, row) for entry in rule]
        if isinstance(rule, date):
            return rule.isoformat()
        return rule

    def _text(self, template: str, row: Row) -> str:
        try:
            return template.format_map(row)
        except KeyError as error:
            raise BadCell(str(error.args[0]), "there is no such column") from error

    def _cell(self, rule: Mapping[str, Any], row: Row) -> Any:
        column = rule["column"]
        text = row[column].strip()
        if not text:
            if rule.get("optional"):
                return None
            raise BadCell(column, "is empty")
        try:
            return _CONVERTERS[rule.get("as", "text")](text, rule, self.dates)
        except ValueError as error:
            raise BadCell(column, str(error)) from error


def _columns(rule: Any, path: str) -> Iterator[tuple[str, str]]:
    """(pointer, column) of every cell that a rule reads."""
    if isinstance(rule, dict):
        if "column" in rule:
            yield path, rule["column"]
        elif set(rule) == {"text"}:
            for piece in str(rule["text"]).split("{")[1:]:
                yield path, piece.partition("}")[0]
        else:
            for name, entry in rule.items():
                yield from _columns(entry, f"{path}/{name}")
    elif isinstance(rule, list):
        for index, entry in enumerate(rule):
            yield from _columns(entry, f"{path}/{index}")


def _to_date(text: str, formats: tuple[str, ...]) -> date:
    if not formats:
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a day like 2026-03-31") from None
    for pattern in formats:
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise ValueError(f"{text!r} is not a day like {' or '.join(formats)}")


def _date(text: str, rule: Mapping[str, Any], formats: tuple[str, ...]) -> str:
    return _to_date(text, formats).isoformat()


def _instant(text: str, rule: Mapping[str, Any], formats: tuple[str, ...]) -> str:
    """A day at a time of day in a zone; or, without `at`, an RFC 3339 instant."""
    if "at" not in rule:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(f"{text!r} has no offset from UTC")
    else:
        tz = zone(rule.get("zone", "UTC"))
        moment = datetime.combine(
            _to_date(text, formats), time.fromisoformat(str(rule["at"])), tzinfo=tz
        )
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _integer(text: str, rule: Mapping[str, Any], formats: tuple[str, ...]) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number") from None


def _boolean(text: str, rule: Mapping[str, Any], formats: tuple[str, ...]) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise ValueError(f"{text!r} is neither yes nor no")
    return text.lower() in _TRUE


_CONVERTERS: dict[str, Callable[[str, Mapping[str, Any], tuple[str, ...]], Any]] = {
    "text": lambda text, rule, formats: text,
    "money": lambda text, rule, formats: to_minor(text, rule["currency"]),
    "date": _date,
    "instant": _instant,
    "integer": _integer,
    "boolean": _boolean,
}


def parse_mapping(text: str) -> MappingFile:
    """Check a mapping file. Raises `Invalid` that names every fault by its place."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Invalid(f"the mapping is not YAML: {error}") from error
    if not isinstance(content, dict):
        raise Invalid("the mapping is not a YAML mapping")
    errors = [
        FieldError(f"/{name}", "is not known here")
        for name in sorted(content.keys() - {"source", "encoding", "delimiter", "dates", "events"})
    ]
    dates = content.get("dates", [])
    dates = [dates] if isinstance(dates, str) else dates
    rules = content.get("events")
    if not isinstance(rules, list) or not rules:
        errors.append(FieldError("/events", "must list at least one event"))
        rules = []
    for index, rule in enumerate(rules):
        errors += _check_rule(rule, f"/events/{index}")
    errors += _check_file(content)
    if errors:
        raise Invalid("the mapping is not valid", errors)
    return MappingFile(
        source=str(content.get("source", "/import")),
        encoding=str(content.get("encoding", "utf-8")),
        delimiter=str(content.get("delimiter", ",")),
        dates=tuple(str(pattern) for pattern in dates),
        events=tuple(
            EventRule(
                rule["type"],
                rule.get("when"),
                rule.get("once_per"),
                rule.get("time"),
                rule["data"],
            )
            for rule in rules
        ),
    )


def _check_file(content: Mapping[str, Any]) -> list[FieldError]:
    errors = []
    try:
        codecs.lookup(str(content.get("encoding", "utf-8")))
    except LookupError:
        errors.append(FieldError("/encoding", f"{content['encoding']!r} is not known"))
    if len(str(content.get("delimiter", ","))) != 1:
        errors.append(FieldError("/delimiter", "must be one character"))
    return errors


def _check_rule(rule: Any, path: str) -> list[FieldError]:
    if not isinstance(rule, dict):
        return [FieldError(path, "must be a mapping with type and data")]
    errors = []
    if rule.get("type") not in billing.TYPES:
        errors.append(FieldError(f"{path}/type", f"{rule.get('type')!r} is no billing event"))
    if not isinstance(rule.get("data"), dict):
        errors.append(FieldError(f"{path}/data", "must map the event's fields"))
    errors += [
        FieldError(f"{path}/{name}", "is not known here")
        for name in sorted(rule.keys() - {"type", "when", "once_per", "time", "data"})
    ]
    for part in ("time", "data"):
        errors += _check_cells(rule.get(part), f"{path}/{part}")
    return errors


def _check_cells(rule: Any, path: str) -> list[FieldError]:
    if isinstance(rule, list):
        return [e for i, entry in enumerate(rule) for e in _check_cells(entry, f"{path}/{i}")]
    if not isinstance(rule, dict):
        return []
    if "column" not in rule:
        return [e for name, entry in rule.items() for e in _check_cells(entry, f"{path}/{name}")]
    errors = []
    if rule.get("as", "text") not in KINDS:
        errors.append(FieldError(f"{path}/as", f"must be one of {', '.join(KINDS)}"))
    if rule.get("as") == "money" and not is_currency(str(rule.get("currency"))):
        errors.append(FieldError(f"{path}/currency", "must be an ISO 4217 code"))
    if "at" in rule and not _is_time(rule["at"]):
        errors.append(FieldError(f"{path}/at", 'must be a time of day in quotes, like "12:00"'))
    if "zone" in rule and not is_zone(str(rule["zone"])):
        errors.append(FieldError(f"{path}/zone", "is no IANA time zone"))
    return errors


def _is_time(text: object) -> bool:
    """YAML reads 12:00 without quotes as the number 720."""
    try:
        return isinstance(text, str) and time.fromisoformat(text) is not None
    except ValueError:
        return False

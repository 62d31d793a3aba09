"""Rule books: contact law as data. Read from YAML with every fault named by line, rule and reason;
compiled and put together for the governor.

    name: us-federal            # also the name of the pack
    class: law                  # law | policy
    title: Fair Debt Collection Practices Act and Regulation F
    version: "2026-11-22"
    tzdata_min: "2026c"
    limitation:                 # periods of limitation, by place and type of contract
      - {jurisdiction: US-CA, years: {oral: 2, written: 4, open: 4}, statute: CCP 337}
    rules:
      - id: US-REGF-TIME
        kind: window            # kinds/ has a module for each, with its parameters
        jurisdiction: US        # or a list: US-CA, US-NY-NYC, GB-EW, EU, any
        binds: third            # first | third | both
        debts: consumer         # consumer | commercial | both
        channels: [voice, sms]  # or all
        effective: {from: 2021-11-30, to: null}   # both days in force
        confidence: S           # S read in a source, M partly, G from general knowledge, D design
        sources: [S3]
        citation: 12 CFR 1006.6(b)(1)(i)
        when: {debt.disputed: true}               # conditions/language.py
        params: {hours: {all: ["08:00", "21:00"]}}

A rule binds where its scope (place, party, kind of debt, channel, days in force) and its conditions
hold, or where it isn't known that they don't.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import msgspec
from msgspec import Struct

from services.outreach.compliance.books.compilation import compile_rule
from services.outreach.compliance.books.records import PLACE, Header, Limit, Record
from services.outreach.compliance.geography.places import is_jurisdiction
from services.outreach.compliance.kinds import KINDS
from services.outreach.compliance.rule import Kind, Rule
from shared.errors import FieldError, Invalid
from shared.field_errors import field_errors
from shared.yaml_text import Document, read_document

RULES_MAX = 5000
LINES_MAX = 100


@dataclass(frozen=True)
class RuleBook:
    """A checked book."""

    name: str
    klass: Literal["law", "policy"]
    title: str
    version: str
    tzdata_min: str | None
    rules: tuple[Rule, ...]
    limitation: tuple[Limit, ...] = ()
    note: str | None = None
    lines: Mapping[str, int] = field(default_factory=dict, repr=False, compare=False)
    source: str = field(default="", repr=False, compare=False)

    @cached_property
    def rule_ids(self) -> frozenset[str]:
        return frozenset(rule.id for rule in self.rules)

    @cached_property
    def digest(self) -> str:
        """Stands for the text."""
        return digest_of(self.source)


def digest_of(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()


def read_book(text: str, kinds: Mapping[str, Kind] = KINDS) -> RuleBook:
    """A book from its YAML. Raises `Invalid`, naming every fault by line, rule and reason."""
    document = read_document(text)
    errors: list[FieldError] = []
    data = document.data
    if not isinstance(data, Mapping):
        raise Invalid("line 1: a rule book is a mapping with name, class, title, version, rules")
    header = {key: value for key, value in data.items() if key not in {"rules", "limitation"}}
    errors += _struct_errors(header, Header, "")
    limits = tuple(_limits(data.get("limitation"), errors))
    no_rules = data.get("rules") in (None, []) and limits  # a table of periods alone
    rules = () if no_rules else tuple(_rules(data.get("rules"), kinds, errors))
    if errors:
        raise _invalid(document, errors)
    found = msgspec.convert(header, Header)
    return RuleBook(
        found.name,
        found.klass,
        found.title,
        found.version,
        found.tzdata_min,
        rules,
        limits,
        found.note,
        {rule.id: document.line(f"/rules/{index}/id") for index, rule in enumerate(rules)},
        text,
    )


def _rules(raw: Any, kinds: Mapping[str, Kind], errors: list[FieldError]) -> Iterator[Rule]:
    if not isinstance(raw, Sequence) or isinstance(raw, str) or not 1 <= len(raw) <= RULES_MAX:
        errors.append(FieldError("/rules", f"must be a list of 1 to {RULES_MAX} rules"))
        return
    seen: set[tuple[str, str | None]] = set()
    for index, entry in enumerate(raw):
        at = f"/rules/{index}"
        if not isinstance(entry, Mapping):
            errors.append(FieldError(at, "must be a rule: a mapping with id, kind, params …"))
            continue
        wrong = _struct_errors(entry, Record, at)
        if "kind" in entry and not (isinstance(entry["kind"], str) and entry["kind"] in kinds):
            wrong.append(FieldError(f"{at}/kind", f"must be one of {', '.join(kinds)}"))
        errors += wrong
        if wrong:
            continue
        known = len(errors)
        record = msgspec.convert(entry, Record)
        if (record.id, record.part) in seen:
            errors.append(
                FieldError(f"{at}/id", f"{record.id} is there twice; tell them apart by `part`")
            )
        seen.add((record.id, record.part))
        kind = kinds[record.kind]
        errors += _record_errors(record, at)
        errors += _struct_errors(record.params, kind.params, f"{at}/params")
        if len(errors) > known:
            continue
        yield compile_rule(record, kind, msgspec.convert(record.params, kind.params), at, errors)


def _record_errors(record: Record, at: str) -> Iterator[FieldError]:
    """What of a record doesn't make sense, whatever its kind."""
    places = record.jurisdiction
    places = (places,) if isinstance(places, str) else places
    if not places or not all(PLACE.fullmatch(place) for place in places):
        yield FieldError(f"{at}/jurisdiction", "must be ISO 3166 codes like US, US-CA, US-NY-NYC")
    for place in places:
        if PLACE.fullmatch(place) and not is_jurisdiction(place):
            yield FieldError(f"{at}/jurisdiction", f"no address is known in {place}")
    if record.channels == ():
        yield FieldError(f"{at}/channels", "must not be empty")
    span = record.effective
    if span.since is not None and span.until is not None and span.until < span.since:
        yield FieldError(f"{at}/effective/to", "must not be before `from`")


def _limits(raw: Any, errors: list[FieldError]) -> Iterator[Limit]:
    if raw is None:
        return
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        errors.append(FieldError("/limitation", "must be a list of periods by place"))
        return
    seen: set[str] = set()
    for index, entry in enumerate(raw):
        at = f"/limitation/{index}"
        if not isinstance(entry, Mapping):
            errors.append(FieldError(at, "must be a mapping with jurisdiction and years"))
            continue
        wrong = _struct_errors(entry, Limit, at)
        errors += wrong
        if wrong:
            continue
        limit = msgspec.convert(entry, Limit)
        if limit.jurisdiction in seen:
            errors.append(FieldError(f"{at}/jurisdiction", f"{limit.jurisdiction} is there twice"))
        seen.add(limit.jurisdiction)
        yield limit


def _struct_errors(value: Mapping[str, Any], cls: type[Struct], at: str) -> list[FieldError]:
    """Every member that doesn't fit, and every one that has no place there."""
    names = {each.encode_name for each in msgspec.structs.fields(cls)}
    unknown = [
        FieldError(f"{at}/{key}", f"unknown; known here are {', '.join(sorted(names))}")
        for key in value
        if key not in names
    ]
    return unknown + field_errors(value, cls, at)


def _invalid(document: Document, errors: Sequence[FieldError]) -> Invalid:
    """The faults with their lines and rules, in the order of the text."""
    placed = []
    for error in errors:
        line = document.line(error.pointer)
        rule = _rule_id(document.data, error.pointer)
        where = f"line {line}, {rule}" if rule else f"line {line}"
        placed.append((line, FieldError(error.pointer, f"{where}: {error.detail}")))
    placed.sort(key=lambda each: (each[0], each[1].pointer))
    found = [error for _, error in placed[:LINES_MAX]]
    more = f" and {len(placed) - 1} more" if len(placed) > 1 else ""
    return Invalid(f"The rule book does not fit: {found[0].detail}{more}", found)


def _rule_id(data: Any, pointer: str) -> str:
    parts = pointer.split("/")
    if len(parts) > 2 and parts[1] == "rules":
        entry = data["rules"][int(parts[2])]
        if isinstance(entry, Mapping) and isinstance(entry.get("id"), str):
            return f"{entry['id']}{''.join('/' + part for part in parts[3:])}"
    return pointer

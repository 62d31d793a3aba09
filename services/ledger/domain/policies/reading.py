"""A policy's text as a value, or all that is wrong with it, each fault at its place and line."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from itertools import islice
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct

from services.ledger.domain.policies.amounts import AmountByCurrency, amount_faults, amount_of
from services.ledger.domain.policies.clashes import Clash
from shared.errors import FieldError, Invalid
from shared.field_errors import escape, explain
from shared.texts import shown
from shared.yaml_text import Document, read_document

FAULTS_SHOWN = 100
RULES = "rules"

Value = TypeVar("Value", bound=Struct)


def read_text(text: str) -> Document:
    """The plain data of a policy. Raises `Invalid` for what is no object in YAML or JSON."""
    document = read_document(text, fraction=Decimal)
    data = document.data
    if not isinstance(data, dict):
        words = "a policy is an object with name, version and what it decides"
        raise Invalid(f"line 1: {words}", [FieldError("", words)])
    if isinstance(version := data.get("version"), date):
        data["version"] = version.isoformat()  # written without quotes
    return document


def read_as(cls: type[Value], document: Document) -> Value:
    """Raises `Invalid` with every fault."""
    reading = _Reading()
    value = reading.object(document.data, cls, "")
    if reading.errors or value is None:
        raise invalid(document, reading.errors)
    return value


def invalid(document: Document, errors: list[FieldError]) -> Invalid:
    """The faults with their lines, the first line's first."""
    placed = sorted(((document.line(error.pointer), error) for error in errors), key=_line)
    found = [FieldError(error.pointer, f"line {line}: {error.detail}") for line, error in placed]
    return Invalid("The policy is not valid.", found[:FAULTS_SHOWN])


def _line(placed: tuple[int, FieldError]) -> int:
    return placed[0]


class _Reading:
    """Makes values of plain data, member by member, so that one fault does not hide the next."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def object(self, raw: Any, cls: type[Value], at: str) -> Value | None:
        """None: something is wrong with it."""
        if not isinstance(raw, Mapping):
            self.errors.append(FieldError(at, "must be an object"))
            return None
        fields = {field.encode_name: field for field in msgspec.structs.fields(cls)}
        for name in islice((name for name in raw if name not in fields), FAULTS_SHOWN):
            words = f"is not known here{_near(name, fields)}"
            self.errors.append(FieldError(f"{at}/{escape(shown(str(name)))}", words))
        good: dict[str, Any] = {}
        bad: set[str] = set()
        for name, field in fields.items():
            before = len(self.errors)
            if name in raw:
                good[field.name] = self._member(raw[name], field.type, f"{at}/{name}")
            elif field.required:
                self.errors.append(FieldError(f"{at}/{name}", "is missing"))
            if len(self.errors) > before:
                good.pop(field.name, None)
                bad.add(field.name)
        return self._made(cls, good, bad, at)

    def _made(self, cls: type[Value], good: dict[str, Any], bad: set[str], at: str) -> Value | None:
        if any(field.required and field.name in bad for field in msgspec.structs.fields(cls)):
            return None
        value = cls(**good)
        clash: Clash
        for clash in value.clashes() if hasattr(value, "clashes") else ():
            if bad.isdisjoint(clash.members):
                self.errors.append(FieldError(f"{at}/{clash.members[0]}", clash.detail))
        return None if bad else value

    def _member(self, raw: Any, kind: Any, at: str) -> Any:
        kinds = _kinds(kind)
        if raw is None and type(None) in kinds:
            return None
        if AmountByCurrency in kinds:
            faults = amount_faults(raw, at)
            self.errors += faults
            return None if faults else amount_of(raw)
        for each in kinds:
            if isinstance(each, type) and issubclass(each, Struct):
                return self.object(raw, each, at)
        if at == f"/{RULES}" and isinstance(raw, list):
            return self._rules(raw, kind, at)
        try:
            return msgspec.convert(raw, kind)
        except msgspec.ValidationError as error:
            self.errors.append(_explained(error, kinds, at))
            return None

    def _rules(self, raw: list[Any], kind: Any, at: str) -> Any:
        (several, *_) = _kinds(kind)
        (meta,) = kind.__metadata__
        if not meta.min_length <= len(raw) <= meta.max_length:
            words = f"must have at most {meta.max_length} items" if raw else "must not be empty"
            self.errors.append(FieldError(at, words))
            return None
        rules = []
        for index, one in enumerate(raw):
            self._check_place(one, f"{at}/{index}", is_last=index == len(raw) - 1)
            rules.append(self.object(one, get_args(several)[0], f"{at}/{index}"))
        return tuple(rules)

    def _check_place(self, raw: Any, at: str, *, is_last: bool) -> None:
        """A rule without conditions takes everybody, and must be the last, which has none."""
        if not isinstance(raw, Mapping):
            return
        when = raw.get("when")
        if is_last and when is not None:
            words = "the last rule takes all who are left: it must have no `when`"
            self.errors.append(FieldError(f"{at}/when", words))
        elif not is_last and when in (None, {}):
            words = "is missing: without it no later rule is ever reached"
            self.errors.append(FieldError(f"{at}/when", words))


def _kinds(kind: Any) -> tuple[Any, ...]:
    """What a member may be."""
    if get_origin(kind) is Annotated:
        return _kinds(kind.__origin__)
    args = get_args(kind)
    if args and get_origin(kind) is not tuple and not isinstance(args[0], str | int):
        return tuple(found for each in args for found in _kinds(each))
    return (kind,)


def _explained(error: msgspec.ValidationError, kinds: tuple[Any, ...], at: str) -> FieldError:
    found = explain(str(error), at)
    choices = [
        choice for kind in kinds for choice in get_args(kind) if isinstance(choice, str | int)
    ]
    if choices and found.pointer == at:
        return FieldError(at, f"must be one of {', '.join(map(str, dict.fromkeys(choices)))}")
    return found


def _near(name: object, known: Mapping[str, object]) -> str:
    close = get_close_matches(str(name)[:100], list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else f"; known are {', '.join(known)}"

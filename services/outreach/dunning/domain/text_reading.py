"""Objects of a document as values, member by member, so that one fault does not hide the next."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from itertools import islice
from typing import Annotated, Any, Final, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct

from shared.errors import FieldError, Invalid
from shared.field_errors import escape, explain
from shared.texts import shown
from shared.yaml_text import Document, read_document

FAULTS_SHOWN: Final = 100

Value = TypeVar("Value", bound=Struct)


def read_object(text: str, word: str) -> Document:
    """The plain data of a document. Raises `Invalid` for what is no object in YAML or JSON."""
    document = read_document(text, fraction=Decimal)
    data = document.data
    if not isinstance(data, dict):
        words = f"a {word} is an object"
        raise Invalid(f"line 1: {words}", [FieldError("", words)])
    if isinstance(version := data.get("version"), date):
        data["version"] = version.isoformat()  # written without quotes
    return document


def placed(document: Document, errors: Iterable[FieldError], word: str) -> Invalid:
    """The faults with their lines, the first line's first."""
    found = sorted(
        {(document.line(error.pointer), error.pointer, error.detail) for error in errors}
    )
    return Invalid(
        f"The {word} is not valid.",
        [FieldError(pointer, f"line {line}: {detail}") for line, pointer, detail in found][
            :FAULTS_SHOWN
        ],
    )


class TextReading:
    """Reads one document; `errors` are what is wrong with it. `forms` say what a text should be
    that does not fit its pattern, by how the pattern begins."""

    def __init__(self, forms: Mapping[str, str] | None = None) -> None:
        self.errors: list[FieldError] = []
        self._forms = forms or {}

    def fault(self, at: str, detail: str) -> None:
        self.errors.append(FieldError(at, detail))

    def object(
        self, raw: Any, cls: type[Value], at: str, hints: Mapping[str, str] | None = None
    ) -> Value | None:
        """The object; members that don't fit are None. None: it is no object at all. `hints` are
        words for members that people take for others."""
        if not isinstance(raw, Mapping):
            self.fault(at, "must be an object")
            return None
        fields = {field.encode_name: field for field in msgspec.structs.fields(cls)}
        for name in islice((name for name in raw if name not in fields), FAULTS_SHOWN):
            hint = (hints or {}).get(str(name)) or f"is not known here{near(name, fields)}"
            self.fault(f"{at}/{escape(shown(str(name)))}", hint)
        good: dict[str, Any] = {}
        for name, field in fields.items():
            if name in raw:
                good[field.name] = self._member(raw[name], field.type, f"{at}/{name}")
            elif field.required:
                self.fault(f"{at}/{name}", "is missing")
                good[field.name] = None
        return cls(**good)

    def items(self, raw: Any, cls: type[Value], at: str, most: int) -> list[Value | None]:
        """The objects of a list, each at its place."""
        if not isinstance(raw, list) or not raw:
            self.fault(at, "must be a list that is not empty")
            return []
        if len(raw) > most:
            self.fault(at, f"must have at most {most} items")
        return [self.object(one, cls, f"{at}/{index}") for index, one in enumerate(raw[:most])]

    def _member(self, raw: Any, kind: Any, at: str) -> Any:
        kinds = kinds_of(kind)
        if raw is None and type(None) in kinds:
            return None
        if Any in kinds:
            return raw  # whoever knows what it is reads it
        for each in kinds:
            if isinstance(each, type) and issubclass(each, Struct):
                return self.object(raw, each, at)
        try:
            return msgspec.convert(raw, kind)
        except msgspec.ValidationError as error:
            found = _explained(error, raw, kinds, at)
            for beginning, form in self._forms.items():
                if f"regex '{beginning}" in found.detail:
                    found = FieldError(found.pointer, form)
            self.errors.append(found)
            return None


def kinds_of(kind: Any) -> tuple[Any, ...]:
    """What a member may be."""
    if get_origin(kind) is Annotated:
        return kinds_of(kind.__origin__)
    args = get_args(kind)
    if args and get_origin(kind) not in (tuple, dict) and not isinstance(args[0], str | int):
        return tuple(found for each in args for found in kinds_of(each))
    return (kind,)


def _explained(
    error: msgspec.ValidationError, raw: Any, kinds: tuple[Any, ...], at: str
) -> FieldError:
    found = explain(str(error), at)
    choices = [
        choice
        for kind in kinds
        for each in (kind, *get_args(kind))
        for choice in get_args(each)
        if isinstance(choice, str | int)
    ]
    if choices and not isinstance(raw, dict) and (isinstance(raw, list) == (found.pointer != at)):
        return FieldError(found.pointer, f"must be one of {', '.join(map(str, choices))}")
    return found


def near(name: object, known: Iterable[str]) -> str:
    names = list(known)
    close = get_close_matches(str(name)[:100], names, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else f"; known are {', '.join(names)}"

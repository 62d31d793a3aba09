"""Files of JSON, an object on each line: members are columns, `a.b` a member of a member."""

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from shared.csv_events.files import TextFile, TextLine, text_file
from shared.csv_events.form import FileForm
from shared.csv_events.table import Broken, Header, Record, Table
from shared.csv_events.typed import number_cell

MEMBERS_MAX = 2_000  # of an object, with those inside it
_NAMES_MAX = 500


class Members(Header):
    """The columns that a mapping reads: an object has them or not."""

    def __init__(self, file: TextFile) -> None:
        super().__init__([], file)
        self.seen: dict[str, None] = {}  # other members that are not empty

    def pick(self, columns: Iterable[str]) -> Mapping[str, int]:
        self.names = sorted(columns)
        self.width = self.named = len(self.names)
        return {name: place for place, name in enumerate(self.names)}

    def is_repeated_by(self, _cells: object) -> bool:
        return False

    def unread(self) -> list[str]:
        return list(self.seen)


def open_json_lines(path: Path, form: FileForm, name: str) -> Table:
    """Raises `Invalid`."""
    file = text_file(path, form.encoding, name)
    members = Members(file)
    return Table(members, _records(file, members))


def objects(file: TextFile) -> Iterator[tuple[TextLine, Any]]:
    """Each line that is not empty, with its object, or with a text that says why it is none."""
    for line in file.lines():
        text = line.content.strip().lstrip("\ufeff")
        if not text:
            continue
        if not line.whole:
            yield line, "is too long for a row"
            continue
        try:
            content = json.loads(text, parse_float=Decimal, parse_constant=_refuse)
        except (ValueError, ArithmeticError, RecursionError) as error:
            yield line, f"is no JSON: {str(error)[:200]}"
            continue
        yield line, content if isinstance(content, dict) else "is no JSON object"


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def _records(file: TextFile, members: Members) -> Iterator[Record | Broken]:
    for line, content in objects(file):
        if isinstance(content, str):
            yield Broken(line.number, -1, content, line.content)
            continue
        try:
            flat = flattened(content)
        except (ValueError, ArithmeticError, RecursionError) as error:
            yield Broken(line.number, -1, f"cannot be read: {error}", line.content)
            continue
        wanted = members.names
        yield Record((line,), [flat.get(name, "") for name in wanted])
        for name in flat.keys() - set(wanted):
            if flat[name] and len(members.seen) < _NAMES_MAX:
                members.seen[name[:100]] = None


def flattened(content: Any) -> dict[str, str]:
    """The members by their names. Raises `ValueError`, `ArithmeticError`, `RecursionError`."""
    flat: dict[str, str] = {}
    _flatten(content, "", flat)
    return flat


def _flatten(value: Any, name: str, into: dict[str, str]) -> None:
    if len(into) >= MEMBERS_MAX:
        raise ValueError(f"it has more than {MEMBERS_MAX} members")
    if isinstance(value, dict):
        for key, entry in value.items():
            _flatten(entry, f"{name}.{key.strip()}" if name else key.strip(), into)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            _flatten(entry, f"{name}.{index}", into)
    elif isinstance(value, bool):
        into[name] = "true" if value else "false"
    elif isinstance(value, int | Decimal):
        into[name] = number_cell(value)
    elif value is not None:
        into[name] = value

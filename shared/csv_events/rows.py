"""Rows of a CSV file as billing events, or as the reason why not."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.csv_events.mapping import BadCell, EventRule, MappingFile
from shared.errors import Invalid
from shared.ids import event_id

_BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}


@dataclass(frozen=True)
class Refusal:
    """Why a row, or one of its events, was not taken."""

    line: int  # of the file; the header is line 1
    column: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.column}: {self.reason}"


@dataclass(frozen=True)
class Made:
    """One event of a row."""

    line: int
    rule: EventRule
    event: dict[str, Any]  # CloudEvents JSON


def read_events(path: Path, mapping: MappingFile, tenant: str) -> Iterator[list[Made] | Refusal]:
    """Each row's events, or why there are none.

    Raises `Invalid` where the file lacks columns.

    A byte that is not of the file's encoding spoils its own row only.
    """
    encoding = _encoding(path, mapping.encoding)
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as file:
        reader = csv.reader(file, delimiter=mapping.delimiter)
        header = [name.strip() for name in next(reader, [])]
        missing = sorted(mapping.columns() - set(header))
        if missing:
            raise Invalid(f"{path.name} has no column {', '.join(missing)}; it has {header}")
        seen: set[tuple[int, str]] = set()
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:  # a quote that never ends, for instance
                yield Refusal(line, "row", f"cannot be read: {error}")
                continue
            except UnicodeError as error:
                yield Refusal(line, "row", f"is not {encoding}, and what follows it: {error}")
                return
            if cells:
                yield _row(mapping, tenant, line, header, cells, seen)


def count_lines(path: Path) -> int:
    """Lines of the file, for a progress bar."""
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))


def _encoding(path: Path, declared: str) -> str:
    with path.open("rb") as file:
        start = file.read(3)
    for bom, encoding in _BOMS.items():
        if start.startswith(bom):
            return encoding
    return declared


def _row(
    mapping: MappingFile,
    tenant: str,
    line: int,
    header: list[str],
    cells: list[str],
    seen: set[tuple[int, str]],
) -> list[Made] | Refusal:
    if len(cells) != len(header):
        return Refusal(line, "row", f"has {len(cells)} cells, the header has {len(header)}")
    row = dict(zip(header, cells, strict=True))
    for name, cell in row.items():
        if any("\udc80" <= character <= "\udcff" for character in cell):
            return Refusal(line, name, f"has bytes that are not {mapping.encoding}")
    made = []
    first = []
    for index, rule in enumerate(mapping.events):
        if rule.when and not row[rule.when].strip():
            continue
        if rule.once_per:
            key = (index, row[rule.once_per].strip())
            if key in seen:
                continue
            first.append(key)
        try:
            made.append(Made(line, rule, _event(mapping, rule, tenant, row)))
        except BadCell as bad:
            return Refusal(line, bad.column, bad.reason)
    seen.update(first)  # only now: of a spoilt row nothing was made
    return made


def _event(
    mapping: MappingFile, rule: EventRule, tenant: str, row: dict[str, str]
) -> dict[str, Any]:
    moment, data = mapping.make(rule, row)
    if moment is None:
        moment = data.get("received_at") or f"{data.get('issued_on', '1970-01-01')}T00:00:00Z"
    event: dict[str, Any] = {
        "specversion": "1.0",
        # From the content: the same row makes the same event, another makes another.
        "id": event_id(mapping.source, rule.type, repr(sorted(data.items()))),
        "source": mapping.source,
        "type": rule.type,
        "subject": data.get("account_id"),
        "tenantid": tenant,
        "time": moment,
        "data": data,
    }
    return event

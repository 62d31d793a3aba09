"""What a mapping leaves open about its file, where the defaults do not fit: a proposal."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from shared.csv_events.amounts import NumberFormat
from shared.csv_events.cells import Cell, Column
from shared.csv_events.document import read_document
from shared.csv_events.files import format_of, is_damaged, text_file
from shared.csv_events.finding import (
    find_dates,
    find_encoding,
    find_numbers,
    looks_like_number,
    unread_numbers,
)
from shared.csv_events.mapping import MappingFile
from shared.csv_events.rows import DAMAGED_ROWS, DAMAGED_SHARE
from shared.csv_events.sniffing import NAMED_DELIMITERS, texts_of
from shared.csv_events.table import Table, open_table
from shared.errors import Invalid

_LAST_DAY = (("%d", "31"), ("%m", "12"), ("%Y", "2026"), ("%y", "26"))
_MONEY = ("money", "minor", "integer", "decimal")


@dataclass(frozen=True)
class Proposal:
    """What was found out, as a mapping says it; and how a person says it."""

    found: Mapping[str, Any]
    words: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join(self.words)

    def as_lines(self) -> str:
        """The lines to add to the mapping."""
        return yaml.safe_dump(
            dict(self.found), sort_keys=False, allow_unicode=True, default_flow_style=None
        ).rstrip()


def propose(path: Path, mapping: MappingFile, text: str, name: str) -> Proposal | None:
    """None: the mapping says it all, or the defaults fit. Raises `Invalid`."""
    if format_of(path, mapping.file.format, name) != "csv":
        return None
    said = read_document(text).raw
    found: dict[str, Any] = {}
    form = mapping.file
    if form.encoding is None and _is_foreign(path, name) and (seen := find_encoding(path)):
        found["file"] = {"encoding": str(seen.value)}
        form = replace(form, encoding=str(seen.value))
    try:
        table = open_table(text_file(path, form.encoding, name), form)
        columns = _texts(table, mapping)
    except Invalid:
        if not found:
            return None  # reading it says what is wrong
        raise
    numbers = None if "numbers" in said else _numbers(mapping, columns)
    if numbers is not None:
        found["numbers"] = _as_rule(numbers)
    dates = None if said.get("dates") else _dates(mapping, columns)
    if dates:
        found["dates"] = dates
    if not found:
        return None
    return Proposal(found, tuple(_words(found, form.encoding, table, numbers, dates)))


def _words(
    found: Mapping[str, Any],
    encoding: str | None,
    table: Table,
    numbers: NumberFormat | None,
    dates: list[str] | None,
) -> list[str]:
    words = [encoding or "utf-8"]
    delimiter = table.lines.splitter.delimiter if table.lines else ","
    words.append(NAMED_DELIMITERS.get(delimiter, delimiter))
    if numbers is not None:
        mark = "comma" if numbers.decimal == "," else "point"
        words.append(f"decimal {mark} ({numbers.example})")
    if dates:
        words.append(f"days {' or '.join(_example(pattern) for pattern in dates)}")
    return words


def _example(pattern: str) -> str:
    for word, text in _LAST_DAY:
        pattern = pattern.replace(word, text)
    return pattern


def _is_foreign(path: Path, name: str) -> bool:
    """Whether so many lines hold bytes that are not UTF-8 that the file would be refused."""
    lines = damaged = 0
    file = text_file(path, None, name)
    if file.declared:
        return False
    for line in file.lines():
        lines += 1
        damaged += is_damaged(line.text)
    return damaged >= DAMAGED_ROWS and damaged * DAMAGED_SHARE >= lines


def _texts(table: Table, mapping: MappingFile) -> dict[str, list[str]]:
    wanted = sorted({cell.source.name for cell in _open_cells(mapping)})  # type: ignore[union-attr]
    groups = mapping.file.groups
    wanted = [name for name in wanted if groups is None or name != groups.name]
    columns: dict[str, list[str]] = {name: [] for name in wanted}
    for name, text in texts_of(table, wanted):
        columns[name].append(text)
    return columns


def _open_cells(mapping: MappingFile) -> list[Cell]:
    return [
        cell
        for cell in mapping.cells()
        if isinstance(cell.source, Column)
        and cell.choice is None
        and (
            (cell.kind in _MONEY and "numbers" not in cell.own)
            or (cell.kind in ("date", "instant") and "dates" not in cell.own)
        )
    ]


def _of_kind(
    mapping: MappingFile, columns: Mapping[str, list[str]], kinds: tuple[str, ...]
) -> dict[str, list[str]]:
    names = {
        cell.source.name
        for cell in _open_cells(mapping)
        if cell.kind in kinds and isinstance(cell.source, Column)
    }
    return {name: texts for name, texts in columns.items() if name in names and texts}


def _numbers(mapping: MappingFile, columns: Mapping[str, list[str]]) -> NumberFormat | None:
    """Another form in which more of the amounts can be read than in the default."""
    texts = [t for each in _of_kind(mapping, columns, _MONEY).values() for t in each]
    numbers = [text for text in texts if looks_like_number(text)]
    unread = unread_numbers(numbers)
    if not unread:
        return None
    found = find_numbers(numbers).value
    assert isinstance(found, NumberFormat)
    return found if unread_numbers(numbers, found) < unread else None


def _dates(mapping: MappingFile, columns: Mapping[str, list[str]]) -> list[str]:
    days = _of_kind(mapping, columns, ("date", "instant"))
    found = find_dates(days, packed=frozenset(days))
    formats = [str(each.value[0]) for each in found.values()]  # type: ignore[index]
    return list(dict.fromkeys(pattern for pattern in formats if pattern))


def _as_rule(numbers: NumberFormat) -> dict[str, str]:
    rule = {"decimal": numbers.decimal}
    if numbers.thousands:
        rule["thousands"] = numbers.thousands
    if numbers.grouping != "western":
        rule["grouping"] = numbers.grouping
    return rule

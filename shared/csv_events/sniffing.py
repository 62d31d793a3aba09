"""What can be found out about a file: how it is written, what its columns are, and a mapping."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from shared.csv_events.amounts import PLAIN, NumberFormat
from shared.csv_events.draft import draft_mapping
from shared.csv_events.files import TextFile, format_of, text_file
from shared.csv_events.finding import (
    Found,
    find_dates,
    find_encoding,
    find_numbers,
    looks_like_number,
)
from shared.csv_events.form import FileForm
from shared.csv_events.json_lines import flattened, objects
from shared.csv_events.names import guess_roles, is_day_s
from shared.csv_events.table import DELIMITERS, Record, Table, cells_in, open_table
from shared.csv_events.typed import DayCell, NumberCell
from shared.csv_events.workbook import open_workbook

ROWS_MAX = 5_000  # that are looked at
LINES_MAX = 60  # in which the header is looked for
SAMPLES = 5
SAMPLE_MAX = 100  # characters
NAMED_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


class SniffedColumn(Struct):
    """A column: what is in it, and what it may be for."""

    name: str
    samples: list[str]
    empty: int
    guess: str


class Question(Struct):
    """What somebody should look at before it is believed."""

    about: str
    found: str
    because: str


class Sniffed(Struct):
    """All that was found out about a file."""

    file: dict[str, Any]
    numbers: dict[str, str]
    dates: list[str]
    zone: str | None
    columns: list[SniffedColumn]
    questions: list[Question]
    mapping: str | None  # None: its rows are events already


@dataclass
class _Column:
    """What was seen of a column."""

    texts: list[str] = field(default_factory=list)
    empty: int = 0

    def add(self, text: str) -> None:
        if text:
            self.texts.append(text)
        else:
            self.empty += 1

    def samples(self) -> list[str]:
        return [str(text)[:SAMPLE_MAX] for text in list(dict.fromkeys(self.texts))[:SAMPLES]]


def sniff(path: Path, name: str | None = None) -> Sniffed:
    """Raises `Invalid` for what is no file that can be imported."""
    name = name or path.name
    kind = format_of(path, None, name)
    questions: list[Question] = []
    if kind == "ndjson":
        file = text_file(path, None, name)
        found = _members(file)
        if "specversion" in found:
            return Sniffed({"format": kind}, {}, [], None, _shown(found, {}), [], None)
        return _described({"format": kind}, found, questions)
    if kind == "xlsx":
        table = _workbook(path, name, form := {"format": kind})
    else:
        table = _lines(path, name, form := {"format": kind}, questions)
    return _described(form, _columns(table), questions)


def _described(
    form: dict[str, Any], columns: dict[str, _Column], questions: list[Question]
) -> Sniffed:
    typed = {name: [t for t in column.texts if type(t) is str] for name, column in columns.items()}
    packed = frozenset(name for name in columns if is_day_s(name))
    days = find_dates({n: t for n, t in typed.items() if t}, packed=packed)
    numbers = find_numbers(
        text
        for name, texts in typed.items()
        if name not in days and _are_numbers(texts)
        for text in texts
    )
    roles = guess_roles(columns)
    guesses = {
        name: roles.get(name) or _kind(column, days.get(name)) for name, column in columns.items()
    }
    number_format = numbers.value if isinstance(numbers.value, NumberFormat) else PLAIN
    if not numbers.is_sure:
        questions.append(Question("numbers", number_format.example, numbers.because))
    formats: list[str] = []
    for name, found in days.items():
        first = _first(found)
        if first and first not in formats:
            formats.append(first)
        if not found.is_sure:
            questions.append(Question(f"dates of {name}", first, found.because))
    zone = "UTC" if any("utc" in name.casefold() for name in days) else None
    made = draft_mapping(
        form,
        number_format,
        formats,
        zone,
        {n: g for n, g in guesses.items()},
        questions_of(questions),
    )
    questions += [Question(*each) for each in made.questions]
    text = yaml.safe_dump(made.content, sort_keys=False, allow_unicode=True, width=100)
    return Sniffed(
        form, _as_rule(number_format), formats, zone, _shown(columns, guesses), questions, text
    )


def questions_of(questions: Sequence[Question]) -> frozenset[str]:
    """What is asked about already."""
    return frozenset(question.about for question in questions)


def _first(found: Found) -> str:
    value = found.value
    return str(value[0]) if isinstance(value, list) and value else ""


def _as_rule(numbers: NumberFormat) -> dict[str, str]:
    rule = {"decimal": numbers.decimal}
    if numbers.thousands:
        rule["thousands"] = numbers.thousands
    if numbers.grouping != "western":
        rule["grouping"] = numbers.grouping
    return rule


def _are_numbers(texts: Sequence[str]) -> bool:
    fits = sum(looks_like_number(text) for text in texts)
    return bool(texts) and fits * 10 >= len(texts) * 8


def _kind(column: _Column, days: Found | None) -> str:
    texts = column.texts
    if not texts:
        return "empty"
    if days is not None or any(isinstance(text, DayCell) for text in texts):
        return "date"
    if any(isinstance(text, NumberCell) for text in texts) or _are_numbers(texts):
        return "number"
    return "text"


def _shown(columns: dict[str, _Column], guesses: dict[str, str]) -> list[SniffedColumn]:
    return [
        SniffedColumn(name, column.samples(), column.empty, guesses.get(name, "text"))
        for name, column in columns.items()
    ]


# ------------------------------------------------- where the columns come from


def _members(file: TextFile) -> dict[str, _Column]:
    columns: dict[str, _Column] = {}
    rows = 0
    for _, content in islice(objects(file), ROWS_MAX):
        if not isinstance(content, dict):
            continue
        try:
            flat = flattened(content)
        except (ValueError, ArithmeticError, RecursionError):
            continue
        for name, text in flat.items():
            if name not in columns and len(columns) < ROWS_MAX:
                columns[name] = _Column(empty=rows)
            if name in columns:
                columns[name].add(text)
        for name in columns.keys() - flat.keys():
            columns[name].empty += 1
        rows += 1
    return columns


def _columns(table: Table) -> dict[str, _Column]:
    names = table.header.names
    columns = {name: _Column() for name in names}
    for record in islice(table.records, ROWS_MAX):
        if not isinstance(record, Record) or table.header.is_repeated_by(record.cells):
            continue
        cells = [cell.strip() for cell in record.cells]
        if not any(cells):
            continue
        for name, text in zip(names, [*cells, *[""] * len(names)], strict=False):
            columns[name].add(text)
    return columns


def _workbook(path: Path, name: str, form: dict[str, Any]) -> Table:
    """The table, from its header on: the first row that names most of the columns."""
    rows = open_workbook(path, FileForm(header_row=0), name).records
    head = [row for row in islice(rows, LINES_MAX) if isinstance(row, Record)]
    line = _header_line([(row.line, row.cells) for row in head])
    form["header_row"] = line
    return open_workbook(path, FileForm(header_row=line), name)


def _lines(path: Path, name: str, form: dict[str, Any], questions: list[Question]) -> Table:
    file = text_file(path, None, name)
    encoding = None if file.declared else find_encoding(path)
    form["encoding"] = file.encoding if encoding is None else str(encoding.value)
    if encoding is not None:
        file = TextFile(path, name, str(encoding.value), declared=True)
        questions.append(Question("encoding", str(encoding.value), encoding.because))
    lines = [(line.number, line.content) for line in islice(file.lines(), LINES_MAX)]
    delimiter = _delimiter([text for _, text in lines])
    rows = [(number, cells_in(text, delimiter)) for number, text in lines]
    form["delimiter"] = delimiter
    form["header_row"] = _header_line(rows)
    return open_table(file, FileForm(delimiter=delimiter, header_row=form["header_row"]))


def _delimiter(lines: Sequence[str]) -> str:
    """The one that cuts most lines into equally many cells, the more cells the better."""
    best, most = ",", (0, 0)
    for delimiter in DELIMITERS:
        widths = [len(cells_in(line, delimiter)) for line in lines if line.strip()]
        if wide := [width for width in widths if width > 1]:
            usual = max(set(wide), key=lambda width: (wide.count(width), width))
            if (wide.count(usual), usual) > most:
                best, most = delimiter, (wide.count(usual), usual)
    return best


def _header_line(rows: Sequence[tuple[int, Sequence[str]]]) -> int:
    """The first row with as many cells as most, of which none is a number."""
    filled = [(line, [cell for cell in cells if cell.strip()], len(cells)) for line, cells in rows]
    widths = [width for _, cells, width in filled if cells]
    usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
    for line, cells, width in filled:
        is_wide = width == usual and len(cells) * 2 >= width
        if is_wide and not any(_is_value(cell) for cell in cells):
            return line
    return next((line for line, cells, _ in filled if cells), 1)


def _is_value(cell: str) -> bool:
    return isinstance(cell, NumberCell | DayCell) or looks_like_number(cell.strip())


def texts_of(
    table: Table, columns: Sequence[str], rows: int = ROWS_MAX
) -> Iterator[tuple[str, str]]:
    """(column, text) of the cells of some columns that are not empty."""
    places = table.header.pick(columns)
    for record in islice(table.records, rows):
        if isinstance(record, Record):
            for name, place in places.items():
                if place < len(record.cells) and (text := record.cells[place].strip()):
                    yield name, text

"""Lines as rows of cells, and cells by the names of their columns."""

import csv
import re
import unicodedata
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from typing import Protocol

from shared.csv_events.document import near
from shared.csv_events.files import TextFile, TextLine, is_damaged
from shared.csv_events.form import FileForm
from shared.errors import Invalid

DELIMITERS = (",", ";", "\t", "|")
CELL_LINES_MAX = 1000
CELL_MAX = 200_000  # characters of a cell over several lines
_SAMPLE = 20
_NAMES_SHOWN = 50
_NAME_MAX = 100
_NOT_SHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SEPARATOR_LINE = re.compile(r"\ufeff?\"?sep=(.)\"?\1*\s*", re.IGNORECASE)
_TO_CLOSING = re.compile(r'((?:[^"]++|"")*+)"')
_NUMBERED_NAME = re.compile(r"#([1-9][0-9]{0,4})")


@dataclass(frozen=True, slots=True)
class Record:
    """A row: its cells, and the lines it stands on."""

    lines: tuple[TextLine, ...]
    cells: list[str]

    @property
    def line(self) -> int:
        return self.lines[0].number

    @property
    def last(self) -> int:
        return self.lines[-1].number

    @property
    def text(self) -> str:
        """The row as it stands in the file; of a workbook, as CSV."""
        return "\n".join(line.content for line in self.lines) or _as_csv(self.cells)


def _as_csv(cells: Sequence[str]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that makes no row."""

    line: int
    cell: int  # which of the row, from 0; -1: the whole row
    reason: str
    text: str = ""  # as it stands in the file


class _Stray(Exception):
    """Text stands behind a closing quotation mark."""

    def __init__(self, cell: int) -> None:
        self.cell = cell


class Splitter:
    """Cuts lines into cells at a delimiter, with quotation marks as RFC 4180 has them; spaces may
    stand around those."""

    def __init__(self, delimiter: str) -> None:
        self.delimiter = delimiter
        self._spaces = " \t".replace(delimiter, "")

    def split(self, text: str) -> tuple[list[str], str | None]:
        """The cells; and what a last one holds that no quotation mark closes. Raises `_Stray`."""
        if '"' not in text:
            return text.split(self.delimiter), None
        cells: list[str] = []
        return cells, self._go_on(text, 0, cells)

    def go_on(self, text: str, cells: list[str], held: str) -> str | None:
        """The same of a further line, whose cells are added. Raises `_Stray`."""
        match = _TO_CLOSING.match(text)
        if match is None:
            return held + text
        end = self._close(text, match, cells, held)
        return None if end == len(text) else self._go_on(text, end + 1, cells)

    def literal(self, text: str) -> list[str]:
        """The cells if no quotation mark meant anything."""
        return text.split(self.delimiter)

    def _go_on(self, text: str, start: int, cells: list[str]) -> str | None:
        while True:
            mark = self._behind_spaces(text, start)
            if not text.startswith('"', mark):
                end = text.find(self.delimiter, start)
                end = len(text) if end < 0 else end
                cells.append(text[start:end])
            elif match := _TO_CLOSING.match(text, mark + 1):
                end = self._close(text, match, cells, "")
            else:
                return text[mark + 1 :]
            if end == len(text):
                return None
            start = end + 1

    def _close(self, text: str, match: re.Match[str], cells: list[str], held: str) -> int:
        end = self._behind_spaces(text, match.end())
        if end < len(text) and text[end] != self.delimiter:
            raise _Stray(len(cells))
        cells.append((held + match[1]).replace('""', '"'))
        return end

    def _behind_spaces(self, text: str, start: int) -> int:
        while start < len(text) and text[start] in self._spaces:
            start += 1
        return start


class Records:
    """The rows of lines. A row that was read over several lines can be read again, line by line."""

    def __init__(self, lines: Iterable[TextLine], splitter: Splitter) -> None:
        self._lines = iter(lines)
        self._again: deque[TextLine] = deque()
        self._splitter = splitter

    def __iter__(self) -> Iterator[Record | Broken]:
        while (line := self._next()) is not None:
            yield self._row(line)

    def again(self, lines: Sequence[TextLine]) -> None:
        """Let these lines come next, before all others."""
        self._again.extendleft(reversed(lines))

    def _next(self) -> TextLine | None:
        return self._again.popleft() if self._again else next(self._lines, None)

    def _row(self, line: TextLine) -> Record | Broken:
        if not line.whole:
            return Broken(line.number, -1, "is too long for a row", line.content)
        try:
            cells, held = self._splitter.split(line.content)
        except _Stray as stray:
            return Broken(line.number, stray.cell, _STRAY, line.content)
        return Record((line,), cells) if held is None else self._long_row(line, cells, held)

    def _long_row(self, first: TextLine, cells: list[str], held: str | None) -> Record | Broken:
        """A row over several lines; where no mark closes it, its first line alone is spoilt."""
        lines, cell = [first], len(cells)
        while held is not None:
            following = self._next()
            if following is None:
                break
            lines.append(following)
            end = lines[-2].text[len(lines[-2].content) :]
            if not following.whole or len(lines) > CELL_LINES_MAX or len(held) > CELL_MAX:
                break
            try:
                held = self._splitter.go_on(following.content, cells, held + end)
            except _Stray:
                break
        if held is None:
            return Record(tuple(lines), cells)
        self.again(lines[1:])
        return Broken(first.number, cell, _OPEN, first.content)


_STRAY = 'has text behind a closing quotation mark: double marks inside a cell, as in "12"" pipe"'
_OPEN = "begins with a quotation mark that nothing closes"


class NamedFile(Protocol):
    """A file as messages speak of it."""

    @property
    def name(self) -> str: ...

    def advice(self) -> str: ...


class Header:
    """The columns of a file by their names."""

    def __init__(self, names: Sequence[str], file: NamedFile, *, numbered: bool = False) -> None:
        self._file = file
        self.width = len(names)
        self.damaged = any(is_damaged(name) for name in names)
        plain = ["" if numbered else _plain(name) for name in names]
        # As many columns as a row must have: those behind it have no names.
        self.named = self.width
        while not numbered and self.named > 1 and not plain[self.named - 1]:
            self.named -= 1
        stands = Counter(plain)
        counted: Counter[str] = Counter()
        keys: list[str] = []
        for index, name in enumerate(plain):
            counted[name] += 1
            if not name:
                keys.append(f"#{index + 1}")
            else:
                keys.append(f"{name} ({counted[name]})" if stands[name] > 1 else name)
        self.names = [_told(key) for key in keys]
        self._index = {key: place for place, key in reversed(list(enumerate(keys)))}
        self._twice = {name for name, count in stands.items() if count > 1 and name}
        self._plain = plain

    def pick(self, columns: Iterable[str]) -> Mapping[str, int]:
        """The place of each column. Raises `Invalid` for what is not there, or there twice."""
        places: dict[str, int] = {}
        missing, twice = [], []
        for column in sorted(columns):
            name = _plain(column)
            numbered = _NUMBERED_NAME.fullmatch(name)
            if name in self._index:
                places[column] = self._index[name]
            elif name in self._twice:
                twice.append(column)
            elif numbered and int(numbered[1]) <= self.width:
                places[column] = int(numbered[1]) - 1
            else:
                missing.append(column)
        if twice:
            told = "; ".join(f"{name} stands twice: map {name} (1) or {name} (2)" for name in twice)
            raise Invalid(f"{self._file.name} has columns of one name: {told}")
        if missing:
            raise Invalid(self._missing(missing))
        return places

    def unread(self) -> list[str]:
        """Names that stand in rows alone, where there is no header."""
        return []

    def is_repeated_by(self, cells: Sequence[str]) -> bool:
        return (
            any(self._plain)
            and len(cells) == self.width
            and all(_plain(cell) == name for cell, name in zip(cells, self._plain, strict=True))
        )

    def _missing(self, columns: Sequence[str]) -> str:
        if any("\0" in name for name in self._plain):
            advice = "holds NUL bytes: it may be `file: {encoding: utf-16-le}`"
            return f"{self._file.name} {advice}"
        told = ", ".join(f"{name}{near(name, self.names)}" for name in columns)
        shown = ", ".join(self.names[:_NAMES_SHOWN])
        problem = f"{self._file.name} has no column {told}; it has {shown}"
        return f"{problem}. The header {self._file.advice()}" if self.damaged else problem


def _told(name: str) -> str:
    """A name for messages: bounded, without what a terminal can't show or would obey."""
    return _NOT_SHOWN.sub("\N{REPLACEMENT CHARACTER}", name)[:_NAME_MAX]


def _plain(name: str) -> str:
    """A name as it is compared: without spaces around it, in one of the forms of its letters."""
    return unicodedata.normalize("NFC", name.strip().strip("\ufeff").strip())


@dataclass(frozen=True)
class Table:
    """A file's rows, and its header."""

    header: Header
    records: Iterable[Record | Broken]
    lines: "LinesOfTable | None" = None  # of a file of lines


@dataclass(frozen=True)
class LinesOfTable:
    """What can be looked at again where a quotation mark may have taken in too much."""

    records: Records
    splitter: Splitter


def open_table(file: TextFile, form: FileForm) -> Table:
    """The header is read, the rows are not. Raises `Invalid`."""
    lines = file.lines()
    before: list[TextLine] = []
    delimiter = form.delimiter
    for line in lines:
        before.append(line)
        if line.number == 1 and (match := _SEPARATOR_LINE.fullmatch(line.content)):
            delimiter = delimiter or match[1]
            if form.header_row in (None, 0):
                before.clear()
        elif form.header_row in (None, 0) and not line.content.strip(" \t,;|\ufeff"):
            before.clear()
        elif form.header_row in (None, 0) or line.number == form.header_row:
            break
    else:
        raise Invalid(f"{file.name} has no header" if form.header_row != 0 else _no_rows(file))
    first = before[-1]
    splitter = Splitter(delimiter or _sniffed(first, file, form))
    records = Records(lines, splitter)
    records.again([first])
    row = next(iter(records))
    if isinstance(row, Broken):
        raise Invalid(f"{file.name} cannot be read: its first row, line {row.line}, {row.reason}")
    if form.header_row == 0:
        records.again(row.lines)
    header = Header(row.cells, file, numbered=form.header_row == 0)
    return Table(header, records, LinesOfTable(records, splitter))


def _no_rows(file: TextFile) -> str:
    return f"{file.name} has no rows"


def _sniffed(first: TextLine, file: TextFile, form: FileForm) -> str:
    """The delimiter that cuts the header and the rows behind it into equally many cells; else the
    one that cuts the header into most."""
    sample = islice((line for line in file.lines() if line.number > first.number), _SAMPLE)
    starts = form.skip.starts
    rows = [
        line.content
        for line in sample
        if line.content.strip() and not (starts and line.content.lstrip(' "').startswith(starts))
    ]
    best, cells = ",", 1
    for delimiter in DELIMITERS:
        width = _width(first.content, delimiter)
        if width > 1 and all(_width(row, delimiter) == width for row in rows):
            return delimiter
        if width > cells:
            best, cells = delimiter, width
    return best


def _width(text: str, delimiter: str) -> int:
    return len(cells_in(text, delimiter))


def cells_in(text: str, delimiter: str) -> list[str]:
    """The cells of one line by itself; none where a quotation mark is astray."""
    try:
        cells, held = Splitter(delimiter).split(text)
    except _Stray:
        return []
    return cells if held is None else [*cells, held]

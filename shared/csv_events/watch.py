"""What in a file is readable, and yet looks as if something were wrong: warnings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shared.csv_events.cells import Column
from shared.csv_events.days import DayFormats, swapped
from shared.csv_events.mapping import MappingFile
from shared.csv_events.typed import DayCell

LINES_SHOWN = 5
_NAMES_SHOWN = 20
_TEXT_MAX = 300


@dataclass
class Warned:
    """How often, where at first, and what it is about."""

    count: int = 0
    lines: list[int] = field(default_factory=list)
    detail: str = ""

    def add(self, line: int, detail: str = "", count: int = 1) -> None:
        self.count += count
        if line and len(self.lines) < LINES_SHOWN and line not in self.lines:
            self.lines.append(line)
        self.detail = self.detail or detail[:_TEXT_MAX]


@dataclass
class _Ambiguous:
    """The days of one format: whether each of them fits day and month both ways."""

    days: Warned = field(default_factory=Warned)
    is_possible: bool = True


class RowWatch:
    """Looks at the rows of a file as they are read."""

    def __init__(self, mapping: MappingFile) -> None:
        self._columns = {
            cell.source.name: cell.days
            for cell in mapping.cells()
            if cell.days is not None
            and isinstance(cell.source, Column)
            and any(swapped(pattern) for pattern in cell.days.formats)
        }
        # One day beyond doubt tells how all of its format are written.
        self._formats = {formats: _Ambiguous() for formats in self._columns.values()}
        self._found: dict[str, Warned] = {}

    def note(self, code: str, line: int, detail: str = "", count: int = 1) -> None:
        self._found.setdefault(code, Warned()).add(line, detail, count)

    def row(self, line: int, row: Mapping[str, str]) -> None:
        """A row of which something may be made."""
        for column, formats in self._columns.items():
            ambiguous = self._formats[formats]
            if ambiguous.is_possible and (text := row.get(column, "")):
                _look_at_day(line, column, text, formats, ambiguous)
        for name, text in row.items():
            if not text.isascii() and is_damaged_text(text):
                self.note("damaged-text", line, f"{name}: {text[:60]}")

    def unused(self, names: Iterable[str]) -> None:
        """Columns with something in them that the mapping does not read."""
        unread = list(names)
        if unread:
            rest = len(unread) - _NAMES_SHOWN
            more = f" and {rest} more" if rest > 0 else ""
            told = ", ".join(name[:60] for name in unread[:_NAMES_SHOWN])
            self.note("unused-column", 0, told + more, len(unread))

    def warnings(self) -> dict[str, Warned]:
        """By code; only of what was found."""
        found = dict(self._found)
        for ambiguous in self._formats.values():
            if ambiguous.is_possible and ambiguous.days.count:
                warned = found.setdefault("day-month-ambiguous", Warned())
                warned.count += ambiguous.days.count
                warned.lines = sorted({*warned.lines, *ambiguous.days.lines})[:LINES_SHOWN]
                warned.detail = warned.detail or ambiguous.days.detail
        return found


def _look_at_day(
    line: int, column: str, text: str, formats: DayFormats, ambiguous: _Ambiguous
) -> None:
    fits = False if isinstance(text, DayCell) else formats.both_ways(text)
    if fits is False:
        ambiguous.is_possible = False
    elif fits:
        told = f"{column}: {text} fits the other way round too, as does every day written so"
        ambiguous.days.add(line, told)


def is_damaged_text(text: str) -> bool:
    """Whether UTF-8 was once read as windows-1252 (`Ã¼`), or a letter was lost."""
    if "\N{REPLACEMENT CHARACTER}" in text:
        return True
    for encoding in ("cp1252", "latin-1"):
        try:
            text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        return True
    return False

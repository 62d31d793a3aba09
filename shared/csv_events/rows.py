"""Rows of a file as billing events, or as the reason why not. No line is lost silently."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from shared.csv_events.cells import BadCell
from shared.csv_events.files import TextFile, format_of, is_damaged, text_file
from shared.csv_events.finding import find_encoding
from shared.csv_events.json_lines import open_json_lines
from shared.csv_events.mapping import AIMED, EventRule, MappingFile
from shared.csv_events.table import Broken, Record, Table, open_table
from shared.csv_events.watch import RowWatch
from shared.csv_events.workbook import open_workbook
from shared.errors import Invalid
from shared.ids import event_id

# A file of which so many rows hold bytes of another encoding is of another encoding.
DAMAGED_ROWS = 3
DAMAGED_SHARE = 100  # one in so many

# What an invoice must have so that a payment can be aimed at it.
AIMABLE = frozenset({"account_id", "currency", "invoice_id", "due_on", "amount_minor"})
CELLS_MAX = 10_000  # characters of a row that are kept for the report on refusals

Why = Literal["blank", "starts", "group", "header", "no-event"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row, or one of its events, was not taken."""

    line: int  # of the file, from 1
    column: str
    reason: str
    last: int = 0  # the last line of several
    cells: str = field(default="", compare=False)  # the row as it stands in the file

    def __str__(self) -> str:
        place = (
            f"lines {self.line} to {self.last}" if self.last > self.line else f"line {self.line}"
        )
        return f"{place}, {self.column}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row of which no event is made, by a rule."""

    line: int
    why: Why
    last: int = 0


@dataclass(frozen=True, slots=True)
class Made:
    """One event of a row."""

    line: int
    rule: EventRule
    event: dict[str, Any]  # CloudEvents JSON
    last: int = 0
    cells: str = ""
    aims: tuple[tuple[str, str], ...] = ()  # (column, value): of a payment, and of its invoices


Outcome = list[Made] | Refusal | Skipped


def read_events(
    path: Path,
    mapping: MappingFile,
    tenant: str,
    name: str | None = None,
    watch: RowWatch | None = None,
) -> Iterator[Outcome]:
    """What becomes of each row, in the file's order; `name` is the file's, for messages.

    Raises `Invalid` where the file can't be read or lacks columns: at once, or at its end where too
    many rows hold bytes that are not of its encoding. Payments that are to be aimed are not aimed
    yet (`aims.py`): their invoices may come later.
    """
    name = name or path.name
    form = mapping.file
    kind = format_of(path, form.format, name)
    if kind == "xlsx":
        file, table = None, open_workbook(path, form, name)
    elif kind == "ndjson":
        file, table = text_file(path, form.encoding, name), open_json_lines(path, form, name)
    else:
        file = text_file(path, form.encoding, name)
        table = open_table(file, form)
    yield from _Rows(file, table, mapping, tenant, watch).read()


def count_lines(path: Path) -> int:
    """Lines of the file, for a progress bar."""
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))


class _Rows:
    """Reads the rows of one file."""

    def __init__(
        self,
        file: TextFile | None,
        table: Table,
        mapping: MappingFile,
        tenant: str,
        watch: RowWatch | None,
    ) -> None:
        self._file, self._table, self._mapping, self._tenant = file, table, mapping, tenant
        self._columns: Mapping[str, int] = table.header.pick(mapping.columns())
        self._aims = mapping.aims
        self._group = ""  # the cell of the last row that heads others
        self._watch = watch
        self._unread = set(range(table.header.width)) - set(self._columns.values())
        self._filled: list[int] = []  # of those, the ones that are not empty
        self._seen: dict[int, set[str]] = {i: set() for i, _ in enumerate(mapping.events)}
        self._rows = self._damaged = 0

    def read(self) -> Iterator[Outcome]:
        first: str | None = None
        for record in self._table.records:
            outcome = self._broken(record) if isinstance(record, Broken) else self._row(record)
            self._rows += 1
            if first is None and self._damaged:
                first = str(outcome)
            yield outcome
        file = self._file
        if file is not None and not file.declared and first is not None and self._is_foreign():
            raise Invalid(
                f"{file.name} {_advice(file)}. {self._damaged} rows hold other bytes, first {first}"
            )
        if self._watch is not None:
            header = self._table.header
            self._watch.unused([header.names[place] for place in sorted(self._filled)])
            self._watch.unused(header.unread())

    def _is_foreign(self) -> bool:
        many = self._damaged >= DAMAGED_ROWS
        return many and self._damaged * DAMAGED_SHARE >= self._rows

    def _broken(self, broken: Broken) -> Refusal:
        names = self._table.header.names
        column = names[broken.cell] if 0 <= broken.cell < len(names) else "row"
        return Refusal(broken.line, column, broken.reason, cells=broken.text[:CELLS_MAX])

    def _row(self, record: Record) -> Outcome:
        cells, last = record.cells, record.last
        if (why := self._skipped(cells)) is not None:
            return Skipped(record.line, why, last)
        width = self._table.header.width
        cells = self._fitted(cells)
        try:
            if self._heads_others(cells):
                return Skipped(record.line, "group", last)
        except BadCell as bad:
            return self._refusal(record, bad.column, bad.reason)
        if len(cells) != width:
            reason = f"has {len(cells)} cells, the header has {width}"
            refused = self._refusal(record, "row", reason)
            return self._one_by_one(record, is_row=False) or refused
        if refusal := self._one_by_one(record, is_row=True):
            return refusal
        row = self._named(cells)
        if fault := self._fault(row):
            return self._refusal(record, *fault)
        if self._watch is not None:
            self._look_at(record, cells, row)
        return self._events(record, row)

    def _named(self, cells: list[str]) -> dict[str, str]:
        row = {name: cells[place].strip() for name, place in self._columns.items()}
        if self._mapping.file.groups is not None:
            row[self._mapping.file.groups.name] = self._group
        return row

    def _heads_others(self, cells: list[str]) -> bool:
        """Whether a row is the head of those below it. Raises `BadCell`."""
        groups = self._mapping.file.groups
        if groups is None:
            return False
        width = self._table.header.width
        row = self._named([*cells, *[""] * (width - len(cells))])
        head = row[groups.column]
        if not head or not groups.where.holds(row):
            return False
        if is_damaged(head):
            raise BadCell(groups.column, "has bytes that are not of the file's encoding")
        self._group = head
        return True

    def _look_at(self, record: Record, cells: list[str], row: Mapping[str, str]) -> None:
        assert self._watch is not None
        self._watch.row(record.line, row)
        if self._unread:
            filled = [place for place in self._unread if cells[place].strip()]
            self._unread.difference_update(filled)
            self._filled += filled

    def _refusal(self, record: Record, column: str, reason: str) -> Refusal:
        return Refusal(record.line, column, reason, record.last, record.text[:CELLS_MAX])

    def _fitted(self, cells: list[str]) -> list[str]:
        """As many as the header has, where the one or the other ends in delimiters alone."""
        width = self._table.header.width
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            return cells[:width]
        if self._table.header.named <= len(cells) < width:
            return [*cells, *[""] * (width - len(cells))]
        return cells

    def _skipped(self, cells: list[str]) -> Why | None:
        filled = next((text for cell in cells if (text := cell.strip())), None)
        skip = self._mapping.file.skip
        if filled is None:
            return "blank"
        if skip.starts and filled.startswith(skip.starts):
            return "starts"
        if self._table.header.is_repeated_by(cells):
            return "header"
        if skip.blank is not None:
            place = self._columns[skip.blank]
            if place >= len(cells) or not cells[place].strip():
                return "blank"
        return None

    def _fault(self, row: Mapping[str, str]) -> tuple[str, str] | None:
        """A mapped cell that is no text."""
        for name, text in row.items():
            if text.isascii() and "\0" not in text:
                continue
            if "\0" in text:
                return name, "holds a NUL character"
            if is_damaged(text):
                self._damaged += 1
                if self._file is None:
                    return name, "holds half a character"
                if self._file.declared:
                    return name, f"has bytes that are not {self._file.encoding}"
                return name, f"has bytes that are not utf-8 ({_ADVICE})"
        return None

    def _one_by_one(self, record: Record, *, is_row: bool) -> Refusal | None:
        """Refuse a row over several lines if a stray quotation mark may have made it.

        Where the lines in it are rows by themselves, all but the first are read again. Where nobody
        knows what was meant, none is taken.
        """
        lines, table = record.lines, self._table.lines
        if len(lines) == 1 or table is None:
            return None
        header = self._table.header
        literal = [self._fitted(table.splitter.literal(line.content)) for line in lines]
        opens = [i for i, cell in enumerate(literal[0]) if cell.lstrip().startswith('"')]
        name = header.names[opens[-1]] if opens and opens[-1] < header.width else "row"
        takes = f"opens a quotation mark that takes in {len(lines) - 1} more lines"
        whole = not is_row or all(len(cells) == header.width for cells in literal)
        inner = literal[1:-1]
        if header.width > 2 and whole and inner and all(map(self._makes, inner)):
            table.records.again(lines[1:])
            reason = f"{takes}; these are rows, and were read as such"
            return Refusal(record.line, name, reason, cells=lines[0].content[:CELLS_MAX])
        if is_row and not any(map(self._makes, literal[1:])):
            return None  # a text of several lines
        return self._refusal(record, name, f"{takes}: close it, or double it")

    def _makes(self, cells: list[str]) -> bool:
        """Whether a line by itself would make events."""
        if len(cells) != self._table.header.width:
            return False
        row = self._named(cells)
        try:
            rules = [rule for rule in self._mapping.events if rule.applies(row)]
            for rule in rules:
                rule.make(row)
        except (BadCell, ValueError, ArithmeticError, LookupError, TypeError, RecursionError):
            return False
        return bool(rules)

    def _events(self, record: Record, row: Mapping[str, str]) -> Outcome:
        made: list[Made] = []
        text = record.text[:CELLS_MAX]
        first: list[tuple[int, str]] = []
        try:
            for index, rule in enumerate(self._mapping.events):
                if not rule.applies(row):
                    continue
                if rule.once_per:
                    key = row[rule.once_per]
                    if key in self._seen[index]:
                        continue
                    first.append((index, key))
                event = self._event(rule, row)
                aims = self._aims_of(rule, row, event["data"])
                made.append(Made(record.line, rule, event, record.last, text, aims))
        except BadCell as bad:
            return self._refusal(record, bad.column, bad.reason)
        except (ValueError, ArithmeticError, LookupError, TypeError, RecursionError) as error:
            return self._refusal(record, "row", f"makes no event: {error}"[:300])
        for index, key in first:  # only now: of a spoilt row nothing was made
            self._seen[index].add(key)
        return made or Skipped(record.line, "no-event", record.last)

    def _aims_of(
        self, rule: EventRule, row: Mapping[str, str], data: Mapping[str, Any]
    ) -> tuple[tuple[str, str], ...]:
        """By what a payment is aimed, or can be aimed at an invoice."""
        if not self._aims or type(data.get("amount_minor")) is not int:
            return ()
        if rule.aim_by is not None:
            value = row[rule.aim_by]
            return ((rule.aim_by, value),) if value and data.keys() >= AIMED else ()
        if rule.type != "invoice-issued" or not data.keys() >= AIMABLE:
            return ()
        return tuple((column, row[column]) for column in self._aims if row[column])

    def _event(self, rule: EventRule, row: Mapping[str, str]) -> dict[str, Any]:
        moment, data = rule.make(row)
        source = self._mapping.source
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": content_id(source, rule.type, data),
            "source": source,
            "type": rule.type,
            "subject": data.get("account_id"),
            "tenantid": self._tenant,
            "time": moment,
            "data": data,
        }
        return event


def _advice(file: TextFile) -> str:
    """What to do about bytes that are not UTF-8, with what they seem to be."""
    found = find_encoding(file.path)
    if found is None or not found.is_sure:
        return file.advice()
    how = f"`file: {{encoding: {found.value}}}`"
    return f"is not utf-8; say what it is, as it seems {how}: {found.because}"


def content_id(source: str, kind: str, data: Mapping[str, Any]) -> str:
    """From the content: the same row makes the same event, another makes another."""
    return event_id(source, kind, repr(sorted(data.items())))


_ADVICE = "is the whole file of another encoding? `file: {encoding: windows-1252}`"

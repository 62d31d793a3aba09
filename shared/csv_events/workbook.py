"""Workbooks (.xlsx) as rows: read in a process of its own, which has limits."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from shared.csv_events.files import TextLine
from shared.csv_events.form import FileForm
from shared.csv_events.table import Header, Record, Table
from shared.csv_events.typed import DayCell, number_cell
from shared.csv_events.workbook_reader import REFUSED
from shared.errors import Invalid

_READER = "shared.csv_events.workbook_reader"
_DATE_LENGTH = len("2026-03-31")
_GONE_SECONDS = 30.0


@dataclass(frozen=True)
class Workbook:
    """A workbook's file."""

    path: Path
    name: str  # for messages

    def advice(self) -> str:
        return "is damaged"


def open_workbook(path: Path, form: FileForm, name: str) -> Table:
    """The header is read, the rows are not. Raises `Invalid`, also while rows are read."""
    file = Workbook(path, name)
    rows = _rows(file, form.sheet)
    for row in rows:
        if form.header_row in (None, 0) or row.line == form.header_row:
            break
        if row.line > form.header_row:
            raise Invalid(f"{name} has no header in row {form.header_row}")
    else:
        raise Invalid(f"{name} has no rows")
    if form.header_row == 0:
        return Table(Header(row.cells, file, numbered=True), chain([row], rows))
    return Table(Header(row.cells, file), rows)


def _rows(file: Workbook, sheet: str | None) -> Iterator[Record]:
    command = [sys.executable, "-m", _READER, str(file.path), sheet or ""]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": ":".join(entry for entry in sys.path if entry)},
        encoding="utf-8",
        errors="surrogatepass",
    ) as reader:
        assert reader.stdout is not None
        try:
            for line in reader.stdout:
                content = json.loads(line)
                if isinstance(content, dict):
                    raise Invalid(f"{file.name} {content['refused']}")
                yield _record(content)
            code = reader.wait(_GONE_SECONDS)
        except (ValueError, subprocess.TimeoutExpired):  # a line that was cut off
            code = REFUSED
        finally:
            with suppress(OSError):
                reader.kill()
    if code:
        raise Invalid(f"{file.name} needs too much memory or time as a workbook: save it as CSV")


def _record(content: Any) -> Record:
    number, cells = content
    return Record((TextLine(number, ""),), [_cell(kind, text) for kind, text in cells])


def _cell(kind: str, text: str) -> str:
    if kind == "n":
        try:
            return number_cell(float(text) if not text.lstrip("-").isdigit() else int(text))
        except ValueError:
            return text
    if kind == "d":
        is_day = len(text) == _DATE_LENGTH
        return DayCell(date.fromisoformat(text) if is_day else datetime.fromisoformat(text))
    return text

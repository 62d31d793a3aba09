"""A process of its own that reads a workbook, so that no workbook costs more than it may.

`python -m shared.csv_events.workbook_reader PATH SHEET` writes a line of JSON for each row: the
number of the row and its cells, `[kind, text]` each. What a damaged or swollen workbook does, it
does here: the process has a limit of memory and of computing, and its end is a refusal.
"""

import json
import resource
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Any

import python_calamine

UNPACKED_MAX = 1 << 30
MEMORY_MAX = 3 << 30
SECONDS_MAX = 900
COLUMNS_MAX = 16_384
CELL_MAX = 200_000  # characters

REFUSED = 3  # the exit code; the reason stands in the last line


class Refused(Exception):
    """Why the workbook is not read; the text is for people."""


def main() -> int:
    path, sheet = sys.argv[1], sys.argv[2]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_MAX, SECONDS_MAX))
    try:
        _check_size(path)
        _write_rows(path, sheet or None)
    except Refused as error:
        sys.stdout.write(json.dumps({"refused": str(error)}) + "\n")
        return REFUSED
    except BrokenPipeError:
        return 0  # nobody reads on
    return 0


def _check_size(path: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Refused(
            "is no Excel workbook that can be read: damaged, or another zip file"
        ) from error
    if unpacked > UNPACKED_MAX:
        raise Refused(f"has more than {UNPACKED_MAX >> 30} GiB unpacked: save it as CSV")


def _write_rows(path: str, name: str | None) -> None:
    try:
        workbook = python_calamine.CalamineWorkbook.from_path(path)
        names = workbook.sheet_names
        if not names:
            raise Refused("has no sheet")
        if name is not None and name not in names:
            raise Refused(f"has no sheet {name[:100]!r}; it has {', '.join(names)[:500]}")
        sheet = workbook.get_sheet_by_name(name or names[0])
    except Refused:
        raise
    except MemoryError as error:
        raise Refused("needs too much memory: save it as CSV") from error
    except BaseException as error:
        raise Refused(f"is no Excel workbook that can be read: {str(error)[:200]}") from error
    left = [["", ""]] * (sheet.start[1] if sheet.start else 0)
    width = len(left) + sheet.width
    if width > COLUMNS_MAX:
        raise Refused(f"has more than {COLUMNS_MAX} columns")
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells = [_cell(value) for value in row]
        if any(text for _, text in cells):
            sys.stdout.write(json.dumps([number, [*left, *cells]], separators=(",", ":")) + "\n")
    sys.stdout.flush()


def _cell(value: Any) -> list[str]:
    if isinstance(value, str):
        return ["", value[:CELL_MAX]]
    if isinstance(value, bool):
        return ["", "true" if value else "false"]
    if isinstance(value, int | float):
        return ["n", repr(value)]
    if isinstance(value, datetime | date):
        return ["d", value.isoformat()]
    if isinstance(value, time):
        return ["", value.isoformat()]
    if isinstance(value, timedelta):
        return ["", str(value)]
    return ["", str(value)[:CELL_MAX]]


if __name__ == "__main__":
    sys.exit(main())

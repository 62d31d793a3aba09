"""What was refused, however much: kept in a temporary file, told by line, written as CSV."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from services.ledger.importer.order import scratch
from shared.csv_events.files import text_file
from shared.csv_events.rows import Refusal

HEADER = ("line", "column", "reason", "cells")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run


class Refusals:
    """Collects refusals; then gives them by line."""

    def __init__(self) -> None:
        self._database = scratch()
        self._database.execute(
            "CREATE TABLE refusals (place INTEGER PRIMARY KEY, line INTEGER, last INTEGER,"
            " field TEXT, reason TEXT)"
        )
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, refusal: Refusal) -> None:
        self._database.execute(
            "INSERT INTO refusals (line, last, field, reason) VALUES (?, ?, ?, ?)",
            (refusal.line, refusal.last, *map(_storable, (refusal.column, refusal.reason))),
        )
        self._count += 1

    def __iter__(self) -> Iterator[Refusal]:
        rows = self._database.execute(
            "SELECT line, field, reason, last FROM refusals ORDER BY line, place"
        )
        for row in rows:
            yield Refusal(*row)

    def close(self) -> None:
        self._database.close()


def write_refusals(refusals: Refusals, path: Path, encoding: str | None, to: IO[str]) -> None:
    """A row for each refusal, with the row of the file as it stands there."""
    writer = csv.writer(to)
    writer.writerow(HEADER)
    lines = text_file(path, encoding).lines()
    held: dict[int, str] = {}
    read = 0
    for refusal in refusals:
        last = max(refusal.line, refusal.last)
        held = {number: text for number, text in held.items() if number >= refusal.line}
        while read < last and (line := next(lines, None)) is not None:
            read = line.number
            if read >= refusal.line:
                held[read] = line.content
        cells = "\n".join(held.get(n, "") for n in range(refusal.line, last + 1))
        writer.writerow([_span(refusal), *map(_plain, (refusal.column, refusal.reason, cells))])


def _span(refusal: Refusal) -> str:
    return f"{refusal.line}-{refusal.last}" if refusal.last > refusal.line else str(refusal.line)


def _plain(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    text = _storable(text)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()

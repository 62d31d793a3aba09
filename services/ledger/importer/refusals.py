"""The report on what was refused, as CSV."""

import csv
from pathlib import Path
from typing import IO

from services.ledger.importer.store import Refusals, storable
from shared.csv_events.files import text_file
from shared.csv_events.rows import Refusal
from shared.texts import plain_cell

HEADER = ("line", "column", "reason", "cells")


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
        writer.writerow([_span(refusal), *map(_cell, (refusal.column, refusal.reason, cells))])


def _span(refusal: Refusal) -> str:
    return f"{refusal.line}-{refusal.last}" if refusal.last > refusal.line else str(refusal.line)


def _cell(text: str) -> str:
    return plain_cell(storable(text))

"""The report on what was refused, as CSV."""

import csv
from collections.abc import Iterable
from typing import IO

from services.ledger.import_files.refusals import HEADER, refusal_row
from shared.csv_events.rows import Refusal


def write_refusals(refusals: Iterable[Refusal], to: IO[str]) -> None:
    """A row for each refusal, with the row of the file as it stands there."""
    writer = csv.writer(to)
    writer.writerow(HEADER)
    writer.writerows(map(refusal_row, refusals))

"""What is computed in a process of its own (`ComputePool`): reading a file, and foreseeing.

The folder is the import's: the file stands in it, and what is made of it.
"""

from datetime import date, datetime
from pathlib import Path

from services.ledger.domain.rules import Rules
from services.ledger.import_files.foresight import foresee
from services.ledger.import_files.reading import mapping_of, read_file
from services.ledger.import_files.report import FileTally, Report, report_of
from services.ledger.import_files.store import FileEvents
from shared.business_time import Begun
from shared.csv_events.sniffing import Sniffed, sniff

SECONDS_MAX = 4 * 3_600.0  # of one file; 512 MiB take some twenty minutes


def file_in(folder: Path) -> Path:
    return folder / "file"


def events_in(folder: Path) -> Path:
    return folder / "events"


def rows_told(folder: Path) -> int:
    """How many rows have been read so far."""
    try:
        return int((folder / "rows").read_text("ascii") or 0)
    except (OSError, ValueError):  # none yet, or in the middle of being written
        return 0


def read_job(folder: Path, name: str, mapping: str | None, tenant: str, today: date) -> FileTally:
    """Raises `Invalid` where nothing can be made of the file."""
    told = folder / "rows"

    def progress(rows: int, _line: int) -> None:
        told.write_text(str(rows), "ascii")

    events_in(folder).unlink(missing_ok=True)
    with FileEvents(events_in(folder)) as events:
        tally = read_file(
            file_in(folder),
            mapping_of(mapping),
            tenant,
            events,
            today=today,
            name=name,
            progress=progress,
        )
        events.save()
    return tally


def foresee_job(
    folder: Path,
    tally: FileTally,
    zone: str,
    begun: Begun,
    rules: Rules,
    today: date,
    now: datetime,
) -> Report:
    """The report of a dry run; what the ledger knows of the accounts is among the events by now."""
    with FileEvents(events_in(folder), is_new=False) as events:
        foresight = foresee(events, zone=zone, begun=begun, rules=rules, today=today, now=now)
        return report_of(tally, events, foresight)


def sniff_job(folder: Path, name: str) -> Sniffed:
    """Raises `Invalid` for what is no file that can be imported."""
    return sniff(file_in(folder), name)

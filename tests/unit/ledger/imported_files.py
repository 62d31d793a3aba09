"""Files that are read as an import reads them, for tests."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from services.ledger.import_files.foresight import foresee
from services.ledger.import_files.reading import read_file
from services.ledger.import_files.report import Report, report_of
from services.ledger.import_files.store import FileEvents
from shared.csv_events.mapping import MappingFile, parse_mapping

MAPPINGS = Path(__file__).with_name("import_mappings")
TODAY = date(2026, 6, 30)


def shipped(name: str) -> MappingFile:
    """An example of the page, word for word."""
    return parse_mapping((MAPPINGS / f"{name}.yaml").read_text("utf-8"))


def imported(
    path: Path, mapping: MappingFile | str, today: date = TODAY
) -> tuple[list[dict[str, Any]], Report]:
    """The events in the order in which they are sent, and the report of a dry run."""
    mapping = parse_mapping(mapping) if isinstance(mapping, str) else mapping
    with FileEvents() as events:
        tally = read_file(path, mapping, "demo", events, today=today)
        now = datetime.combine(today, datetime.min.time(), UTC)
        report = report_of(tally, events, foresee(events, today=today, now=now))
        sent = [made.event for batch in events.batches(mapping) for made in batch]
    return sent, report


def data_of(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event["data"] for event in events if event["type"] == kind]


def warned(report: Report) -> dict[str, tuple[int, list[int]]]:
    return {warning.code: (warning.count, warning.lines) for warning in report.warnings}

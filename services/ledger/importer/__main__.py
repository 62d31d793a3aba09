"""`python -m services.ledger.importer FILE --mapping M.yaml`: a file into a running ledger.

The file is CSV, a workbook (.xlsx) or JSON lines. The events are sent in the order in which their
facts act, whatever the order of the rows. Safe to run again: what is known already counts as a
duplicate, and one that was killed goes on behind the last part known. Each refused row is printed
as `line N, column: reason`; its neighbours go in. The mapping is described in docs/import.md.

Exit codes: 0 all went in, 1 some of it was refused, 2 nothing could be tried (the mapping, the file
or the ledger is not as it should be, or what it is was to be confirmed and nobody was there).
"""

import argparse
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import IO

import httpx
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.ledger.import_files.foresight import foresee
from services.ledger.import_files.identity import import_id
from services.ledger.import_files.reading import Progress as Told
from services.ledger.import_files.reading import mapping_of, read_file
from services.ledger.import_files.report import SKIPPED, FileTally, Report, report_of
from services.ledger.import_files.store import FileEvents
from services.ledger.importer.asking import agreed_mapping
from services.ledger.importer.position import Position
from services.ledger.importer.refusals import write_refusals
from services.ledger.importer.sending import (
    CannotSend,
    data_folder,
    ledger_client,
    send_events,
    tried_by_ledger,
)
from shared import clock
from shared.csv_events.document import read_text
from shared.csv_events.files import regular_file
from shared.csv_events.mapping import MappingFile
from shared.csv_events.rows import count_lines
from shared.errors import AppError, Invalid
from shared.process import program
from shared.process.settings import BadSetting

SHOWN = 100


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        text = None if options.mapping is None else read_text(options.mapping)
        mapping = mapping_of(text)
        with ExitStack() as stack:
            report = _opened(options, stack)
            path = stack.enter_context(regular_file(options.file))
            if text is not None:
                text = agreed_mapping(path, text, options, errors)
                mapping = mapping_of(text)
            events = stack.enter_context(FileEvents())
            if options.dry_run:
                said = _try(path, text, mapping, options, events)
            else:
                client = ledger_client(options.url, options.tenant)
                said = _import(path, text, mapping, options, events, client)
            if report is not None:
                write_refusals(events.refusals(), report)
            _tell(events, options, errors)
            Console(highlight=False, soft_wrap=True).print(said, markup=False)
            return 1 if events.refused else 0
    except KeyboardInterrupt:
        return 130
    except (OSError, sqlite3.Error, AppError, BadSetting, CannotSend) as error:
        errors.print(f"error: {error}", markup=False)
        for fault in getattr(error, "errors", ()):
            errors.print(f"  {fault.pointer}: {fault.detail}", markup=False)
        return 2


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=program.call("services.ledger.importer"),
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, help="CSV, .xlsx or JSON lines; - is standard input")
    parser.add_argument(
        "--mapping", type=Path, help="a YAML file: docs/import.md (CloudEvents need none)"
    )
    parser.add_argument("--tenant", default="demo", help="whose books (default: demo)")
    parser.add_argument("--url", default=None, help="the ledger's address (default: this machine)")
    parser.add_argument(
        "--dry-run", action="store_true", help="read and check all, send nothing, say what would be"
    )
    parser.add_argument("--json", action="store_true", help="the report of a dry run as JSON")
    parser.add_argument(
        "--yes", action="store_true", help="agree to what is found out about the file"
    )
    parser.add_argument(
        "--refusals", type=Path, metavar="FILE.csv", help="write what is refused: line, column, …"
    )
    parser.add_argument(
        "--show", type=int, default=SHOWN, metavar="N", help=f"refusals printed (default: {SHOWN})"
    )
    return parser.parse_args(arguments)


def _opened(options: argparse.Namespace, stack: ExitStack) -> IO[str] | None:
    """The report on refusals: opened before anything is sent, so that it can be written after."""
    path: Path | None = options.refusals
    if path is None:
        return None
    if path.resolve() in {read.resolve() for read in (options.file, options.mapping) if read}:
        raise Invalid(f"{path} is to be read: name another file for what is refused")
    try:  # with a BOM: spreadsheets know it as UTF-8 then
        return stack.enter_context(path.open("w", encoding="utf-8-sig", newline=""))
    except OSError as error:
        raise Invalid(f"{path} cannot be written: {error.strerror}") from error


def _import(
    path: Path,
    text: str | None,
    mapping: MappingFile,
    options: argparse.Namespace,
    events: FileEvents,
    client: httpx.Client,
) -> str:
    name = import_id(options.tenant, path, text)
    with Position(data_folder() / "imports" / f"{name}.jsonl") as position:
        counts = import_file(
            path, mapping, options.tenant, client, events, position, options.file.name
        )
    return (
        f"{counts['accepted']} events accepted, {counts['duplicates']} known already,"
        f" {events.refused} refused"
    )


def _try(
    path: Path,
    text: str | None,
    mapping: MappingFile,
    options: argparse.Namespace,
    events: FileEvents,
) -> str:
    with _progress() as progress:
        tally = _read(path, mapping, options.tenant, events, progress, options.file.name)
    if options.url is not None:
        client = ledger_client(options.url, options.tenant)
        report = tried_by_ledger(client, path, options.file.name, text)
    else:
        foresight = foresee(events, zone=mapping.zone or "UTC", today=_today(), now=clock.now())
        report = report_of(tally, events, foresight)
    if options.json:
        return msgspec.json.encode(report).decode()
    title = f"{options.file.name}: {_rows(report)}; nothing was sent. Of it would become:"
    return "\n".join([title, *report.lines()])


def _today() -> date:
    return clock.now().date()


def _rows(report: Report) -> str:
    why = [f"{report.skipped[reason]} {reason}" for reason in SKIPPED if report.skipped[reason]]
    return f"{report.rows} rows" + (f", skipped: {', '.join(why)}" if why else "")


def _refuse_nothing(tally: FileTally, events: FileEvents) -> None:
    if not len(events) and not events.refused:
        skipped = Counter(tally.skipped)
        told = f"{tally.rows} rows" + (f", {skipped.total()} skipped" if skipped else "")
        raise Invalid(f"there is no row of which an event is made ({told})")


def _tell(events: FileEvents, options: argparse.Namespace, errors: Console) -> None:
    for count, refusal in enumerate(events.refusals()):
        if count == max(0, options.show):
            rest = events.refused - count
            advice = "" if options.refusals else "; --refusals FILE.csv writes all"
            errors.print(f"… and {rest} more{advice}")
            return
        errors.print(str(refusal), markup=False)


def import_file(
    path: Path,
    mapping: MappingFile,
    tenant: str,
    client: httpx.Client,
    events: FileEvents,
    position: Position,
    name: str | None = None,
) -> dict[str, int]:
    """Send a file's events in batches; gives counts of what was taken. Nothing is sent before all
    is read. Raises `Invalid`, `CannotSend`."""
    with client, _progress() as progress:
        _read(path, mapping, tenant, events, progress, name or path.name)
        task = progress.add_task(f"{name or path.name}: events", total=len(events))
        for sent in send_events(client, mapping, events, position):
            progress.advance(task, sent)
    return {
        "accepted": sum(part.accepted for part in position.parts),
        "duplicates": sum(part.duplicates for part in position.parts),
    }


def _read(
    path: Path,
    mapping: MappingFile,
    tenant: str,
    events: FileEvents,
    progress: Progress,
    name: str,
) -> FileTally:
    with _told(path, progress, name) as told:
        tally = read_file(path, mapping, tenant, events, today=_today(), name=name, progress=told)
    _refuse_nothing(tally, events)
    return tally


@contextmanager
def _told(path: Path, progress: Progress, name: str) -> Iterator[Told]:
    task = progress.add_task(f"{name}: lines", total=count_lines(path))
    yield lambda _rows, line: progress.update(task, completed=line)
    progress.update(task, completed=progress.tasks[task].total)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


if __name__ == "__main__":
    sys.exit(main())

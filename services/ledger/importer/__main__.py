"""`python -m services.ledger.importer FILE --mapping M.yaml`: a CSV file into a running ledger.

The events are sent in the order in which their facts act, whatever the order of the rows. Safe to
run again: what is known already counts as a duplicate. Each refused row is printed as
`line N, column: reason`; its neighbours go in. The mapping is described in docs/import.md.

Exit codes: 0 all went in, 1 some of it was refused, 2 nothing could be tried (the mapping, the file
or the ledger is not as it should be).
"""

import argparse
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.ledger.importer.refusals import write_refusals
from services.ledger.importer.sending import CannotSend, Receipt, ledger_client, send_events
from services.ledger.importer.store import EventsInOrder, Refusals
from services.ledger.importer.trial import Trial
from shared.csv_events.files import regular_file
from shared.csv_events.mapping import MappingFile, read_mapping
from shared.csv_events.rows import Made, Refusal, Skipped, count_lines, read_events
from shared.errors import AppError, Invalid
from shared.process import program
from shared.process.settings import BadSetting

SHOWN = 100


@dataclass
class Tally:
    """What was read."""

    rows: int = 0
    skipped: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        why = ", ".join(f"{count} {reason}" for reason, count in sorted(self.skipped.items()))
        return f"{self.rows} rows" + (f", skipped: {why}" if why else "")


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        mapping = read_mapping(options.mapping)
        with ExitStack() as stack:
            report = _opened(options, stack)
            path = stack.enter_context(regular_file(options.file))
            refusals = stack.enter_context(closing(Refusals()))
            if options.dry_run:
                said = _try(path, mapping, options, refusals)
            else:
                client = ledger_client(options.url, options.tenant)
                said = _import(path, mapping, options, refusals, client)
            if report is not None:
                write_refusals(refusals, path, mapping.file.encoding, report)
            _tell(refusals, options, errors)
            Console(highlight=False, soft_wrap=True).print(said, markup=False)
            return 1 if refusals else 0
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
    parser.add_argument("file", type=Path, help="a CSV file; - reads standard input")
    parser.add_argument("--mapping", type=Path, required=True, help="a YAML file: docs/import.md")
    parser.add_argument("--tenant", default="demo", help="whose books (default: demo)")
    parser.add_argument("--url", default=None, help="the ledger's address (default: this machine)")
    parser.add_argument(
        "--dry-run", action="store_true", help="read and check all, send nothing, say what would be"
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
    if path.resolve() in (options.file.resolve(), options.mapping.resolve()):
        raise Invalid(f"{path} is to be read: name another file for what is refused")
    try:  # with a BOM: spreadsheets know it as UTF-8 then
        return stack.enter_context(path.open("w", encoding="utf-8-sig", newline=""))
    except OSError as error:
        raise Invalid(f"{path} cannot be written: {error.strerror}") from error


def _import(
    path: Path,
    mapping: MappingFile,
    options: argparse.Namespace,
    refusals: Refusals,
    client: httpx.Client,
) -> str:
    tally = Tally()
    counts = import_file(path, mapping, options.tenant, client, refusals, tally, options.file.name)
    _refuse_nothing(tally, sum(counts.values()), refusals)
    return (
        f"{counts['accepted']} events accepted, {counts['duplicates']} known already,"
        f" {len(refusals)} refused"
    )


def _try(path: Path, mapping: MappingFile, options: argparse.Namespace, refusals: Refusals) -> str:
    tally, trial = Tally(), Trial()
    with _progress() as progress:
        rows = _rows(path, mapping, options.tenant, refusals, tally, progress, options.file.name)
        trial.take(rows, mapping, refusals)
    _refuse_nothing(tally, sum(trial.events.values()), refusals)
    title = f"{options.file.name}: {tally}; nothing was sent. Of it would become:"
    return "\n".join([title, *trial.lines(), f"  {'refused':20} {len(refusals):>9}"])


def _refuse_nothing(tally: Tally, events: int, refusals: Refusals) -> None:
    if not events and not refusals:
        raise Invalid(f"there is no row of which an event is made ({tally})")


def _tell(refusals: Refusals, options: argparse.Namespace, errors: Console) -> None:
    for count, refusal in enumerate(refusals):
        if count == max(0, options.show):
            rest = len(refusals) - count
            advice = "" if options.refusals else "; --refusals FILE.csv writes all"
            errors.print(f"… and {rest} more{advice}")
            return
        errors.print(str(refusal), markup=False)


def import_file(
    path: Path,
    mapping: MappingFile,
    tenant: str,
    client: httpx.Client,
    refusals: Refusals,
    tally: Tally | None = None,
    name: str | None = None,
) -> Receipt:
    """Send a file's events in batches; gives counts of what was taken. Nothing is sent before all
    is read. Raises `Invalid`, `CannotSend`."""
    counts: Receipt = {"accepted": 0, "duplicates": 0}
    with client, closing(EventsInOrder()) as events, _progress() as progress:
        for made in _rows(path, mapping, tenant, refusals, tally or Tally(), progress, name):
            events.add(made)
        task = progress.add_task(f"{name or path.name}: events", total=len(events))
        for sent in send_events(client, mapping, events, refusals, counts):
            progress.advance(task, sent)
    return counts


def _rows(
    path: Path,
    mapping: MappingFile,
    tenant: str,
    refusals: Refusals,
    tally: Tally,
    progress: Progress,
    name: str | None,
) -> Iterator[Made]:
    """The events of a file's rows; what is none goes to the refusals or the tally."""
    name = name or path.name
    task = progress.add_task(f"{name}: lines", total=count_lines(path))
    for outcome in read_events(path, mapping, tenant, name):
        tally.rows += 1
        if isinstance(outcome, Refusal):
            refusals.add(outcome)
            line = outcome.line
        elif isinstance(outcome, Skipped):
            tally.skipped[outcome.why] += 1
            line = outcome.line
        else:
            yield from outcome
            line = outcome[0].line
        if tally.rows % 100 == 0:
            progress.update(task, completed=line)
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

"""`python -m services.ledger.importer FILE --mapping M.yaml`: a CSV file into a running ledger.

Safe to run again: what is known already counts as a duplicate. Prints each refused row as
`line N, column: reason` and exits with 1 if there is any, with 2 if nothing could be tried.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from shared.csv_events.mapping import MappingFile, parse_mapping
from shared.csv_events.rows import Made, Refusal, count_lines, read_events
from shared.errors import AppError
from shared.process.settings import PORTS

BATCH_EVENTS = 500
TIMEOUT_SECONDS = 60.0
TRIES = 5
PAUSE_SECONDS = 0.5

Receipt = dict[str, int]


class CannotSend(Exception):
    """The ledger does not answer, or refuses us altogether."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="services.ledger.importer", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--mapping", type=Path, required=True)
    parser.add_argument("--tenant", default="demo")
    parser.add_argument("--url", default=None, help="the ledger's address")
    options = parser.parse_args(arguments)
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        mapping = parse_mapping(options.mapping.read_text())
        refusals, counts = import_file(
            options.file, mapping, options.tenant, _client(options.url, options.tenant)
        )
    except (OSError, AppError, CannotSend) as error:
        errors.print(f"error: {error}", markup=False)
        for field in getattr(error, "errors", ()):
            errors.print(f"  {field.pointer}: {field.detail}", markup=False)
        return 2
    for refusal in sorted(refusals, key=lambda r: r.line):
        errors.print(str(refusal), markup=False)
    Console(highlight=False).print(
        f"{counts['accepted']} events accepted, {counts['duplicates']} known already,"
        f" {len(refusals)} refused"
    )
    return 1 if refusals else 0


def _client(url: str | None, tenant: str) -> httpx.Client:
    base = int(os.environ.get("RECOUP_PORT_BASE") or 8001)
    token = os.environ.get("RECOUP_SERVICE_TOKEN") or os.environ.get("RECOUP_DEV_KEY")
    key_file = Path(os.environ.get("RECOUP_DATA_DIR") or "var") / "dev-key"
    if not token and key_file.exists():
        token = key_file.read_text().strip()
    if not token:
        raise CannotSend("no token: set RECOUP_SERVICE_TOKEN, or run beside the local data folder")
    return httpx.Client(
        base_url=url or f"http://127.0.0.1:{base + PORTS['ledger']}",
        headers={"Authorization": f"Bearer {token}", "X-Tenant": tenant},
        timeout=TIMEOUT_SECONDS,
    )


def import_file(
    path: Path, mapping: MappingFile, tenant: str, client: httpx.Client
) -> tuple[list[Refusal], Receipt]:
    """Send a file's events in batches; gives what was refused, and counts of the rest."""
    refusals: list[Refusal] = []
    counts: Receipt = {"accepted": 0, "duplicates": 0}
    columns = (
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with client, Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(path.name, total=count_lines(path))
        for batch, line in _batches(read_events(path, mapping, tenant), refusals):
            if batch:
                _send(client, mapping, batch, refusals, counts)
            progress.update(task, completed=line)
    return refusals, counts


def _batches(
    rows: Iterator[list[Made] | Refusal], refusals: list[Refusal]
) -> Iterator[tuple[list[Made], int]]:
    """Whole rows, until there are enough events; with the last line."""
    batch: list[Made] = []
    line = 1
    for row in rows:
        if isinstance(row, Refusal):
            refusals.append(row)
            line = row.line
        else:
            batch += row
            line = row[-1].line if row else line
        if len(batch) >= BATCH_EVENTS:
            yield batch, line
            batch = []
    yield batch, line


def _send(
    client: httpx.Client,
    mapping: MappingFile,
    batch: list[Made],
    refusals: list[Refusal],
    counts: Receipt,
) -> None:
    answer = _post(client, batch)
    if answer.status_code not in (200, 422) or "accepted" not in answer.json():
        raise CannotSend(f"the ledger answers {answer.status_code}: {answer.text[:500]}")
    body = answer.json()
    counts["accepted"] += body["accepted"]
    counts["duplicates"] += body["duplicates"]
    for rejected in body["rejected"]:
        made = batch[rejected["index"]]
        refusals += [
            Refusal(made.line, mapping.column_of(made.rule, error["pointer"]), error["detail"])
            for error in rejected["errors"]
        ]


def _post(client: httpx.Client, batch: list[Made]) -> httpx.Response:
    """Post, and again where the ledger could not answer: repeats are dropped there."""
    for attempt in range(1, TRIES + 1):
        if attempt > 1:
            time.sleep(PAUSE_SECONDS * attempt)  # a command line: nobody else waits on this thread
        try:
            answer = client.post(
                "/v1/events",
                json=[made.event for made in batch],
                headers={"Content-Type": "application/cloudevents-batch+json"},
            )
        except httpx.TransportError as error:
            if attempt == TRIES:
                raise CannotSend(
                    f"the ledger at {client.base_url} does not answer: {error}"
                ) from error
            continue
        if answer.status_code != 503 or attempt == TRIES:
            return answer
    raise AssertionError("unreachable")


if __name__ == "__main__":
    sys.exit(main())

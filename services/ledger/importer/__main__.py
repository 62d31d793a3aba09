"""`python -m services.ledger.importer FILE --mapping M.yaml`: a CSV file into a running ledger.

The events are sent in the order in which their facts act, whatever the order of the rows. Safe to
run again: what is known already counts as a duplicate. Prints each refused row as
`line N, column: reason` and exits with 1 if there is any, with 2 if nothing could be tried.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.ledger.importer.order import EventsInOrder
from shared.addresses import BadUrl, read_url
from shared.csv_events.mapping import MappingFile, parse_mapping
from shared.csv_events.rows import Made, Refusal, count_lines, read_events
from shared.errors import AppError
from shared.process.settings import PORTS, Env

BATCH_EVENTS = 500
TIMEOUT_SECONDS = 60.0
TRIES = 8  # that fail, one after the other
PAUSE_SECONDS = 0.5
TOO_MUCH = (413, 503, 504)  # a part of it may pass, or the same a little later

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
        raise CannotSend("no token: set RECOUP_SERVICE_TOKEN, or run at the local data folder")
    if url is not None:
        _check_way(url)
    return httpx.Client(
        base_url=url or f"http://127.0.0.1:{base + PORTS['ledger']}",
        headers={"Authorization": f"Bearer {token}", "X-Tenant": tenant},
        timeout=TIMEOUT_SECONDS,
    )


def _check_way(url: str) -> None:
    """The token goes to another machine encrypted, or where that is said to be no matter."""
    try:
        way = read_url(url, ("http", "https"), has_user=False)
    except BadUrl as error:
        raise CannotSend(f"--url {error}") from error
    if way.scheme == "http" and not (way.is_here or Env(os.environ).is_private):
        raise CannotSend(
            "--url would send the token in plain text to another machine: use https://, or say "
            "RECOUP_PRIVATE_NETWORK=1"
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
    with (
        client,
        closing(EventsInOrder()) as events,
        Progress(*columns, console=Console(stderr=True)) as progress,
    ):
        task = progress.add_task(f"{path.name}: lines", total=count_lines(path))
        for row in read_events(path, mapping, tenant):
            if isinstance(row, Refusal):
                refusals.append(row)
                progress.update(task, completed=row.line)
            else:
                for made in row:
                    events.add(made)
                    progress.update(task, completed=made.line)
        task = progress.add_task(f"{path.name}: events", total=len(events))
        for batch in _batches(events):
            for sent in _send(client, mapping, batch, refusals, counts):
                progress.advance(task, sent)
    return refusals, counts


def _batches(events: Iterable[Made]) -> Iterator[list[Made]]:
    rest = iter(events)
    while batch := list(islice(rest, BATCH_EVENTS)):
        yield batch


def _send(
    client: httpx.Client,
    mapping: MappingFile,
    batch: list[Made],
    refusals: list[Refusal],
    counts: Receipt,
) -> Iterator[int]:
    """Send a batch, in smaller parts where it is too much at once; gives how much is through."""
    sent, size, failures = 0, len(batch), 0
    while sent < len(batch):
        part = batch[sent : sent + size]
        answer, reason = _post(client, part)
        if answer is None or answer.status_code in TOO_MUCH:
            failures += 1
            if failures == TRIES:
                raise CannotSend(reason)
            size = max(1, len(part) // 2)
            time.sleep(PAUSE_SECONDS * failures)  # a command line: nobody else waits on this thread
            continue
        if answer.status_code not in (200, 422) or "accepted" not in answer.json():
            raise CannotSend(reason)
        _note(answer.json(), mapping, part, refusals, counts)
        sent, size, failures = sent + len(part), min(BATCH_EVENTS, size * 2), 0
        yield len(part)


def _note(
    receipt: Any,
    mapping: MappingFile,
    part: list[Made],
    refusals: list[Refusal],
    counts: Receipt,
) -> None:
    counts["accepted"] += receipt["accepted"]
    counts["duplicates"] += receipt["duplicates"]
    for rejected in receipt["rejected"]:
        made = part[rejected["index"]]
        refusals += [
            Refusal(made.line, mapping.column_of(made.rule, error["pointer"]), error["detail"])
            for error in rejected["errors"]
        ]


def _post(client: httpx.Client, part: list[Made]) -> tuple[httpx.Response | None, str]:
    """The ledger's answer, if there is one, and how to say it. Repeats are dropped there."""
    try:
        answer = client.post(
            "/v1/events",
            json=[made.event for made in part],
            headers={"Content-Type": "application/cloudevents-batch+json"},
        )
    except httpx.TransportError as error:
        return None, f"the ledger at {client.base_url} does not answer: {error}"
    return answer, f"the ledger answers {answer.status_code}: {answer.text[:500]}"


if __name__ == "__main__":
    sys.exit(main())

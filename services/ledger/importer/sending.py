"""Sends a file's events to a running ledger, in smaller parts where it is too much at once."""

import os
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import httpx

from services.ledger.importer.store import Refusals
from shared.addresses import BadUrl, read_url
from shared.csv_events.mapping import MappingFile
from shared.csv_events.rows import Made, Refusal
from shared.process.settings import PORTS, Env

BATCH_EVENTS = 500
TIMEOUT_SECONDS = 60.0
TRIES = 8  # that fail, one after the other
PAUSE_SECONDS = 0.5
TOO_MUCH = (413, 429, 502, 503, 504)  # a part of it may pass, or the same a little later

Receipt = dict[str, int]


class CannotSend(Exception):
    """The ledger does not answer, or refuses us altogether."""


def ledger_client(url: str | None, tenant: str) -> httpx.Client:
    """Raises `CannotSend` without a token, `BadSetting` for what is no port."""
    base = Env(os.environ).integer("RECOUP_PORT_BASE", 8001, low=1, high=65_000)
    token = os.environ.get("RECOUP_SERVICE_TOKEN") or os.environ.get("RECOUP_DEV_KEY")
    key_file = Path(os.environ.get("RECOUP_DATA_DIR") or "var") / "dev-key"
    if not token and key_file.exists():
        token = key_file.read_text().strip()
    if not token:
        raise CannotSend("no token: set RECOUP_SERVICE_TOKEN, or run at the local data folder")
    if url is not None:
        _check_way(url)
    try:
        return httpx.Client(
            base_url=url or f"http://127.0.0.1:{base + PORTS['ledger']}",
            headers={"Authorization": f"Bearer {token}", "X-Tenant": tenant},
            timeout=TIMEOUT_SECONDS,
        )
    except (httpx.InvalidURL, ValueError) as error:
        raise CannotSend("--url cannot be asked") from error


def _check_way(url: str) -> None:
    """The token goes to another machine encrypted, or where that is said to be no matter."""
    try:
        way = read_url(url, ("http", "https"), has_user=False)
    except BadUrl as error:
        raise CannotSend(f"--url cannot be asked: it {error}") from error
    if way.scheme == "http" and not (way.is_here or Env(os.environ).is_private):
        raise CannotSend(
            "--url would send the token in plain text to another machine: use https://, or say "
            "RECOUP_PRIVATE_NETWORK=1"
        )


def send_events(
    client: httpx.Client,
    mapping: MappingFile,
    events: Iterable[Made],
    refusals: Refusals,
    counts: Receipt,
) -> Iterator[int]:
    """Send all, in batches; gives how much is through. Raises `CannotSend`."""
    rest = iter(events)
    while batch := list(islice(rest, BATCH_EVENTS)):
        yield from _send(client, mapping, batch, refusals, counts)


def refused_as(mapping: MappingFile, made: Made, pointer: str, detail: str) -> Refusal:
    """What the ledger says of an event, by the line and the column that it was made of."""
    return Refusal(made.line, mapping.column_of(made.rule, pointer), detail, made.last)


def _send(
    client: httpx.Client,
    mapping: MappingFile,
    batch: list[Made],
    refusals: Refusals,
    counts: Receipt,
) -> Iterator[int]:
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
        receipt = _receipt(answer)
        if receipt is None:
            raise CannotSend(reason)
        _note(receipt, mapping, part, refusals, counts)
        sent, size, failures = sent + len(part), min(BATCH_EVENTS, size * 2), 0
        yield len(part)


def _receipt(answer: httpx.Response) -> Any:
    """What became of the events, if the answer says it."""
    try:
        content = answer.json() if answer.status_code in (200, 422) else None
    except ValueError:  # not the ledger's
        return None
    return content if isinstance(content, dict) and "accepted" in content else None


def _note(
    receipt: Any, mapping: MappingFile, part: list[Made], refusals: Refusals, counts: Receipt
) -> None:
    counts["accepted"] += receipt["accepted"]
    counts["duplicates"] += receipt["duplicates"]
    for rejected in receipt["rejected"]:
        made = part[rejected["index"]]
        for error in rejected["errors"]:
            refusals.add(refused_as(mapping, made, error["pointer"], error["detail"]))


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

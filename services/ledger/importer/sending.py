"""Sends a file's events to a running ledger, in smaller parts where it is too much at once."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec

from services.ledger.import_files.reading import BATCH_EVENTS, refusals_of
from services.ledger.import_files.report import Report
from services.ledger.import_files.store import FileEvents
from services.ledger.importer.position import Position, SentPart
from shared.addresses import BadUrl, read_url
from shared.csv_events.mapping import MappingFile
from shared.csv_events.rows import Made, Refusal
from shared.errors import FieldError
from shared.process.settings import PORTS, Env

TIMEOUT_SECONDS = 60.0
TRIAL_SECONDS = 4 * 3600.0  # of a large file
TRIES = 8  # that fail, one after the other
PAUSE_SECONDS = 0.5
TOO_MUCH = (413, 429, 502, 503, 504)  # a part of it may pass, or the same a little later


class CannotSend(Exception):
    """The ledger does not answer, or refuses us altogether."""


def ledger_client(url: str | None, tenant: str) -> httpx.Client:
    """Raises `CannotSend` without a token, `BadSetting` for what is no port."""
    base = Env(os.environ).integer("RECOUP_PORT_BASE", 8001, low=1, high=65_000)
    token = os.environ.get("RECOUP_SERVICE_TOKEN") or os.environ.get("RECOUP_DEV_KEY")
    key_file = data_folder() / "dev-key"
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


def data_folder() -> Path:
    """Where this machine keeps what is its own."""
    return Path(os.environ.get("RECOUP_DATA_DIR") or "var")


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
    client: httpx.Client, mapping: MappingFile, events: FileEvents, position: Position
) -> Iterator[int]:
    """Send all that has not been sent, in batches; gives how much is through. Raises `CannotSend`.

    Behind the last part known, if the ledger has that: else (it is another, or an older one) from
    the beginning.
    """
    if position.sent and not _is_known(client, mapping, events, position.sent):
        position.forget()
    for part in position.parts:
        for refusal in part.refused():
            events.refuse(refusal)
    if position.sent:
        yield position.sent
    for batch in events.batches(mapping, after=position.sent, size=BATCH_EVENTS):
        for part in _send(client, mapping, batch):
            for refusal in part.refused():
                events.refuse(refusal)
            position.note(part)
            yield part.events


def tried_by_ledger(client: httpx.Client, path: Path, name: str, text: str | None) -> Report:
    """A dry run beside what the ledger knows. Raises `CannotSend`."""
    with client, path.open("rb") as file:
        parts = {"file": (name, file)}
        try:
            answer = client.post(
                "/v1/imports",
                files=parts,
                data={} if text is None else {"mapping": text},
                params={"dry_run": "true"},
                timeout=TRIAL_SECONDS,
            )
        except httpx.TransportError as error:
            raise CannotSend(f"the ledger at {client.base_url} does not answer: {error}") from error
    try:
        if answer.status_code == httpx.codes.OK:
            return msgspec.json.decode(answer.content, type=Report)
    except msgspec.MsgspecError:
        pass  # not the ledger's
    raise CannotSend(f"the ledger answers {answer.status_code}: {answer.text[:500]}")


def _is_known(client: httpx.Client, mapping: MappingFile, events: FileEvents, sent: int) -> bool:
    """Whether the ledger has the last events of those that were sent."""
    first = max(0, sent - BATCH_EVENTS)
    batch = events.batch(mapping, after=first, size=sent - first)
    return not any(part.accepted for part in _send(client, mapping, batch))


def _send(client: httpx.Client, mapping: MappingFile, batch: list[Made]) -> Iterator[SentPart]:
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
        yield _part(receipt, mapping, part)
        sent, size, failures = sent + len(part), min(BATCH_EVENTS, size * 2), 0


def _receipt(answer: httpx.Response) -> Any:
    """What became of the events, if the answer says it."""
    try:
        content = answer.json() if answer.status_code in (200, 422) else None
    except ValueError:  # not the ledger's
        return None
    return content if isinstance(content, dict) and "accepted" in content else None


def _part(receipt: Any, mapping: MappingFile, part: list[Made]) -> SentPart:
    refusals: list[Refusal] = []
    for rejected in receipt["rejected"]:
        errors = [FieldError(error["pointer"], error["detail"]) for error in rejected["errors"]]
        refusals += refusals_of(mapping, part[rejected["index"]], errors)
    told = [(r.line, r.last, r.column, r.reason) for r in refusals]
    return SentPart(len(part), receipt["accepted"], receipt["duplicates"], told)


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

"""The first pass over a file: every row becomes events, or a reason why not, in order."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from services.ledger.domain import check, fact_id_of
from services.ledger.import_files.order import ACCOUNTS, acts_at
from services.ledger.import_files.report import FileTally
from services.ledger.import_files.store import FileEvents
from shared.cloudevents import BATCH, Incoming, Refused, parse_http
from shared.csv_events.cloud_events import AS_IT_IS, read_cloud_events
from shared.csv_events.mapping import MappingFile, parse_mapping
from shared.csv_events.rows import Made, Outcome, Refusal, Skipped, read_events
from shared.csv_events.watch import RowWatch
from shared.errors import FieldError

BATCH_EVENTS = 500
ROWS_TOLD = 500  # after so many, whoever waits is told

_HEADERS = ((b"content-type", BATCH.encode()),)

Progress = Callable[[int, int], None]  # rows, and the line that was read


def mapping_of(text: str | None) -> MappingFile:
    """What the mapping says; without one, a file of CloudEvents. Raises `Invalid`."""
    return AS_IT_IS if text is None else parse_mapping(text)


def read_file(
    path: Path,
    mapping: MappingFile,
    tenant: str,
    events: FileEvents,
    *,
    today: date,
    name: str | None = None,
    progress: Progress | None = None,
) -> FileTally:
    """Read all of a file into `events`. Raises `Invalid` where nothing can be made of it."""
    return _Reading(mapping, events, today).read(
        _outcomes(path, mapping, tenant, name, watch := RowWatch(mapping)), watch, progress
    )


def parsed(batch: Sequence[Made]) -> list[Incoming | Refused]:
    """The events as a door would have them."""
    body = msgspec.json.encode([made.event for made in batch])
    return parse_http(_HEADERS, body).items


def refusals_of(mapping: MappingFile, made: Made, errors: Iterable[FieldError]) -> list[Refusal]:
    """What is wrong with an event, by the line and the columns that it was made of."""
    return [
        Refusal(made.line, mapping.column_of(made.rule, e.pointer), e.detail, made.last, made.cells)
        for e in errors
    ]


def _outcomes(
    path: Path, mapping: MappingFile, tenant: str, name: str | None, watch: RowWatch
) -> Iterator[Outcome]:
    if not mapping.events:
        return read_cloud_events(path, tenant, name)
    return read_events(path, mapping, tenant, name, watch)


class _Reading:
    """One pass."""

    def __init__(self, mapping: MappingFile, events: FileEvents, today: date) -> None:
        self._mapping, self._events = mapping, events
        self._places = {id(rule): place for place, rule in enumerate(mapping.events)}
        self._today = today.isoformat()
        self.tally = FileTally()

    def read(
        self, outcomes: Iterator[Outcome], watch: RowWatch, progress: Progress | None
    ) -> FileTally:
        rest = self._made(outcomes, watch, progress)
        while batch := list(islice(rest, BATCH_EVENTS)):
            self._take(batch, watch)
        self._events.arrange()
        self.tally.warned = watch.warnings()
        return self.tally

    def _made(
        self, outcomes: Iterator[Outcome], watch: RowWatch, progress: Progress | None
    ) -> Iterator[Made]:
        tally = self.tally
        for outcome in outcomes:
            tally.rows += 1
            if isinstance(outcome, Refusal):
                self._events.refuse(outcome)
                line = outcome.line
            elif isinstance(outcome, Skipped):
                tally.skipped[outcome.why] += 1
                line = outcome.line
                if outcome.why == "no-event":
                    watch.note("no-event", line, "rows that no event of the mapping is for")
            else:
                yield from outcome
                line = outcome[0].line
            if progress is not None and tally.rows % ROWS_TOLD == 0:
                progress(tally.rows, line)

    def _take(self, batch: list[Made], watch: RowWatch) -> None:
        """Keep the events that the ledger would take; what it would refuse by itself is refused."""
        for made, item in zip(batch, parsed(batch), strict=True):
            if errors := _errors(item):
                for refusal in refusals_of(self._mapping, made, errors):
                    self._events.refuse(refusal)
                continue
            assert isinstance(item, Incoming)
            fact_id = fact_id_of(item.type, item.source, item.id, item.data)
            self._events.add(made, self._places.get(id(made.rule), -1), fact_id)
            self._look_at(made, watch)

    def _look_at(self, made: Made, watch: RowWatch) -> None:
        event = made.event
        kind, data = event["type"], event["data"]
        self.tally.count(kind, data, made.line)
        if kind in ACCOUNTS:
            return
        day = acts_at(event)[:10]
        self.tally.first_on = min(day, self.tally.first_on or day)
        self.tally.last_on = max(day, self.tally.last_on or day)
        if day > self._today:
            watch.note("future-day", made.line, f"{kind} of {day}")
        if kind == "invoice-issued" and _is_before(data, "due_on", "issued_on"):
            told = f"due {data['due_on']}, issued {data['issued_on']}"
            watch.note("due-before-issued", made.line, told)


def _is_before(data: dict[str, Any], first: str, second: str) -> bool:
    return str(data[first]) < str(data[second])


def _errors(item: Incoming | Refused) -> tuple[FieldError, ...]:
    if isinstance(item, Refused):
        return item.errors
    return tuple(check(item.type, item.time, item.data))

"""A file's events in the order in which their facts act, so that history never arrives late.

They are kept in a temporary file; in memory stands only where each of them is.
"""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.csv_events.rows import Made
from shared.events import billing

# At one instant, an account comes before its invoices, and those before the money on them.
_RANK = {kind: rank for rank, kind in enumerate(billing.TYPES)}
_FIRST = frozenset({"account-registered", "account-updated"})
_INSTANTS = ("received_at", "failed_at", "reversed_at", "issued_on")


@dataclass(frozen=True, slots=True, order=True)
class _Place:
    """Where an event is in the temporary file; places sort like their events."""

    is_later: bool  # than all records of accounts
    acts_at: str  # days and instants as texts: they sort alike where they are in UTC
    rank: int
    offset: int
    size: int
    line: int
    rule: int


class EventsInOrder:
    """Collects events; then gives them in order."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the object
        self._places: list[_Place] = []
        self._rules: list[Any] = []

    def __len__(self) -> int:
        return len(self._places)

    def add(self, made: Made) -> None:
        text = json.dumps(made.event).encode()
        if made.rule not in self._rules:
            self._rules.append(made.rule)
        event = made.event
        data = event["data"]
        acts_at = next((data[name] for name in _INSTANTS if data.get(name)), event["time"])
        self._places.append(
            _Place(
                event["type"] not in _FIRST,
                str(acts_at),
                _RANK.get(event["type"], len(_RANK)),
                self._file.tell(),
                len(text),
                made.line,
                self._rules.index(made.rule),
            )
        )
        self._file.write(text)

    def __iter__(self) -> Iterator[Made]:
        for place in sorted(self._places):
            self._file.seek(place.offset)
            event = json.loads(self._file.read(place.size))
            yield Made(place.line, self._rules[place.rule], event)

    def close(self) -> None:
        self._file.close()

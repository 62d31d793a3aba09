"""A file's events in the order in which their facts act, so that history never arrives late.

They are kept and sorted in a temporary file, whatever their number.
"""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from shared.csv_events.mapping import INSTANTS, EventRule
from shared.csv_events.rows import Made
from shared.events import billing

# At one instant, an account comes before its invoices, and those before the money on them.
_RANK = {kind: rank for rank, kind in enumerate(billing.TYPES)}
ACCOUNTS = frozenset({"account-registered", "account-updated"})
_CACHE_KIB = 32 * 1024


def scratch() -> sqlite3.Connection:
    """A database in a temporary file, which is gone when it is closed."""
    connection = sqlite3.connect("", isolation_level=None)
    for setting in (f"cache_size = -{_CACHE_KIB}", "journal_mode = OFF", "synchronous = OFF"):
        connection.execute(f"PRAGMA {setting}")
    connection.execute("PRAGMA temp_store = FILE")
    connection.execute("BEGIN")  # the only transaction: nobody else reads, nothing is kept
    return connection


class EventsInOrder:
    """Collects events; then gives them in order."""

    def __init__(self) -> None:
        self._database = scratch()
        self._database.execute(
            "CREATE TABLE events (place INTEGER PRIMARY KEY, is_later INTEGER, acts_at TEXT,"
            " rank INTEGER, line INTEGER, last INTEGER, rule INTEGER, event BLOB)"
        )
        self._rules: list[EventRule] = []
        self._places: dict[int, int] = {}  # of rules, by their identity
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, made: Made) -> None:
        event = made.event
        if id(made.rule) not in self._places:
            self._places[id(made.rule)] = len(self._rules)
            self._rules.append(made.rule)
        self._database.execute(
            "INSERT INTO events (is_later, acts_at, rank, line, last, rule, event)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                event["type"] not in ACCOUNTS,
                acts_at(event),
                _RANK.get(event["type"], len(_RANK)),
                made.line,
                made.last,
                self._places[id(made.rule)],
                msgspec.json.encode(event),
            ),
        )
        self._count += 1

    def __iter__(self) -> Iterator[Made]:
        rows = self._database.execute(
            "SELECT line, last, rule, event FROM events ORDER BY is_later, acts_at, rank, place"
        )
        for line, last, rule, event in rows:
            yield Made(line, self._rules[rule], msgspec.json.decode(event), last)

    def close(self) -> None:
        self._database.close()


def acts_at(event: dict[str, Any]) -> str:
    """The day or the instant (UTC) of an event's fact; such texts sort as they act."""
    data = event["data"]
    text = str(next((data[name] for name in INSTANTS if data.get(name)), event["time"]))
    if len(text) <= len("2026-03-31") or text.endswith("Z"):
        return text
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC).isoformat() if moment.tzinfo else text
    except (ValueError, OverflowError):
        return text  # the ledger refuses it

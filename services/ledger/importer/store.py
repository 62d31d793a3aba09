"""What an import keeps while it runs: its events and its refusals, in temporary files.

However many there are: memory holds a cache of them.
"""

import sqlite3
from collections.abc import Iterator

import msgspec

from services.ledger.importer.order import place_of
from shared.csv_events.mapping import EventRule
from shared.csv_events.rows import Made, Refusal

_CACHE_KIB = 32 * 1024


def _scratch() -> sqlite3.Connection:
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
        self._database = _scratch()
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
                *place_of(event),
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


class Refusals:
    """Collects refusals; then gives them by line."""

    def __init__(self) -> None:
        self._database = _scratch()
        self._database.execute(
            "CREATE TABLE refusals (place INTEGER PRIMARY KEY, line INTEGER, last INTEGER,"
            " field TEXT, reason TEXT)"
        )
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, refusal: Refusal) -> None:
        self._database.execute(
            "INSERT INTO refusals (line, last, field, reason) VALUES (?, ?, ?, ?)",
            (refusal.line, refusal.last, *map(storable, (refusal.column, refusal.reason))),
        )
        self._count += 1

    def __iter__(self) -> Iterator[Refusal]:
        rows = self._database.execute(
            "SELECT line, field, reason, last FROM refusals ORDER BY line, place"
        )
        for row in rows:
            yield Refusal(*row)

    def close(self) -> None:
        self._database.close()


def storable(text: str) -> str:
    """A text without half characters."""
    return text.encode("utf-8", "replace").decode()

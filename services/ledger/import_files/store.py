"""What is kept of a file while it is imported: its events and its refusals, in a database in a
file of its own. However many there are: memory holds a cache of them.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from services.ledger.import_files.order import place_of
from shared.csv_events.aims import Aimable, aim_key, aimed
from shared.csv_events.mapping import EventRule, MappingFile
from shared.csv_events.rows import Made, Refusal

_CACHE_KIB = 32 * 1024
_BATCH = 500
_SHOWN = 5

_SCHEMA = (
    "CREATE TABLE events (place INTEGER PRIMARY KEY, is_later INTEGER, acts_at TEXT, rank INTEGER,"
    " line INTEGER, last INTEGER, rule INTEGER, type TEXT, account TEXT, fact TEXT, event BLOB)",
    "CREATE TABLE ordered (position INTEGER PRIMARY KEY, place INTEGER)",
    "CREATE TABLE lines (line INTEGER PRIMARY KEY, cells TEXT)",
    "CREATE TABLE refusals (place INTEGER PRIMARY KEY, line INTEGER, last INTEGER, field TEXT,"
    " reason TEXT, cells TEXT)",
    "CREATE TABLE aimable (account TEXT, currency TEXT, field TEXT, value TEXT, due_on TEXT,"
    " invoice TEXT, left_minor INTEGER, line INTEGER,"
    " UNIQUE (account, currency, field, value, invoice))",
    "CREATE TABLE aims (place INTEGER PRIMARY KEY, field TEXT, value TEXT, is_met INTEGER)",
    "CREATE TABLE targets (place INTEGER, account TEXT, invoice TEXT)",
    "CREATE TABLE known (account TEXT PRIMARY KEY, is_registered INTEGER, has_invoices INTEGER,"
    " facts BLOB)",
    "CREATE TABLE owners (type TEXT, fact TEXT, account TEXT, PRIMARY KEY (type, fact))",
)
_INDEXES = (
    "CREATE INDEX by_account ON events (account, type, fact)",
    "CREATE INDEX by_fact ON events (type, fact)",
    "CREATE INDEX by_payment ON targets (place)",
)


class KnownAccount(Struct, frozen=True):
    """An account of the file that the ledger has already."""

    account_id: str
    is_registered: bool
    has_invoices: bool
    facts: bytes | None = None  # pickled, where they matter


class FileEvents:
    """A file's events and refusals. `with` closes it."""

    def __init__(self, path: Path | None = None, *, is_new: bool = True) -> None:
        """Without a path it is gone when it is closed."""
        self._database = sqlite3.connect(
            "" if path is None else path, isolation_level=None, check_same_thread=False
        )
        for setting in (f"cache_size = -{_CACHE_KIB}", "journal_mode = OFF", "synchronous = OFF"):
            self._database.execute(f"PRAGMA {setting}")
        self._database.execute("PRAGMA temp_store = FILE")
        self._database.execute("BEGIN")
        if is_new:
            for statement in _SCHEMA:
                self._database.execute(statement)
        self._line = 0
        self.refused = self._count("refusals")
        self._added = self._count("events")

    def __enter__(self) -> "FileEvents":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return self._added

    def save(self) -> None:
        """Let others read it that open the same file."""
        self._database.execute("COMMIT")
        self._database.execute("BEGIN")

    def close(self) -> None:
        self._database.close()

    # ------------------------------------------------- what is read

    def add(self, made: Made, rule: int, fact_id: str) -> None:
        """Rows come by line; `rule` is the place of the event's rule in the mapping."""
        event, data = made.event, made.event["data"]
        kind, account = event["type"], data["account_id"]
        self._added += 1
        row = (made.line, made.last, rule, kind, account, fact_id, msgspec.json.encode(event))
        self._database.execute(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (self._added, *place_of(event), *row),
        )
        if made.line != self._line:
            self._line = made.line
            self._database.execute(
                "INSERT OR IGNORE INTO lines VALUES (?, ?)", (made.line, storable(made.cells))
            )
        for target in data.get("allocations") or ():
            self._database.execute(
                "INSERT INTO targets VALUES (?, ?, ?)",
                (self._added, account, target["invoice_id"]),
            )
        if made.aims:
            self._add_aims(made)

    def _add_aims(self, made: Made) -> None:
        data = made.event["data"]
        for column, value in made.aims:
            if made.rule.aim_by is not None:
                self._database.execute(
                    "INSERT INTO aims VALUES (?, ?, ?, 0)", (self._added, column, value)
                )
            else:
                row = (data["due_on"], data["invoice_id"], data["amount_minor"], made.line)
                self._database.execute(
                    "INSERT OR IGNORE INTO aimable VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (*aim_key(made, column, value), *row),
                )

    def refuse(self, refusal: Refusal) -> None:
        cells = refusal.cells or self.cells_of(refusal.line)
        texts = map(storable, (refusal.column, refusal.reason, cells))
        self._database.execute(
            "INSERT INTO refusals (line, last, field, reason, cells) VALUES (?, ?, ?, ?, ?)",
            (refusal.line, refusal.last, *texts),
        )
        self.refused += 1

    def arrange(self) -> None:
        """All is read: aim the payments, and put the events in order."""
        self._database.execute(
            "INSERT INTO ordered (place)"
            " SELECT place FROM events ORDER BY is_later, acts_at, rank, place"
        )
        for statement in _INDEXES:
            self._database.execute(statement)
        self._aim()

    def _aim(self) -> None:
        rows = self._database.execute(
            "SELECT place, account, field, value, event FROM ordered JOIN events USING (place)"
            " JOIN aims USING (place) ORDER BY position"
        )
        for place, account, column, value, text in rows:
            event = msgspec.json.decode(text)
            key = (account, event["data"]["currency"], column, value)
            invoices = [
                Aimable(*row)
                for row in self._database.execute(
                    "SELECT due_on, invoice, left_minor FROM aimable WHERE account = ?"
                    " AND currency = ? AND field = ? AND value = ? ORDER BY due_on, line",
                    key,
                )
            ]
            if not invoices:
                continue
            new = aimed(event, invoices)
            self._database.execute(
                "UPDATE events SET event = ? WHERE place = ?", (msgspec.json.encode(new), place)
            )
            self._database.execute("UPDATE aims SET is_met = 1 WHERE place = ?", (place,))
            self._database.executemany(
                "UPDATE aimable SET left_minor = ? WHERE account = ? AND currency = ?"
                " AND field = ? AND value = ? AND invoice = ?",
                [(invoice.left_minor, *key, invoice.invoice_id) for invoice in invoices],
            )

    # ------------------------------------------------- what is sent

    def batches(
        self, mapping: MappingFile, *, after: int = 0, size: int = _BATCH
    ) -> Iterator[list[Made]]:
        """The events in order, from a position on."""
        while batch := self.batch(mapping, after=after, size=size):
            yield batch
            after += len(batch)

    def batch(self, mapping: MappingFile, *, after: int, size: int = _BATCH) -> list[Made]:
        rows = self._database.execute(
            "SELECT line, last, rule, type, event FROM ordered JOIN events USING (place)"
            " WHERE position > ? ORDER BY position LIMIT ?",
            (after, size),
        )
        return [
            Made(line, rule_of(mapping, rule, kind), msgspec.json.decode(event), last)
            for line, last, rule, kind, event in rows
        ]

    def cells_of(self, line: int) -> str:
        """The row of a line of which events were made."""
        row = self._database.execute("SELECT cells FROM lines WHERE line = ?", (line,)).fetchone()
        return row[0] if row else ""

    def refusals(self, *, after: int = 0, limit: int = -1) -> Iterator[Refusal]:
        """By line; or, for those who page, `after` so many of them."""
        rows = self._database.execute(
            "SELECT line, field, reason, last, cells FROM refusals ORDER BY line, place"
            " LIMIT ? OFFSET ?",
            (limit, after),
        )
        for row in rows:
            yield Refusal(*row)

    # ------------------------------------------------- what is known of it elsewhere

    def accounts(self, *, after: str = "", limit: int = -1) -> list[str]:
        rows = self._database.execute(
            "SELECT DISTINCT account FROM events WHERE account > ? ORDER BY account LIMIT ?",
            (after, limit),
        )
        return [row[0] for row in rows]

    def facts(self, *, after: int = 0, limit: int = _BATCH) -> list[tuple[int, str, str]]:
        """(place, type, fact id) of each event."""
        rows = self._database.execute(
            "SELECT place, type, fact FROM events WHERE place > ? ORDER BY place LIMIT ?",
            (after, limit),
        )
        return rows.fetchall()

    def events_of(self, account_id: str) -> list[tuple[int, str, bytes]]:
        """(line, fact id, event) of an account, in order."""
        rows = self._database.execute(
            "SELECT line, fact, event FROM events WHERE account = ?"
            " ORDER BY is_later, acts_at, rank, place",
            (account_id,),
        )
        return rows.fetchall()

    def know(self, accounts: Iterable[KnownAccount]) -> None:
        self._database.executemany(
            "INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?)",
            [(a.account_id, a.is_registered, a.has_invoices, a.facts) for a in accounts],
        )

    def know_owners(self, owners: Iterable[tuple[str, str, str]]) -> None:
        """(type, fact id, account) of facts that are in the ledger."""
        self._database.executemany("INSERT OR REPLACE INTO owners VALUES (?, ?, ?)", owners)

    def known_facts(self, account_id: str) -> bytes | None:
        row = self._database.execute(
            "SELECT facts FROM known WHERE account = ?", (account_id,)
        ).fetchone()
        return row[0] if row else None

    def owner(self, kind: str, fact_id: str) -> str | None:
        row = self._database.execute(
            "SELECT account FROM owners WHERE type = ? AND fact = ?", (kind, fact_id)
        ).fetchone()
        return row[0] if row else None

    def namesakes(self, kind: str, fact_id: str) -> Sequence[tuple[str, int]]:
        """(account, line) of the events of one id, in the order in which they are sent."""
        rows = self._database.execute(
            "SELECT account, line FROM events WHERE type = ? AND fact = ?"
            " ORDER BY is_later, acts_at, rank, place",
            (kind, fact_id),
        )
        return rows.fetchall()

    def count_accounts(self) -> tuple[int, int]:
        """(new, known)."""
        (every,) = self._database.execute("SELECT count(DISTINCT account) FROM events").fetchone()
        known = self._count("known")
        return every - known, known

    def unregistered(self) -> tuple[int, list[tuple[str, int]]]:
        """Accounts that nothing registers: how many, and (account, first line) of the first."""
        return self._first(
            "SELECT account, min(line) AS line FROM events e WHERE NOT EXISTS (SELECT 1"
            " FROM events r WHERE r.account = e.account AND r.type = 'account-registered')"
            " AND NOT EXISTS (SELECT 1 FROM known k WHERE k.account = e.account"
            " AND k.is_registered) GROUP BY account"
        )

    def payments_without_invoices(self) -> tuple[int, list[tuple[str, int]]]:
        """Payments whose invoices nobody knows: how many, and (account, line) of the first."""
        return self._first(
            "SELECT account, line FROM events p WHERE type = 'payment-received'"
            " AND NOT EXISTS (SELECT 1 FROM known k WHERE k.account = p.account AND has_invoices)"
            " AND (NOT EXISTS (SELECT 1 FROM events i WHERE i.account = p.account"
            " AND i.type = 'invoice-issued')"
            " OR EXISTS (SELECT 1 FROM targets t WHERE t.place = p.place AND NOT EXISTS"
            " (SELECT 1 FROM events i WHERE i.account = p.account AND i.type = 'invoice-issued'"
            " AND i.fact = t.invoice))"
            " OR EXISTS (SELECT 1 FROM aims a WHERE a.place = p.place AND NOT is_met))"
        )

    def _first(self, query: str) -> tuple[int, list[tuple[str, int]]]:
        (count,) = self._database.execute(f"SELECT count(*) FROM ({query})").fetchone()
        rows = self._database.execute(f"{query} ORDER BY line LIMIT ?", (_SHOWN,))
        return count, rows.fetchall()

    def _count(self, table: str) -> int:
        (count,) = self._database.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(count)


def rule_of(mapping: MappingFile, place: int, kind: str) -> EventRule:
    """The rule of an event; of one that came as it is, one that knows no columns."""
    return mapping.events[place] if place >= 0 else EventRule.of_itself(kind)


def storable(text: str) -> str:
    """A text without half characters."""
    return text.encode("utf-8", "replace").decode()

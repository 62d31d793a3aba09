"""What is said of a file: counts, sums, refusals, warnings, and what its accounts would owe."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from services.ledger.import_files.store import FileEvents
from shared.csv_events.watch import LINES_SHOWN, Warned
from shared.events import billing
from shared.money import to_text

REFUSALS_SHOWN = 1_000
RARE_EVENTS_MIN = 20  # of a file in which a currency can be rare
RARE_SHARE = 20  # one event in so many, or fewer

# The order in which warnings are said.
WARNINGS = (
    "day-month-ambiguous", "due-before-issued", "payment-without-invoice",
    "account-without-registration", "future-day", "rare-currency", "damaged-text",
    "unused-column", "no-event",
)  # fmt: skip
SKIPPED = ("blank", "starts", "group", "header", "no-event")


class CurrencyCount(Struct):
    """How often a currency is used, and where at first."""

    count: int = 0
    lines: list[int] = []


class FileTally(Struct):
    """What was counted while a file was read."""

    rows: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    sums: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    currencies: dict[str, CurrencyCount] = field(default_factory=lambda: defaultdict(CurrencyCount))
    first_on: str | None = None
    last_on: str | None = None
    warned: dict[str, Warned] = {}

    def count(self, kind: str, data: dict[str, Any], line: int) -> None:
        self.events[kind] += 1
        if "currency" not in data or "amount_minor" not in data:
            return
        self.sums[kind][data["currency"]] += data["amount_minor"]
        used = self.currencies[data["currency"]]
        used.count += 1
        if len(used.lines) < LINES_SHOWN:
            used.lines.append(line)


class EventCount(Struct):
    """Events of one type, and their amounts by currency."""

    count: int
    sums: dict[str, int]


class AccountCount(Struct):
    """The file's accounts that the ledger does not have, and those that it has."""

    new: int
    known: int


class RefusedRow(Struct):
    """Why a row, or one of its events, is not taken."""

    line: int
    column: str
    reason: str


class FileWarning(Struct):
    """Something that can be read, and yet looks wrong."""

    code: str
    count: int
    lines: list[int]
    detail: str


class Balances(Struct):
    """What the file's accounts owe together, in one currency."""

    balance: int = 0
    overdue: int = 0
    unapplied: int = 0
    charges: int = 0


class Foresight(Struct):
    """What would become of a file's events beside what is known."""

    duplicates: int = 0
    conflicts: int = 0
    after: dict[str, Balances] = field(default_factory=dict)


class Report(Struct, omit_defaults=False):
    """All that is said of a file."""

    rows: int
    skipped: dict[str, int]
    events: dict[str, EventCount]
    accounts: AccountCount
    first_on: str | None
    last_on: str | None
    duplicates: int | None  # None: the import itself counts them
    conflicts: int | None
    refused: int
    refusals: list[RefusedRow]
    warnings: list[FileWarning]
    after: dict[str, Balances] | None

    def lines(self) -> Iterator[str]:
        """For a person."""
        for kind, made in self.events.items():
            sums = (f"{to_text(n, code)} {code}" for code, n in made.sums.items())
            yield f"  {kind:20} {made.count:>9}  {'   '.join(sums)}".rstrip()
        yield f"  {'accounts':20} {self.accounts.new + self.accounts.known:>9}"
        if self.first_on:
            yield f"  {'days':20} {self.first_on} to {self.last_on}"
        for name, count in (("duplicates", self.duplicates), ("conflicts", self.conflicts)):
            if count:
                yield f"  {name:20} {count:>9}"
        yield f"  {'refused':20} {self.refused:>9}"
        for code, owed in (self.after or {}).items():
            parts = {"balance": owed.balance, "overdue": owed.overdue, "unapplied": owed.unapplied}
            told = ", ".join(f"{name} {to_text(n, code)}" for name, n in parts.items())
            yield f"  after, in {code}: {told}"
        for warning in self.warnings:
            at = f" (line {', '.join(map(str, warning.lines))})" if warning.lines else ""
            yield f"  warning: {warning.code}, {warning.count}: {warning.detail}{at}"


def report_of(tally: FileTally, events: FileEvents, foresight: Foresight | None = None) -> Report:
    """What is known of the file's accounts elsewhere must be in `events` by now."""
    new, known = events.count_accounts()
    shown = events.refusals(limit=REFUSALS_SHOWN)
    return Report(
        rows=tally.rows,
        skipped={why: tally.skipped[why] for why in SKIPPED},
        events={
            kind: EventCount(tally.events[kind], dict(sorted(tally.sums[kind].items())))
            for kind in billing.TYPES
            if tally.events[kind]
        },
        accounts=AccountCount(new, known),
        first_on=tally.first_on,
        last_on=tally.last_on,
        duplicates=foresight.duplicates if foresight else None,
        conflicts=foresight.conflicts if foresight else None,
        refused=events.refused,
        refusals=[RefusedRow(r.line, r.column, r.reason) for r in shown],
        warnings=list(_warnings(tally, events)),
        after=foresight.after if foresight else None,
    )


def _warnings(tally: FileTally, events: FileEvents) -> Iterator[FileWarning]:
    warned = dict(tally.warned)
    warned.update(_rare_currencies(tally))
    found = {
        "account-without-registration": (events.unregistered(), "account"),
        "payment-without-invoice": (events.payments_without_invoices(), "payment of account"),
    }
    for code, ((count, rows), word) in found.items():
        if count:
            lines = list(dict.fromkeys(line for _, line in rows))
            warned[code] = Warned(count, lines, f"{word} {rows[0][0]}")
    for code in WARNINGS:
        if code in warned:
            each = warned[code]
            yield FileWarning(code, each.count, each.lines[:LINES_SHOWN], each.detail)


def _rare_currencies(tally: FileTally) -> dict[str, Warned]:
    every = sum(used.count for used in tally.currencies.values())
    rare = {
        code: used
        for code, used in sorted(tally.currencies.items())
        if used.count * RARE_SHARE <= every
    }
    if every < RARE_EVENTS_MIN or not rare:
        return {}
    lines = sorted({line for used in rare.values() for line in used.lines})
    told = ", ".join(f"{code} {used.count} of {every}" for code, used in rare.items())
    return {"rare-currency": Warned(sum(u.count for u in rare.values()), lines, told[:300])}

"""Shapes of the answers about imports (docs/import.md)."""

from datetime import datetime
from typing import Any, Literal

from services.ledger.api.models import Answer


class EventCountView(Answer):
    """Events of one type, and their amounts by currency, in minor units."""

    count: int
    sums: dict[str, int]


class AccountCountView(Answer):
    new: int
    known: int


class RefusedRowView(Answer):
    line: int
    column: str
    reason: str


class WarningView(Answer):
    """Something that can be read, and yet looks wrong."""

    code: str
    count: int
    lines: list[int]
    detail: str


class BalancesView(Answer):
    """What the file's accounts owe together, in minor units of one currency."""

    balance: int
    overdue: int
    unapplied: int
    charges: int


class ImportReport(Answer):
    """What is said of a file. `duplicates`, `conflicts` and `after` are of a dry run alone."""

    rows: int
    skipped: dict[str, int]
    events: dict[str, EventCountView]
    accounts: AccountCountView
    first_on: str | None
    last_on: str | None
    duplicates: int | None
    conflicts: int | None
    refused: int
    refusals: list[RefusedRowView]
    warnings: list[WarningView]
    after: dict[str, BalancesView] | None


class ImportBegun(Answer):
    import_id: str


class ImportView(Answer):
    import_id: str
    name: str
    state: Literal["reading", "sending", "done", "failed", "cancelled"]
    created_at: datetime
    finished_at: datetime | None
    rows: int
    events: int
    sent: int
    accepted: int
    duplicates: int
    refused: int
    per_second: float | None
    reason: str | None
    report: ImportReport | None


class ImportPage(Answer):
    items: list[ImportView]
    next_cursor: str | None = None


class SniffedColumnView(Answer):
    name: str
    samples: list[str]
    empty: int
    guess: str


class QuestionView(Answer):
    about: str
    found: str
    because: str


class SniffedFile(Answer):
    """What was found out about a file; `mapping` is YAML, null where its rows are events."""

    file: dict[str, Any]
    numbers: dict[str, str]
    dates: list[str]
    zone: str | None
    columns: list[SniffedColumnView]
    questions: list[QuestionView]
    mapping: str | None

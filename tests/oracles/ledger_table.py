"""What stands on the table while the model replays an account's facts: days, money, invoices."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Protocol

from shared.clock import zone as load_zone


class Fact(Protocol):
    """What the model needs of an accepted fact."""

    @property
    def kind(self) -> str: ...
    @property
    def fact_id(self) -> str: ...
    @property
    def event_id(self) -> str: ...
    @property
    def time(self) -> datetime | None: ...
    @property
    def data(self) -> Any: ...


# ── Calendar ────────────────────────────────────────────────────────────────────────────────────
@cache
def first_instant(day: date, zone: str) -> datetime:
    """The first instant at which the zone's calendar shows `day`, found by looking."""
    tz = load_zone(zone)
    instant = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=26)
    while instant.astimezone(tz).date() < day:
        instant += timedelta(minutes=15)  # every offset of our days is a multiple of this
    return instant


def day_of(instant: datetime, zone: str) -> date:
    return instant.astimezone(load_zone(zone)).date()


def days(count: int) -> timedelta:
    return timedelta(days=count)


# ── What stands on the table while the facts are replayed ───────────────────────────────────────
@dataclass
class Put:
    """Money of one source put on one invoice, and perhaps taken back."""

    source: str
    is_credit: bool
    invoice: str
    amount: int
    applied_at: datetime
    released_at: datetime | None = None


@dataclass
class Money:
    """One payment or credit note: what of it lies unapplied, and what of that waits for an aim."""

    name: str
    is_credit: bool
    order: tuple[datetime, int, bytes]
    currency: str
    unapplied: int
    left: int  # not yet taken back by reversals
    aims: list[tuple[str, int]] = field(default_factory=list)

    def free(self) -> int:
        return self.unapplied - min(self.unapplied, sum(amount for _, amount in self.aims))


@dataclass
class Bill:
    """An invoice that is there."""

    invoice: Any
    due_on: date
    void: bool = False
    disputes: dict[str, int | None] = field(default_factory=dict)  # open ones; None: all of it

    def age(self) -> tuple[date, date, str]:
        return self.due_on, self.invoice.issued_on, self.invoice.invoice_id


@dataclass(frozen=True)
class Figure:
    """An invoice at one moment."""

    invoice_id: str
    currency: str
    due_on: date
    balance: int
    disputed: int
    void: bool

    @property
    def status(self) -> str:
        return "void" if self.void else ("paid" if self.balance == 0 else "open")


@dataclass(frozen=True)
class Snapshot:
    """Everything just after one fact."""

    instant: datetime
    because: str
    invoices: dict[str, Figure]
    cash: dict[str, int]  # unapplied, by currency
    credit: dict[str, int]


@dataclass(frozen=True)
class Act:
    instant: datetime
    rank: int
    fact: Fact

    @property
    def order(self) -> tuple[datetime, int, bytes]:
        return self.instant, self.rank, self.fact.fact_id.encode()

"""What the events speak of, each thing with its whole history: accounts, debts, money, contacts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from tests.oracles.ledger_table import first_instant

NEVER = date(9000, 1, 1).toordinal()


def ordinal(day: date) -> int:
    return day.toordinal()


@dataclass(frozen=True)
class Held:
    """From an instant on, an account is in a segment and in arms of experiments."""

    at: datetime
    day: int
    segment: str
    arms: Mapping[str, str]


@dataclass
class Account:
    name: str
    zone: str
    kind: str = ""
    country: str = ""
    held: list[Held] = field(default_factory=list)  # in the order of their instants

    def at(self, instant: datetime) -> Held | None:
        """What holds at an instant."""
        return next((each for each in reversed(self.held) if each.at <= instant), None)

    def before(self, instant: datetime) -> Held | None:
        """What money finds: what it changes itself comes after it."""
        return next((each for each in reversed(self.held) if each.at < instant), None)

    def on(self, day: int) -> Held | None:
        """What holds at the end of a day."""
        return next((each for each in reversed(self.held) if each.day <= day), None)

    def split(self, held: Held | None, **more: str | None) -> dict[str, str]:
        """The dimensions of something that happens to the account."""
        found = {"segment": held.segment if held else "", "kind": self.kind}
        found["country"] = self.country
        for experiment, arm in (held.arms if held else {}).items():
            found[f"arm of {experiment}"] = arm
        return found | {name: value or "" for name, value in more.items()}


@dataclass(frozen=True)
class Put:
    """Money of a source on an invoice or a charge, perhaps taken back. Days are not before the
    invoice's own."""

    source: str
    source_kind: str  # payment, credit_note, concession, write_off, discount
    amount: int
    at: datetime
    day: int
    back_at: datetime | None
    back_day: int
    is_recovery: bool = False  # of what was written off: the balance stays 0
    currency: str = ""
    is_on_void: bool = False

    @property
    def is_cash(self) -> bool:
        return self.source_kind == "payment"

    @property
    def is_credit(self) -> bool:
        return self.source_kind == "credit_note"

    @property
    def is_write_off(self) -> bool:
        return self.source_kind == "write_off"

    def stands_on(self, day: int) -> bool:
        """Whether it lies there at the end of a day."""
        return self.day <= day < self.back_day


@dataclass(frozen=True)
class Moment:
    """When a debt may enter collections: just before an instant, or after all facts of it."""

    at: datetime
    is_after: bool
    day: int

    def counts(self, instant: datetime) -> bool:
        """Whether something of an instant comes after it."""
        return instant > self.at if self.is_after else instant >= self.at


@dataclass(frozen=True)
class Entry:
    moment: Moment
    amount: int

    @property
    def day(self) -> int:
        return self.moment.day


@dataclass(frozen=True)
class Dispute:
    dispute_id: str
    opened: int
    resolved: int  # or never
    disputed: int  # the most that was said of it when it was opened


@dataclass
class Invoice:
    account: Account
    name: str
    currency: str
    amount: int
    issued: int
    start: datetime  # its own instant
    due: int
    is_void: bool
    moments: list[Moment] = field(default_factory=list)
    puts: list[Put] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)

    def balance_on(self, day: int) -> int:
        """What is open at the end of a day. Nothing is before it is issued."""
        if self.is_void or day < self.issued:
            return 0
        return self.amount - sum(
            put.amount for put in self.puts if not put.is_recovery and put.stands_on(day)
        )

    def is_overdue_on(self, day: int) -> bool:
        return self.due < day and self.balance_on(day) > 0

    @cached_property
    def entry(self) -> Entry | None:
        """The first moment at which it was past due, open and begun."""
        if self.is_void:
            return None
        for moment in sorted(self.moments, key=lambda each: (each.at, each.is_after)):
            if moment.at < self.start:
                continue
            open_then = self.amount
            for put in self.puts:
                if put.is_recovery or moment.counts(put.at):
                    continue
                if put.back_at is None or moment.counts(put.back_at):
                    open_then -= put.amount
            if open_then > 0:
                return Entry(moment, open_then)
        return None

    @property
    def entered(self) -> int:
        return self.entry.day if self.entry else NEVER

    @property
    def held_at_issue(self) -> Held | None:
        return self.account.at(self.start)

    @property
    def held_before_entry(self) -> Held | None:
        assert self.entry is not None
        return self.account.before(self.entry.moment.at)

    def is_collected(self, put: Put) -> bool:
        """Whether it is cash that came after the debt had entered collections."""
        return put.is_cash and self.entry is not None and self.entry.moment.counts(put.at)

    def came_back(self, put: Put) -> bool:
        """Whether it was taken back after the debt had entered, having never been counted."""
        return (
            self.entry is not None
            and put.back_at is not None
            and not put.is_recovery
            and self.entry.moment.counts(put.back_at)
            and not self.is_collected(put)
        )


@dataclass(frozen=True)
class Note:
    """A credit note."""

    account: Account
    currency: str
    amount: int
    at: datetime
    day: int


@dataclass(frozen=True)
class Payment:
    account: Account
    payment_id: str
    currency: str
    amount: int
    at: datetime
    day: int
    method: str = ""
    fee: int = 0


@dataclass(frozen=True)
class Reversal:
    account: Account
    payment_id: str
    currency: str
    amount: int
    at: datetime
    day: int


@dataclass(frozen=True)
class Charge:
    """A fee, a cost or interest: what it came to on each day, less waivers."""

    account: Account
    currency: str
    changes: tuple[tuple[int, int], ...]  # (day, amount)
    puts: tuple[Put, ...]

    def balance_on(self, day: int) -> int:
        changed = sum(amount for on, amount in self.changes if on <= day)
        return changed - sum(put.amount for put in self.puts if put.stands_on(day))


@dataclass(frozen=True)
class Placement:
    account: Account
    placement_id: str
    agency: str
    currency: str
    at: datetime
    day: int
    invoices: Mapping[str, int]
    recalled_at: datetime | None


def in_order(held: Iterable[Held]) -> list[Held]:
    return sorted(held, key=lambda each: each.at)


def instant_of(day: date, zone: str) -> datetime:
    """The first instant of a day."""
    return first_instant(day, zone)

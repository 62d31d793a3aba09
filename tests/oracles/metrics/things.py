"""What the events speak of, each thing with its whole history: accounts, debts, money, contacts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
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
    """An instant at which a debt may enter collections: just before it, or after all facts of it."""

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


@dataclass(frozen=True)
class Promise:
    account: Account
    promise_id: str
    currency: str
    promised: int
    collector: str
    channel: str
    state: str  # open, kept, partly_kept, broken, cancelled
    received: int
    asked: int
    at: datetime  # of the judgement that stands
    day: int


@dataclass(frozen=True)
class Happened:
    """Something of a contact: when, and on which day."""

    at: datetime
    day: int
    what: str = ""


@dataclass
class Contact:
    account: Account  # under which it stands
    contact_id: str
    channel: str
    strategy: str
    collector: str
    arms: Mapping[str, str]
    covers: frozenset[str]
    cost_micros: int
    cost_currency: str
    results: Mapping[
        str, Happened
    ]  # planned, cancelled, failed, sent, uncertain: the first of each
    suppressed: Mapping[str, Happened]  # by rule, the first of each
    is_refused: bool  # the provider never had it
    answers: list[Happened] = field(default_factory=list)
    right_parties: list[Happened] = field(default_factory=list)

    @property
    def attempt(self) -> Happened | None:
        """The first time that it left us, or may have."""
        left = [self.results[each] for each in ("sent", "uncertain") if each in self.results]
        return None if self.is_refused or not left else min(left, key=lambda each: each.at)

    def split(self, held: Held | None, **more: str | None) -> dict[str, str]:
        return self.account.split(
            held,
            channel=self.channel,
            strategy=self.strategy,
            collector=self.collector,
            **more,
        )


@dataclass(frozen=True)
class RightParty:
    """A contact or a task that ended with the right party: how, as announced last."""

    account: Account
    key: str
    outcome: str
    at: datetime
    day: int
    channel: str
    collector: str
    strategy: str


@dataclass(frozen=True)
class Feedback:
    account: Account
    score: int
    at: datetime
    day: int
    channel: str
    collector: str


@dataclass(frozen=True)
class Revocation:
    account: Account
    channel: str
    at: datetime
    day: int


@dataclass(frozen=True)
class Cost:
    """What collecting has cost: of contacts, tasks, agencies, gateways, and as recorded."""

    account: Account | None
    kind: str
    currency: str
    minor: Fraction
    at: datetime
    day: int
    split: Mapping[str, str]


@dataclass(frozen=True)
class Run:
    """One run of an experiment."""

    name: str
    run: int
    champion: str
    shares: Mapping[str, float]
    at: datetime


@dataclass
class Book:
    """All that was known of a tenant's things at some time."""

    zone: str
    business_day: int
    accounts: dict[str, Account] = field(default_factory=dict)
    invoices: list[Invoice] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    loose_credit: list[tuple[Account, Put]] = field(default_factory=list)  # on charges, on voids
    payments: list[Payment] = field(default_factory=list)
    reversals: list[Reversal] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    placements: list[Placement] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    right_parties: list[RightParty] = field(default_factory=list)
    feedback: list[Feedback] = field(default_factory=list)
    revocations: list[Revocation] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    rates: dict[str, list[tuple[str, int, Fraction]]] = field(default_factory=dict)

    @property
    def standing(self) -> list[Invoice]:
        """Invoices that are not void."""
        return [each for each in self.invoices if not each.is_void]

    @property
    def debts(self) -> list[Invoice]:
        """Those that have entered collections."""
        return [each for each in self.standing if each.entry is not None]

    def of(self, account: Account) -> list[Invoice]:
        return [each for each in self.standing if each.account is account]

    @cached_property
    def payment_of(self) -> dict[tuple[str, str], Payment]:
        return {(each.account.name, each.payment_id): each for each in self.payments}

    def covering(self, account: Account) -> list[Contact]:
        """Attempts that speak of an account, whoever they stand under."""
        return [
            each
            for each in self.contacts
            if each.attempt is not None and account.name in each.covers
        ]

    def first_day(self, currency: str) -> int | None:
        """The day of a currency's first invoice."""
        return min(
            (each.issued for each in self.standing if each.currency == currency), default=None
        )


def in_order(held: Iterable[Held]) -> list[Held]:
    return sorted(held, key=lambda each: each.at)


def instant_of(day: date, zone: str) -> datetime:
    """The first instant of a day."""
    return first_instant(day, zone)

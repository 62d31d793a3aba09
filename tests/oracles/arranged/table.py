"""What lies on the table while the facts are replayed: money, invoices, charges, agreements."""

from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any

Order = tuple[datetime, int, bytes]


@dataclass(frozen=True)
class Step:
    """A state that began to hold."""

    state: str
    at: datetime
    because: str


@dataclass
class Subject:
    """Anything that has states."""

    id: str
    history: list[Step] = field(default_factory=list)

    @property
    def state(self) -> str:
        return self.history[-1].state if self.history else ""

    @property
    def because(self) -> str:
        return self.history[-1].because if self.history else ""

    def become(self, state: str, at: datetime, because: str = "") -> None:
        if state != self.state:
            self.history.append(Step(state, at, because))


# ── Money ───────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Put:
    """Something of one source put on an invoice or on a charge, and perhaps taken back."""

    kind: str  # payment, credit_note, concession, write_off, discount
    source: str
    invoice: str | None
    charge: str | None
    amount: int
    applied_at: datetime
    released_at: datetime | None = None
    recovers: str | None = None  # the write-off
    by_aim: bool = False

    @property
    def is_cash(self) -> bool:
        return self.kind == "payment"


@dataclass
class Money:
    """One payment or credit note."""

    kind: str
    name: str
    order: Order
    currency: str
    amount: int
    unapplied: int
    left: int  # not yet taken back by reversals
    aims: list[tuple[str | None, str | None, int]] = field(default_factory=list)  # that wait
    counted: dict[str, int] = field(default_factory=dict)  # by promise

    def free(self) -> int:
        return self.unapplied - min(self.unapplied, sum(amount for *_, amount in self.aims))


# ── Debts ───────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Bill:
    """An invoice that is there."""

    invoice: Any
    due_on: date
    instant: datetime
    void: bool = False
    disputes: dict[str, int | None] = field(default_factory=dict)  # open ones; None: all of it
    right: int | None = None  # what the discount was measured by when it was granted

    @property
    def id(self) -> str:
        return self.invoice.invoice_id  # type: ignore[no-any-return]

    @property
    def currency(self) -> str:
        return self.invoice.currency  # type: ignore[no-any-return]

    def age(self) -> tuple[date, date, str]:
        return self.due_on, self.invoice.issued_on, self.id


@dataclass
class Posting:
    at: datetime
    on: date
    amount: int


@dataclass
class Charge:
    """A cost, interest or fee beside an invoice, or of the account."""

    id: str
    kind: str  # cost, interest, fee
    invoice: str | None
    currency: str
    charged_on: date
    postings: list[Posting] = field(default_factory=list)
    waivers: dict[str, int] = field(default_factory=dict)
    disputes: dict[str, int | None] = field(default_factory=dict)
    gone: bool = False  # voided

    @property
    def amount(self) -> int:
        return sum(posting.amount for posting in self.postings)

    @property
    def waived(self) -> int:
        return sum(self.waivers.values())


@dataclass
class Bearing:
    """What an invoice has borne: the interest of its days, kept exactly."""

    total: Fraction = Fraction(0)
    through: date | None = None  # the last day that was looked at
    withheld: dict[str, list[tuple[date, Fraction, int]]] = field(default_factory=dict)


# ── Agreements ──────────────────────────────────────────────────────────────────────────────────
@dataclass
class Promise(Subject):
    data: Any = None
    order: Order | None = None
    invoices: tuple[str, ...] = ()
    received: int = 0
    asked: int | None = None


@dataclass
class Part(Subject):
    """An instalment."""

    n: int = 0
    due_on: date = date.min
    grace_until_on: date = date.min
    amount: int = 0
    up_to: int = 0  # this and all before
    short: int = 0
    missed_on: date | None = None


@dataclass
class Arrangement(Subject):
    """A plan or a settlement."""

    noun: str = "plan"
    data: Any = None
    order: Order | None = None  # of the request
    parts: list[Part] = field(default_factory=list)
    paid: int = 0
    began: datetime | None = None
    judged: set[int] = field(default_factory=set)

    @property
    def name(self) -> str:
        return f"{self.noun} {self.id}"

    @property
    def invoices(self) -> tuple[str, ...]:
        return self.data.invoice_ids  # type: ignore[no-any-return]

    @property
    def currency(self) -> str:
        return self.data.currency  # type: ignore[no-any-return]

    @property
    def in_force(self) -> bool:
        return self.state in ("active", "accepted")


@dataclass
class WriteOff(Subject):
    data: Any = None
    amount: int = 0  # principal and charges as they were written off
    charges: int = 0


@dataclass
class Placement(Subject):
    data: Any = None
    began: Order | None = None
    invoices: tuple[str, ...] = ()
    placed: int = 0
    recalled_on: date | None = None


@dataclass
class Dispute(Subject):
    data: Any = None
    opened_on: date = date.min
    evidence: bool = False

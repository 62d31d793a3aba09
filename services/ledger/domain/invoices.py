"""An invoice: what is open on it, what is disputed, and when it was open."""

from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from services.ledger.domain.credits import CreditKey, CreditKind
from shared.events import billing
from shared.events.ledger import Stage

SMALL = "small:"  # of the id of a write-off of a small balance
Order = tuple[date, date, str]  # due_on, issued_on, invoice_id: who is served first


class Holding(Struct, frozen=True, gc=False):
    """Money that lies on an invoice now; an invoice keeps them in the order of application."""

    kind: CreditKind
    credit_id: str
    amount_minor: int
    applied_at: datetime


class Level(Struct, frozen=True, gc=False):
    """What was open and disputed from an instant on, after all facts of that instant."""

    at: datetime
    balance_minor: int
    disputed_minor: int


class Reopening(Struct, frozen=True, gc=False):
    """The debt was paid, and a reversal opened it again."""

    fact_id: str
    cause: str
    at: datetime


class Dispute(Struct, frozen=True, gc=False):
    """An open dispute; without an amount it holds the whole balance."""

    dispute_id: str
    amount_minor: int | None


class Invoice(Struct, frozen=True, gc=False):
    """One invoice by all facts known."""

    invoice_id: str
    currency: str
    amount_minor: int
    issued_on: date
    due_on: date  # by the newest amendment
    number: str | None  # by the newest amendment
    at: datetime  # its instant: 00:00 of issued_on in the account's zone
    data: billing.InvoiceIssued  # as the billing platform sent it
    balance_minor: int = 0
    disputed_minor: int = 0
    credited_minor: int = 0  # credit notes on it, whether aimed at it or not
    paid_minor: int = 0  # cash on it
    relieved_minor: int = 0  # forgone of it: concessions, write-offs, discounts
    written_off_minor: int = 0  # in it
    recoveries: tuple[Holding, ...] = ()  # cash for what was written off; not in the balance
    recovered_minor: int = 0
    recoverable_minor: int = 0  # written off and not sold, less recovered
    recalls_minor: int = 0  # of it, what also money that is aimed at nothing recovers
    holdings: tuple[Holding, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    voided_at: datetime | None = None
    levels: tuple[Level, ...] = ()  # its balance over time, oldest first
    reopenings: tuple[Reopening, ...] = ()
    credit_keys: tuple[CreditKey, ...] = ()  # all whose money is or was on it
    stage: Stage | None = None  # the last announced stage that holds; None: none, or nothing open

    @property
    def status(self) -> Literal["open", "paid", "void", "written_off"]:
        if self.voided_at is not None:
            return "void"
        if self.balance_minor:
            return "open"
        return "written_off" if self.is_written_off else "paid"

    @property
    def is_written_off(self) -> bool:
        """Whether a write-off that is not one of a small balance lies on it."""
        return self.written_off_minor > 0 and any(
            holding.kind == "write_off" and not holding.credit_id.startswith(SMALL)
            for holding in self.holdings
        )

    @property
    def order(self) -> Order:
        return (self.due_on, self.issued_on, self.invoice_id)

    @property
    def paid_at(self) -> datetime:
        """When it came to be zero; of an invoice that is paid."""
        return self.levels[-1].at


def disputed_part(balance_minor: int, disputes: tuple[Dispute, ...]) -> int:
    """What of a balance the disputes hold: never more than the balance."""
    if not disputes:
        return 0
    held = 0
    for dispute in disputes:
        if dispute.amount_minor is None:
            return balance_minor
        held += dispute.amount_minor
    return min(balance_minor, held)


def levels_after(invoice: Invoice, at: datetime) -> tuple[Level, ...]:
    """The invoice's levels after a fact at this instant."""
    levels = invoice.levels
    last = levels[-1] if levels else None
    balance, disputed = invoice.balance_minor, invoice.disputed_minor
    if last is None:
        return (Level(at, balance, disputed),)
    if (last.balance_minor, last.disputed_minor) == (balance, disputed):
        return levels
    return (*(levels[:-1] if last.at == at else levels), Level(at, balance, disputed))

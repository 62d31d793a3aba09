"""Invoices: issued, amended, voided, due, past due, paid and open again."""

from datetime import date

from msgspec import UNSET, Struct, UnsetType

from shared.events.ledger.common import Allocation, Amounts, Stage


class InvoiceIssued(Struct, frozen=True, kw_only=True, gc=False):
    invoice_id: str
    account_id: str
    currency: str
    amount_minor: int
    issued_on: date
    due_on: date
    number: str | None = None
    purpose: str | None = None
    product: str | None = None
    payer: str = "account"
    payment_url: str | None = None
    balance_minor: int  # of the invoice, after what was waiting for it
    amounts: tuple[Amounts, ...]


class InvoiceAmended(Struct, frozen=True, kw_only=True, gc=False):
    invoice_id: str
    account_id: str
    currency: str | None = None
    due_on: date | None = None
    number: str | None = None
    amounts: tuple[Amounts, ...] = ()


class InvoiceVoided(Struct, frozen=True, kw_only=True, gc=False):
    invoice_id: str
    account_id: str
    currency: str | None = None
    allocations: tuple[Allocation, ...] = ()
    amounts: tuple[Amounts, ...] = ()
    part: int | UnsetType = UNSET  # of a history too long for one event (docs/ledger.md)
    parts: int | UnsetType = UNSET


class InvoiceDueSoon(Struct, frozen=True, kw_only=True, gc=False):
    invoice_id: str
    account_id: str
    currency: str
    due_on: date
    balance_minor: int
    disputed_minor: int
    amounts: tuple[Amounts, ...]


class InvoiceOverdue(Struct, frozen=True, kw_only=True, gc=False):
    invoice_id: str
    account_id: str
    currency: str
    due_on: date
    stage: Stage
    days_past_due: int  # the stage's own
    since_on: date
    balance_minor: int  # of the invoice, at the stage
    disputed_minor: int
    amounts: tuple[Amounts, ...]


class OverdueCorrected(Struct, frozen=True, kw_only=True, gc=False):
    """An announced stage was never reached; `because` names the fact that shows it."""

    invoice_id: str
    account_id: str
    currency: str
    due_on: date  # of the announcement
    from_stage: Stage
    to_stage: Stage | None  # what holds now
    since_on: date
    because: str
    amounts: tuple[Amounts, ...]


class InvoicePaid(Struct, frozen=True, kw_only=True, gc=False):
    invoice_id: str
    account_id: str
    currency: str
    amount_minor: int
    due_on: date
    days_late: int  # max(0, day paid − due_on)
    amounts: tuple[Amounts, ...]


class InvoiceReopened(Struct, frozen=True, kw_only=True, gc=False):
    invoice_id: str
    account_id: str
    currency: str
    due_on: date
    stage: Stage | None  # of the cause's day; None: not past due
    days_past_due: int
    balance_minor: int
    because: str
    amounts: tuple[Amounts, ...]

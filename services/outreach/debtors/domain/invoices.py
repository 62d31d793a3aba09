"""What outreach knows of an invoice, folded from the ledger's events one by one.

Only what planning needs: due when, announced how far, open, disputed. Amounts to be written in a
message are never taken from here; they come from the live check.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from shared.events import ledger

State = Literal["open", "paid", "void"]


@dataclass(frozen=True)
class Invoice:
    account_id: str
    invoice_id: str
    currency: str
    due_on: date
    state: State = "open"
    balance_minor: int = 0  # last announced: only to tell a whole dispute from a partial one
    disputed_minor: int = 0
    is_disputed_whole: bool = False
    due_soon_on: date | None = None  # the due day for which due-soon was announced
    stage: int | None = None  # the last stage announced and not corrected
    anchor_on: date | None = None  # the day the ladder counts from, if not the due day
    resumed_on: date | None = None  # open or undisputed again since: the ladder goes on from here
    purpose: str | None = None  # consumer | business, where the billing platform says it
    product: str | None = None  # what it is for: medical, utility, …

    @property
    def is_disputed(self) -> bool:
        """Whether all of it is in dispute, so that nothing of it may be asked for."""
        return self.disputed_minor > 0 and (
            self.is_disputed_whole or self.disputed_minor >= self.balance_minor
        )

    @property
    def is_due_soon(self) -> bool:
        """Whether it may be reminded of before its due day."""
        return self.stage is None and self.due_soon_on == self.due_on


def issued(data: ledger.InvoiceIssued) -> Invoice:
    return Invoice(
        data.account_id,
        data.invoice_id,
        data.currency,
        data.due_on,
        balance_minor=data.balance_minor,
        purpose=data.purpose,
        product=data.product,
    )


def amended(invoice: Invoice, data: ledger.InvoiceAmended) -> Invoice:
    """A new due day starts the ladder anew; stages announced for the old one are void."""
    if data.due_on is None or data.due_on == invoice.due_on:
        return invoice
    return replace(invoice, due_on=data.due_on, stage=None, anchor_on=None, resumed_on=None)


def due_soon(invoice: Invoice, data: ledger.InvoiceDueSoon) -> Invoice:
    return replace(invoice, due_soon_on=data.due_on, balance_minor=data.balance_minor)


def overdue(invoice: Invoice, data: ledger.InvoiceOverdue) -> Invoice:
    if data.due_on != invoice.due_on:
        return invoice
    return replace(
        invoice,
        stage=data.stage,
        balance_minor=data.balance_minor,
        disputed_minor=data.disputed_minor,
    )


def corrected(invoice: Invoice, data: ledger.OverdueCorrected) -> Invoice:
    """The stage that holds now; what was announced for an earlier due day no longer counts."""
    if data.due_on != invoice.due_on:
        return invoice
    return replace(invoice, stage=data.to_stage)


def paid(invoice: Invoice) -> Invoice:
    return replace(invoice, state="paid", balance_minor=0)


def reopened(invoice: Invoice, data: ledger.InvoiceReopened, day: date | None) -> Invoice:
    return replace(
        invoice,
        state="open",
        stage=data.stage if data.due_on == invoice.due_on else invoice.stage,
        balance_minor=data.balance_minor,
        resumed_on=day,
    )


def voided(invoice: Invoice) -> Invoice:
    return replace(invoice, state="void", balance_minor=0)


def dispute_opened(invoice: Invoice, data: ledger.DisputeOpened) -> Invoice:
    return replace(
        invoice,
        disputed_minor=data.disputed_minor,
        is_disputed_whole=invoice.is_disputed_whole or data.amount_minor is None,
    )


def dispute_resolved(invoice: Invoice, data: ledger.DisputeResolved, day: date | None) -> Invoice:
    """What is held after it. Free again, the ladder goes on from that day."""
    after = replace(
        invoice,
        disputed_minor=data.disputed_minor,
        is_disputed_whole=invoice.is_disputed_whole and data.disputed_minor > 0,
    )
    if invoice.is_disputed and not after.is_disputed:
        return replace(after, resumed_on=day)
    return after

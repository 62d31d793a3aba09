"""What outreach knows of an invoice, folded from the ledger's events one by one.

What planning needs: due when, announced how far, open, disputed. Balance and disputed part follow
every event that changes them: money that is put on the invoice or taken off it, and disputes.
Amounts to be written in a message are never taken from here; they come from the live check.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

from shared.events import ledger
from shared.texts import url_fault

State = Literal["open", "paid", "void", "written_off"]

RESUMES_MAX = 50  # kept of an invoice: the last ones


@dataclass(frozen=True, order=True)
class Resume:
    """A day on which an invoice that was not asked for could be again."""

    day: date
    because: Literal["reopened", "disputed"]


@dataclass(frozen=True)
class Invoice:
    account_id: str
    invoice_id: str
    currency: str
    due_on: date
    state: State = "open"
    balance_minor: int = 0  # its amount less the money on it
    disputed_minor: int = 0  # never more than the balance
    disputes: Mapping[str, int | None] = field(default_factory=dict)  # open; None: all of it
    due_soon_on: date | None = None  # the due day for which due-soon was announced
    stage: int | None = None  # the last stage announced and not corrected
    anchor_on: date | None = None  # the day the ladder counts from, if not the due day
    resumes: tuple["Resume", ...] = ()  # when it was open or undisputed again, by day
    purpose: str | None = None  # consumer | business, where the billing platform says it
    product: str | None = None  # what it is for: medical, utility, …
    payer: str | None = None  # who pays it: the account, an insurance
    payment_url: str | None = None  # where the biller takes money for it

    @property
    def is_disputed(self) -> bool:
        """Whether all of it is in dispute, so that nothing of it may be asked for."""
        return self.disputed_minor > 0 and self.disputed_minor >= self.balance_minor

    @property
    def is_due_soon(self) -> bool:
        """Whether it may be reminded of before its due day."""
        return self.stage is None and self.due_soon_on == self.due_on


def _figured(invoice: Invoice, **changes: Any) -> Invoice:
    """The invoice changed, with the part of its balance that its disputes hold."""
    after = replace(invoice, **changes)
    balance = max(0, after.balance_minor)
    held = [balance if amount is None else amount for amount in after.disputes.values()]
    return replace(after, disputed_minor=min(balance, sum(held)))


def issued(data: ledger.InvoiceIssued, placed_minor: int) -> Invoice:
    """With what of the money announced before it lies on it."""
    return Invoice(
        data.account_id,
        data.invoice_id,
        data.currency,
        data.due_on,
        balance_minor=data.amount_minor - placed_minor,
        purpose=data.purpose,
        product=data.product,
        payer=data.payer,
        payment_url=_usable(data.payment_url),
    )


def _usable(url: str | None) -> str | None:
    """An address that readers of messages may be sent to."""
    return url if url is not None and url_fault(url) is None else None


def amended(invoice: Invoice, data: ledger.InvoiceAmended) -> Invoice:
    """A new due day starts the ladder anew; stages announced for the old one are void."""
    if data.due_on is None or data.due_on == invoice.due_on:
        return invoice
    return replace(invoice, due_on=data.due_on, stage=None, anchor_on=None, resumes=())


def due_soon(invoice: Invoice, data: ledger.InvoiceDueSoon) -> Invoice:
    return replace(invoice, due_soon_on=data.due_on)


def overdue(invoice: Invoice, data: ledger.InvoiceOverdue) -> Invoice:
    """Its figures are those of the stage's instant, so they are left alone here."""
    if data.due_on != invoice.due_on:
        return invoice
    return replace(invoice, stage=data.stage)


def corrected(invoice: Invoice, data: ledger.OverdueCorrected) -> Invoice:
    """The stage that holds now; what was announced for an earlier due day no longer counts."""
    if data.due_on != invoice.due_on:
        return invoice
    return replace(invoice, stage=data.to_stage)


def paid(invoice: Invoice) -> Invoice:
    return replace(invoice, state="paid")


def reopened(invoice: Invoice, data: ledger.InvoiceReopened, day: date | None) -> Invoice:
    after = replace(
        invoice,
        state="open",
        stage=data.stage if data.due_on == invoice.due_on else invoice.stage,
    )
    return _with_resume(after, day, "reopened")


def voided(invoice: Invoice) -> Invoice:
    return _figured(invoice, state="void", balance_minor=0)


def with_money(invoice: Invoice, more_minor: int) -> Invoice:
    """So much more of the account's money lies on it (below 0: less)."""
    if invoice.state == "void":
        return invoice
    return _figured(invoice, balance_minor=invoice.balance_minor - more_minor)


def written_off(invoice: Invoice) -> Invoice:
    """What is left of it, if anything, is still owed."""
    is_over = invoice.state == "open" and invoice.balance_minor <= 0
    return replace(invoice, state="written_off") if is_over else invoice


def dispute_opened(invoice: Invoice, data: ledger.DisputeOpened) -> Invoice:
    return _figured(invoice, disputes={**invoice.disputes, data.dispute_id: data.amount_minor})


def dispute_resolved(invoice: Invoice, data: ledger.DisputeResolved) -> Invoice:
    rest = {name: held for name, held in invoice.disputes.items() if name != data.dispute_id}
    return _figured(invoice, disputes=rest)


def resumed(before: Invoice, after: Invoice, day: date | None) -> Invoice:
    """The invoice after a fact: the ladder of what all of was disputed goes on from that day."""
    is_free = after.state == "open" and after.balance_minor > after.disputed_minor
    if before.state == "open" and before.is_disputed and is_free:
        return _with_resume(after, day, "disputed")
    return after


def _with_resume(
    invoice: Invoice, day: date | None, because: Literal["reopened", "disputed"]
) -> Invoice:
    if day is None:
        return invoice
    found = sorted({*invoice.resumes, Resume(day, because)})
    return replace(invoice, resumes=tuple(found[-RESUMES_MAX:]))

"""What an account's events add up to, folded one by one in the order of their sequence.

The fold keeps sums and short lists by difference, so an event costs the invoices it names and not
the account's history. Ledger and outreach events arrive on two topics in no common order: they
touch different parts of the state, so that any interleaving and any split ends in the same state.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct, field

from shared.events import LEDGER, OUTREACH, Received, ledger, outreach

CONTACTS_KEPT = 20  # the latest ones; a limit on the state, not a rule of contact


class Invoice(Struct, array_like=True):
    """One invoice. `money` is what stands on it, by source: minor units and the day of the last."""

    currency: str = ""
    amount_minor: int | None = None  # None: named before it was issued
    issued_on: date | None = None
    due_on: date | None = None
    stage: int = 0  # the last that was said
    is_due_soon: bool = False
    is_void: bool = False
    money: dict[str, tuple[int, date]] = field(default_factory=dict)


class Settled(Struct, array_like=True, frozen=True, order=True):
    """An invoice settled with cash: when the last of it came, and how late that was."""

    on: date
    invoice_id: str
    days_late: int


class Owed(Struct, array_like=True, frozen=True):
    """The ledger's figures after its latest event, in one currency."""

    balance_minor: int
    overdue_minor: int
    disputed_minor: int
    unapplied_minor: int
    collectable_minor: int


class Account(Struct):
    """An account as segmentation knows it. Mutable: `fold` works on a copy that the caller owns."""

    is_registered: bool = False
    kind: str = "consumer"
    currency: str | None = None
    tags: tuple[str, ...] = ()
    customer_since: date | None = None
    first_issued_on: date | None = None
    latest_on: date | None = None  # the latest day any ledger event counted on
    owed: dict[str, Owed] = field(default_factory=dict)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)  # the invoices each stands on
    open_ids: dict[str, None] = field(default_factory=dict)
    settled: list[Settled] = field(default_factory=list)  # sorted
    settled_late: int = 0
    issued: dict[str, tuple[int, int]] = field(default_factory=dict)  # currency: count, sum
    dispute_ids: list[str] = field(default_factory=list)
    failed_on: list[date] = field(default_factory=list)  # payments that failed
    bounced_on: list[date] = field(default_factory=list)  # payments charged back or bounced
    last_payment_at: datetime | None = None
    last_payment_on: date | None = None
    contacts_at: list[datetime] = field(default_factory=list)  # sorted, the latest CONTACTS_KEPT


def touched(event: Received) -> tuple[str, ...]:
    """The accounts an event speaks of: the key's, or all that a contact covers."""
    if (event.topic, event.type) not in FOLDS or not event.key:
        return ()
    if event.topic == OUTREACH:
        contact: outreach.ContactSent = event.decode()
        return tuple(sorted({cover.account_id for cover in contact.covers}))
    return (event.key,)


def fold(account: Account, account_id: str, event: Received) -> None:
    """Take one event into the account. Types that are not in `FOLDS` change nothing."""
    step = FOLDS.get((event.topic, event.type))
    if step is None:
        return
    if event.topic == LEDGER:
        on = min(event.day or event.time.date(), _today_at_most(event))
        account.latest_on = on if account.latest_on is None else max(account.latest_on, on)
    step(account, account_id, event, event.decode())


def _today_at_most(event: Received) -> date:
    """A fact may be dated ahead; today is not moved there by it, for it would never come back.
    Somewhere on earth it is a day later than the recorded instant says."""
    return (event.recordedtime + timedelta(days=1)).date()


def _change(account: Account, invoice_id: str, change: Callable[[Invoice], None]) -> None:
    """Change one invoice and move what the account counts of it by the difference."""
    invoice = account.invoices.get(invoice_id)
    if invoice is None:
        invoice = account.invoices[invoice_id] = Invoice()
    _count(account, invoice_id, invoice, -1)
    change(invoice)
    _count(account, invoice_id, invoice, +1)


def _count(account: Account, invoice_id: str, invoice: Invoice, sign: int) -> None:
    """Add (+1) or take away (−1) what an invoice contributes to the account's sums."""
    if invoice.amount_minor is None or invoice.is_void or invoice.amount_minor == 0:
        return
    count, total = account.issued.get(invoice.currency, (0, 0))
    account.issued[invoice.currency] = (count + sign, total + sign * invoice.amount_minor)
    if invoice.amount_minor > sum(minor for minor, _ in invoice.money.values()):
        if sign > 0:
            account.open_ids[invoice_id] = None
        else:
            account.open_ids.pop(invoice_id, None)
        return
    settled = _settled(invoice_id, invoice)
    if settled is None:
        return
    account.settled_late += sign * (settled.days_late > 0)
    if sign > 0:
        insort(account.settled, settled)
    else:
        del account.settled[bisect_left(account.settled, settled)]


def _settled(invoice_id: str, invoice: Invoice) -> Settled | None:
    """How an invoice was settled; None where credit alone did it, which says nothing of payers."""
    cash = [on for source, (_, on) in invoice.money.items() if source.startswith("payment:")]
    if not cash or invoice.due_on is None:
        return None
    on = max(cash)
    return Settled(on, invoice_id, max(0, (on - invoice.due_on).days))


def _take_allocations(account: Account, allocations: Iterable[ledger.Allocation]) -> None:
    """Put the whole present history of each source in place of the one known before."""
    standing: dict[str, dict[str, tuple[int, date]]] = {}
    for item in allocations:
        on_invoices = standing.setdefault(f"{item.source_kind}:{item.source_id}", {})
        if item.released_at is None:
            minor, on = on_invoices.get(item.invoice_id, (0, item.applied_on))
            on_invoices[item.invoice_id] = (minor + item.amount_minor, max(on, item.applied_on))
    for source, on_invoices in standing.items():
        for invoice_id in sorted({*account.sources.get(source, ()), *on_invoices}):
            money = on_invoices.get(invoice_id)
            _change(account, invoice_id, lambda invoice, s=source, m=money: _put(invoice, s, m))  # type: ignore[misc]
        if on_invoices:
            account.sources[source] = tuple(sorted(on_invoices))
        else:
            account.sources.pop(source, None)


def _put(invoice: Invoice, source: str, money: tuple[int, date] | None) -> None:
    if money is None:
        invoice.money.pop(source, None)
    else:
        invoice.money[source] = money


def _take_amounts(account: Account, amounts: Iterable[ledger.Amounts]) -> None:
    for item in amounts:
        account.owed[item.currency] = Owed(
            item.balance_minor,
            item.overdue_minor,
            item.disputed_minor,
            item.unapplied_minor,
            item.collectable_minor,
        )


def _on_account(
    account: Account, _id: str, _event: Received, data: ledger.AccountRegistered
) -> None:
    account.is_registered = True
    account.kind, account.currency, account.tags = data.kind, data.currency, data.tags
    account.customer_since = data.customer_since


def _on_account_erased(
    account: Account, _id: str, _event: Received, _data: ledger.AccountErased
) -> None:
    account.tags = ()  # labels people gave; the figures stay, they name nobody


def _on_invoice_issued(
    account: Account, _id: str, _event: Received, data: ledger.InvoiceIssued
) -> None:
    def change(invoice: Invoice) -> None:
        invoice.currency, invoice.amount_minor = data.currency, data.amount_minor
        invoice.issued_on = data.issued_on
        invoice.due_on = invoice.due_on or data.due_on  # an amendment that came first outranks it

    _change(account, data.invoice_id, change)
    first = account.first_issued_on
    account.first_issued_on = data.issued_on if first is None else min(first, data.issued_on)
    _take_amounts(account, data.amounts)


def _on_invoice_amended(
    account: Account, _id: str, _event: Received, data: ledger.InvoiceAmended
) -> None:
    if data.due_on is not None:
        due_on = data.due_on

        def change(invoice: Invoice) -> None:
            # What was said of the old due date ends; stages are corrected by events of their own.
            invoice.due_on, invoice.is_due_soon = due_on, False

        _change(account, data.invoice_id, change)
    _take_amounts(account, data.amounts)


def _on_invoice_voided(
    account: Account, _id: str, _event: Received, data: ledger.InvoiceVoided
) -> None:
    _change(account, data.invoice_id, lambda invoice: setattr(invoice, "is_void", True))
    _take_allocations(account, data.allocations)
    _take_amounts(account, data.amounts)


def _on_invoice_due_soon(
    account: Account, _id: str, _event: Received, data: ledger.InvoiceDueSoon
) -> None:
    _change(account, data.invoice_id, lambda invoice: setattr(invoice, "is_due_soon", True))
    _take_amounts(account, data.amounts)


def _on_invoice_overdue(
    account: Account, _id: str, _event: Received, data: ledger.InvoiceOverdue
) -> None:
    def change(invoice: Invoice) -> None:
        # A fact that arrives late can show a lower stage after a higher one was said.
        same = invoice.due_on == data.due_on
        invoice.stage = max(invoice.stage, data.stage) if same else data.stage

    _change(account, data.invoice_id, change)
    _take_amounts(account, data.amounts)


def _on_overdue_corrected(
    account: Account, _id: str, _event: Received, data: ledger.OverdueCorrected
) -> None:
    _change(account, data.invoice_id, lambda invoice: setattr(invoice, "stage", data.to_stage or 0))
    _take_amounts(account, data.amounts)


def _on_invoice_reopened(
    account: Account, _id: str, _event: Received, data: ledger.InvoiceReopened
) -> None:
    _change(account, data.invoice_id, lambda invoice: setattr(invoice, "stage", data.stage or 0))
    _take_amounts(account, data.amounts)


def _on_invoice_paid(
    account: Account, _id: str, _event: Received, data: ledger.InvoicePaid
) -> None:
    _take_amounts(account, data.amounts)  # that it is paid follows from its allocations


def _on_payment_received(
    account: Account, _id: str, event: Received, data: ledger.PaymentReceived
) -> None:
    at, on = data.received_at, event.day or data.received_at.date()
    if account.last_payment_at is None or at > account.last_payment_at:
        account.last_payment_at = at
    if account.last_payment_on is None or on > account.last_payment_on:
        account.last_payment_on = on
    _take_allocations(account, data.allocations)
    _take_amounts(account, data.amounts)


def _on_payment_failed(
    account: Account, _id: str, event: Received, data: ledger.PaymentFailed
) -> None:
    insort(account.failed_on, event.day or data.failed_at.date())


def _on_payment_reversed(
    account: Account, _id: str, event: Received, data: ledger.PaymentReversed
) -> None:
    if data.kind != "refund":  # a refund is the creditor's own doing
        insort(account.bounced_on, event.day or data.reversed_at.date())
    _take_allocations(account, data.allocations)
    _take_amounts(account, data.amounts)


def _on_money_moved(
    account: Account,
    _id: str,
    _event: Received,
    data: ledger.AllocationChanged | ledger.CreditNoteIssued,
) -> None:
    _take_allocations(account, data.allocations)
    _take_amounts(account, data.amounts)


def _on_dispute_opened(
    account: Account, _id: str, _event: Received, data: ledger.DisputeOpened
) -> None:
    if data.dispute_id not in account.dispute_ids:
        insort(account.dispute_ids, data.dispute_id)
    _take_amounts(account, data.amounts)


def _on_dispute_resolved(
    account: Account, _id: str, _event: Received, data: ledger.DisputeResolved
) -> None:
    _take_amounts(account, data.amounts)


def _on_contact_made(
    account: Account, account_id: str, event: Received, data: outreach.ContactSent
) -> None:
    """Sent, or perhaps sent: both count as an attempt. The event's time is the contact's."""
    if any(cover.account_id == account_id for cover in data.covers):
        insort(account.contacts_at, event.time)
        del account.contacts_at[:-CONTACTS_KEPT]


FOLDS: dict[tuple[str, str], Callable[[Account, str, Received, Any], None]] = {
    (LEDGER, "account-registered"): _on_account,
    (LEDGER, "account-updated"): _on_account,
    (LEDGER, "account-erased"): _on_account_erased,
    (LEDGER, "invoice-issued"): _on_invoice_issued,
    (LEDGER, "invoice-amended"): _on_invoice_amended,
    (LEDGER, "invoice-voided"): _on_invoice_voided,
    (LEDGER, "invoice-due-soon"): _on_invoice_due_soon,
    (LEDGER, "invoice-overdue"): _on_invoice_overdue,
    (LEDGER, "overdue-corrected"): _on_overdue_corrected,
    (LEDGER, "invoice-reopened"): _on_invoice_reopened,
    (LEDGER, "invoice-paid"): _on_invoice_paid,
    (LEDGER, "payment-received"): _on_payment_received,
    (LEDGER, "payment-failed"): _on_payment_failed,
    (LEDGER, "payment-reversed"): _on_payment_reversed,
    (LEDGER, "allocation-changed"): _on_money_moved,
    (LEDGER, "credit-note-issued"): _on_money_moved,
    (LEDGER, "dispute-opened"): _on_dispute_opened,
    (LEDGER, "dispute-resolved"): _on_dispute_resolved,
    (OUTREACH, "contact-sent"): _on_contact_made,
    (OUTREACH, "contact-uncertain"): _on_contact_made,
}

"""Events into an account, one by one in the order of their sequence.

Ledger and outreach events arrive on two topics in no common order: they touch different parts of
the state, so that any interleaving and any split ends in the same state.
"""

from bisect import insort
from collections.abc import Callable, Iterable
from datetime import UTC, timedelta
from functools import partial
from typing import Any

from services.segmentation.domain import fold_agreements, fold_contacts
from services.segmentation.domain.account import (
    Account,
    Owed,
    Payment,
    Reversal,
    change_invoice,
    change_zone,
    note_failure,
    note_invoice,
    note_payment,
    note_reversal,
)
from services.segmentation.domain.agreements import Agreements
from services.segmentation.domain.invoices import Invoice, Put
from shared.countries import country_code
from shared.events import LEDGER, OUTREACH, Received, ledger

# What an event does to an account; whether an assessment could come out another way after it.
Handler = Callable[[Account, str, Received, Any], bool]

_ONE_DAY = timedelta(days=1)


def touched(event: Received) -> tuple[str, ...]:
    """The accounts an event speaks of: the key's, or all that a contact covers."""
    if event.type not in HANDLERS or not event.key:
        return ()
    return fold_contacts.touched(event) if event.topic == OUTREACH else (event.key,)


def fold(account: Account, account_id: str, event: Received) -> bool:
    """Take one event into the account; whether it could change an assessment.

    Types that are not in `HANDLERS` change nothing.
    """
    handler = HANDLERS.get(event.type)
    if handler is None:
        return False
    recorded = event.recordedtime
    if account.known_at is None or recorded > account.known_at:
        account.known_at = recorded
    is_later = False
    if event.topic == LEDGER:
        # A fact may be dated ahead; today is not moved there by it, for it would never come back.
        # Somewhere on earth it is a day later than the recorded instant says.
        on = min(event.day or event.time.date(), (recorded + _ONE_DAY).date())
        is_later = account.latest_on is None or on > account.latest_on
        if is_later:
            account.latest_on = on
    return handler(account, account_id, event, event.decode()) or is_later


def _take_allocations(
    account: Account,
    allocations: Iterable[ledger.Allocation],
    *sources: str,
    adds: bool = False,
) -> None:
    """Put the whole present history of each source in place of the one known before: of those
    named and of those in the list.

    A history that is too long for one event comes in parts: the first replaces, the others add.
    """
    standing: dict[str, dict[str, list[Put]]] = {source: {} for source in sources}
    for item in allocations:
        on_invoices = standing.setdefault(f"{item.source_kind}:{item.source_id}", {})
        if not item.amount_minor or item.invoice_id is None or not item.is_on_principal:
            continue  # by the facts known, the source never put anything there
        if item.released_on is None or item.released_on > item.applied_on:  # stood over night
            put = Put(item.amount_minor, item.applied_on, item.released_on)
            on_invoices.setdefault(item.invoice_id, []).append(put)
    for source, on_invoices in standing.items():
        if adds:
            for invoice_id, more in on_invoices.items():
                change_invoice(account, invoice_id, partial(_add, source=source, puts=more))
            account.sources[source] = tuple(
                sorted({*account.sources.get(source, ()), *on_invoices})
            )
            continue
        for invoice_id in sorted({*account.sources.get(source, ()), *on_invoices}):
            puts = on_invoices.get(invoice_id)
            change_invoice(account, invoice_id, partial(_put, source=source, puts=puts))
        if on_invoices:
            account.sources[source] = tuple(sorted(on_invoices))
        else:
            account.sources.pop(source, None)


def _add(invoice: Invoice, *, source: str, puts: list[Put]) -> None:
    invoice.money[source] = (*invoice.money.get(source, ()), *puts)


def _put(invoice: Invoice, *, source: str, puts: list[Put] | None) -> None:
    if puts is None:
        invoice.money.pop(source, None)
    else:
        invoice.money[source] = tuple(puts)


def _take_amounts(account: Account, amounts: Iterable[ledger.Amounts]) -> bool:
    """Whether they differ from those known before."""
    has_changed = False
    for item in amounts:
        owed = Owed(
            item.balance_minor,
            item.overdue_minor,
            item.disputed_minor,
            item.unapplied_minor,
            item.collectable_minor,
            item.oldest_due_on,
            item.promised_minor,
            item.recoverable_minor,
            item.charges_minor,
        )
        if account.owed.get(item.currency) != owed:
            account.owed[item.currency] = owed
            has_changed = True
    return has_changed


def _on_account(
    account: Account, _id: str, _event: Received, data: ledger.AccountRegistered
) -> bool:
    account.is_registered = True
    account.kind, account.currency, account.tags = data.kind, data.currency, data.tags
    account.customer_since = data.customer_since
    account.country = country_code(data.country)
    change_zone(account, data.timezone)
    account.payment_terms_days = data.payment_terms_days
    account.credit_limit_minor = data.credit_limit_minor
    return True


def _on_account_erased(
    account: Account, _id: str, _event: Received, _data: ledger.AccountErased
) -> bool:
    account.tags = ()  # labels people gave; the figures stay, they name nobody
    return True


def _on_invoice_issued(
    account: Account, _id: str, event: Received, data: ledger.InvoiceIssued
) -> bool:
    def change(invoice: Invoice) -> None:
        invoice.currency, invoice.amount_minor = data.currency, data.amount_minor
        invoice.issued_on, invoice.decided_at = data.issued_on, event.time
        invoice.payer = data.payer
        invoice.due_on = invoice.due_on or data.due_on  # an amendment that came first outranks it

    change_invoice(account, data.invoice_id, change)
    first = account.first_issued_on
    account.first_issued_on = data.issued_on if first is None else min(first, data.issued_on)
    _take_amounts(account, data.amounts)
    return True


def _on_invoice_amended(
    account: Account, _id: str, _event: Received, data: ledger.InvoiceAmended
) -> bool:
    if data.due_on is not None:
        due_on = data.due_on

        def change(invoice: Invoice) -> None:
            # What was known of the old due date ends; stages are corrected by events of their own.
            invoice.due_on, invoice.is_due_soon = due_on, False

        change_invoice(account, data.invoice_id, change)
    _take_amounts(account, data.amounts)
    return True


def _on_invoice_voided(
    account: Account, _id: str, _event: Received, data: ledger.InvoiceVoided
) -> bool:
    change_invoice(account, data.invoice_id, lambda invoice: setattr(invoice, "is_void", True))
    _take_allocations(account, data.allocations)
    _take_amounts(account, data.amounts)
    return True


def _on_invoice_due_soon(
    account: Account, _id: str, _event: Received, data: ledger.InvoiceDueSoon
) -> bool:
    note_invoice(account, data.invoice_id, lambda invoice: setattr(invoice, "is_due_soon", True))
    _take_amounts(account, data.amounts)
    return True


def _on_invoice_overdue(
    account: Account, _id: str, _event: Received, data: ledger.InvoiceOverdue
) -> bool:
    def change(invoice: Invoice) -> None:
        # A fact that arrives late can show a lower stage after a higher one was announced.
        same = invoice.due_on == data.due_on
        invoice.stage = max(invoice.stage, data.stage) if same else data.stage

    note_invoice(account, data.invoice_id, change)
    _take_amounts(account, data.amounts)
    return True


def _on_overdue_corrected(
    account: Account, _id: str, _event: Received, data: ledger.OverdueCorrected
) -> bool:
    note_invoice(
        account, data.invoice_id, lambda invoice: setattr(invoice, "stage", data.to_stage or 0)
    )
    _take_amounts(account, data.amounts)
    return True


def _on_invoice_reopened(
    account: Account, _id: str, _event: Received, data: ledger.InvoiceReopened
) -> bool:
    note_invoice(
        account, data.invoice_id, lambda invoice: setattr(invoice, "stage", data.stage or 0)
    )
    _take_amounts(account, data.amounts)
    return True


def _on_invoice_paid(
    account: Account, _id: str, _event: Received, data: ledger.InvoicePaid
) -> bool:
    return _take_amounts(account, data.amounts)  # it is paid by its allocations


def _on_payment_received(
    account: Account, _id: str, event: Received, data: ledger.PaymentReceived
) -> bool:
    payment = Payment(data.currency, data.amount_minor, data.received_at)
    note_payment(account, data.payment_id, payment)
    _take_allocations(account, data.allocations, f"payment:{data.payment_id}")
    _take_amounts(account, data.amounts)
    return True


def _on_payment_failed(
    account: Account, _id: str, event: Received, data: ledger.PaymentFailed
) -> bool:
    failure_id = f"{data.payment_id} {data.failed_at.astimezone(UTC).isoformat()}"
    note_failure(account, failure_id, data.failed_at)
    return True


def _on_payment_reversed(
    account: Account, _id: str, event: Received, data: ledger.PaymentReversed
) -> bool:
    is_refund = data.kind == "refund"
    taken = Reversal(data.currency, data.amount_minor, data.reversed_at, is_refund)
    note_reversal(account, data.reversal_id, taken)
    _take_allocations(account, data.allocations, f"payment:{data.payment_id}")
    _take_amounts(account, data.amounts)
    return True


def _on_money_moved(
    account: Account,
    _id: str,
    _event: Received,
    data: ledger.AllocationChanged,
) -> bool:
    _take_allocations(account, data.allocations, adds=ledger.adds(data))
    _take_amounts(account, data.amounts)
    return True


def _on_credit_note_issued(
    account: Account, _id: str, _event: Received, data: ledger.CreditNoteIssued
) -> bool:
    own = [f"credit_note:{data.credit_note_id}"]
    if data.replaces is not None:  # for the whole history: nothing of that one stands anywhere
        own.append(f"credit_note:{data.replaces}")
    _take_allocations(account, data.allocations, *own)
    _take_amounts(account, data.amounts)
    return True


def _on_dispute_opened(
    account: Account, _id: str, _event: Received, data: ledger.DisputeOpened
) -> bool:
    if data.dispute_id not in account.dispute_ids:
        insort(account.dispute_ids, data.dispute_id)
    _take_amounts(account, data.amounts)
    return True


def _on_dispute_resolved(
    account: Account, _id: str, _event: Received, data: ledger.DisputeResolved
) -> bool:
    account.disputes_ended[data.dispute_id] = data.outcome
    _take_amounts(account, data.amounts)
    return True


def _on_agreement(account: Account, _id: str, event: Received, data: ledger.OfAccount) -> bool:
    agreements = account.agreements
    if agreements is None:
        agreements = account.agreements = Agreements()
    fold_agreements.FOLDS[event.type](agreements, data, fold_agreements.day_of(event))
    return _on_figures(account, _id, event, data) or True


def _on_figures(account: Account, _id: str, event: Received, data: ledger.OfAccount) -> bool:
    """What is owed has changed, or how much of it was given up."""
    allocations = getattr(data, "allocations", ())
    if allocations and not isinstance(data, ledger.RecoveryReceived):
        _take_allocations(account, allocations, adds=ledger.adds(data))
    return _take_amounts(account, data.amounts) or bool(allocations)


def _on_contact(account: Account, account_id: str, event: Received, data: Any) -> bool:
    return fold_contacts.FOLDS[event.type](account.contacts, account_id, event.time, data)


HANDLERS: dict[str, Handler] = {
    "account-registered": _on_account,
    "account-updated": _on_account,
    "account-erased": _on_account_erased,
    "invoice-issued": _on_invoice_issued,
    "invoice-amended": _on_invoice_amended,
    "invoice-voided": _on_invoice_voided,
    "invoice-due-soon": _on_invoice_due_soon,
    "invoice-overdue": _on_invoice_overdue,
    "overdue-corrected": _on_overdue_corrected,
    "invoice-reopened": _on_invoice_reopened,
    "invoice-paid": _on_invoice_paid,
    "payment-received": _on_payment_received,
    "payment-failed": _on_payment_failed,
    "payment-reversed": _on_payment_reversed,
    "allocation-changed": _on_money_moved,
    "credit-note-issued": _on_credit_note_issued,
    "dispute-opened": _on_dispute_opened,
    "dispute-resolved": _on_dispute_resolved,
    **dict.fromkeys(fold_agreements.FOLDS, _on_agreement),
    **dict.fromkeys(
        [
            *("account-written-off", "write-off-reversed", "recovery-received"),
            *("fee-charged", "interest-charged", "charge-waived"),
            *("discount-granted", "discount-revoked", "dispute-deadline-passed"),
        ],
        _on_figures,
    ),
    **dict.fromkeys(fold_contacts.FOLDS, _on_contact),
}

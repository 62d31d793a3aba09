"""Invoices: issued, amended (due date, number; timeless), voided."""

from collections.abc import Iterable
from datetime import date, datetime

from msgspec import structs

from services.ledger.domain.accruals import begin_accrual, post_interest
from services.ledger.domain.allocation import distribute, free_all, place_waiting
from services.ledger.domain.charges import void_charges
from services.ledger.domain.credits import CreditKey
from services.ledger.domain.events import View, on_invoice
from services.ledger.domain.facts import Fact, Need, Position, newest
from services.ledger.domain.fees import begin_steps
from services.ledger.domain.invoices import Invoice
from services.ledger.domain.kinds import Kind
from services.ledger.domain.ranks import Rank
from services.ledger.domain.state import AccountState
from shared.clock import day_start
from shared.events import billing, ledger

_RANK = Rank.INVOICE


def invoice_need(invoice_id: str) -> Need:
    """What a fact about an invoice waits for."""
    return ("invoice", invoice_id)


def _id(data: billing.InvoiceIssued | billing.InvoiceVoided | billing.InvoiceAmended) -> str:
    return data.invoice_id


def _need(data: billing.InvoiceIssued | billing.InvoiceVoided | billing.InvoiceAmended) -> Need:
    return invoice_need(data.invoice_id)


# ── Issued ──────────────────────────────────────────────────────────────────────────────────────


def _issued_at(data: billing.InvoiceIssued, zone: str) -> datetime:
    return day_start(data.issued_on, zone)


def _issued_on(data: billing.InvoiceIssued) -> date:
    return data.issued_on


def _issue(state: AccountState, data: billing.InvoiceIssued, at: datetime) -> None:
    """What waits for the invoice comes first, then other unapplied money."""
    invoice_id, currency = data.invoice_id, data.currency
    due_on, number = _amended(state, data)
    state.set_invoice(
        Invoice(
            invoice_id,
            currency,
            data.amount_minor,
            data.issued_on,
            due_on,
            number,
            at,
            data,
            data.amount_minor,
        )
    )
    begin_accrual(state, state.invoices[invoice_id])
    begin_steps(state, state.invoices[invoice_id])
    place_waiting(state, invoice_id, currency, at)
    distribute(state, currency, at)


def _amended(state: AccountState, data: billing.InvoiceIssued) -> tuple[date, str | None]:
    """Due date and number that hold: of the newest amendment that carries the field."""
    due_on, number = data.due_on, data.number
    for fact in state.amendments.get(data.invoice_id, ()):
        change = fact.data
        assert isinstance(change, billing.InvoiceAmended)
        due_on = change.due_on or due_on
        number = change.number if change.number is not None else number
    return (due_on, number)


def _issued_event(view: View, data: billing.InvoiceIssued) -> ledger.InvoiceIssued:
    invoice = view.state.invoices[data.invoice_id]
    return ledger.InvoiceIssued(
        invoice_id=data.invoice_id,
        account_id=data.account_id,
        currency=data.currency,
        amount_minor=data.amount_minor,
        issued_on=data.issued_on,
        due_on=invoice.due_on,
        number=invoice.number,
        purpose=data.purpose,
        product=data.product,
        payer=data.payer,
        payment_url=data.payment_url,
        balance_minor=invoice.balance_minor,
        amounts=view.touched(data.currency),
    )


def _issued_movement(state: AccountState, data: billing.InvoiceIssued) -> tuple[str, int]:
    return (data.currency, data.amount_minor)


# ── Amended ─────────────────────────────────────────────────────────────────────────────────────


def _learn_amendment(
    state: AccountState, fact: Fact, data: billing.InvoiceAmended
) -> Position | None:
    """Keep the amendments oldest first; a change holds from the invoice's own place on."""
    kept = [*state.amendments.get(data.invoice_id, ()), fact]
    kept.sort(key=newest)
    state.amendments[data.invoice_id] = tuple(kept)
    invoice = state.invoices.get(data.invoice_id)
    if invoice is None or _amended(state, invoice.data) == (invoice.due_on, invoice.number):
        return None
    return (invoice.at, _RANK, invoice.invoice_id)


def _amended_event(view: View, data: billing.InvoiceAmended) -> ledger.InvoiceAmended:
    invoice = view.state.invoices[data.invoice_id]
    return ledger.InvoiceAmended(
        invoice_id=data.invoice_id,
        account_id=data.account_id,
        currency=invoice.currency,
        due_on=invoice.due_on,
        number=invoice.number,
        amounts=view.touched(invoice.currency),
    )


# ── Voided ──────────────────────────────────────────────────────────────────────────────────────


def _void(state: AccountState, data: billing.InvoiceVoided, at: datetime) -> None:
    """Free all cash and credit on the invoice and its charges; both are allocated again."""
    post_interest(state, data.invoice_id, at)
    free_all(state, data.invoice_id, at)
    void_charges(state, data.invoice_id, at)
    invoice = state.invoices[data.invoice_id]
    state.set_invoice(structs.replace(invoice, voided_at=at, balance_minor=0, disputed_minor=0))
    distribute(state, invoice.currency, at)


def _voided_event(view: View, data: billing.InvoiceVoided) -> ledger.InvoiceVoided:
    currency = view.state.invoices[data.invoice_id].currency
    return ledger.InvoiceVoided(
        invoice_id=data.invoice_id,
        account_id=data.account_id,
        currency=currency,
        allocations=view.history(on_invoice(view.state, data.invoice_id)),
        amounts=view.touched(currency),
    )


def _freed(view: View, data: billing.InvoiceVoided) -> Iterable[CreditKey]:
    return on_invoice(view.state, data.invoice_id)


def _voided_movement(state: AccountState, data: billing.InvoiceVoided) -> tuple[str, int]:
    invoice = state.invoices[data.invoice_id]
    return (invoice.currency, -invoice.amount_minor)


KINDS = (
    Kind(
        type="invoice-issued",
        data=billing.InvoiceIssued,
        word="invoice",
        rank=_RANK,
        identity=_id,
        instant=_issued_at,
        day=_issued_on,
        keeps_sent_time=True,
        provides=_need,
        apply=_issue,
        event=_issued_event,
        movement=_issued_movement,
    ),
    Kind(
        type="invoice-amended",
        data=billing.InvoiceAmended,
        word="amendment",
        rank=Rank.AMENDMENT,
        needs=_need,
        learn=_learn_amendment,
        event=_amended_event,
        entity=_id,
        retimes=True,
    ),
    Kind(
        type="invoice-voided",
        data=billing.InvoiceVoided,
        word="void",
        rank=Rank.VOID,
        identity=_id,
        needs=_need,
        apply=_void,
        event=_voided_event,
        carries=_freed,
        movement=_voided_movement,
    ),
)

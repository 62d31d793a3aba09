"""Where money goes: what each kind of fact does to the state (LEDGER.md, "Where money goes").

One function per kind. The facts of an account pass here in fact order, whether one is applied on
top or all are computed again; so both ways give the same.
"""

from collections.abc import Callable
from datetime import datetime
from typing import cast

from msgspec import structs

from services.ledger.domain.credits import Credit, Reversal, Target, no_longer_waiting
from services.ledger.domain.facts import (
    CREDIT_NOTE,
    DISPUTED,
    INVOICE,
    PAYMENT,
    RANK,
    RESOLVED,
    REVERSED,
    VOIDED,
    Fact,
)
from services.ledger.domain.invoices import Dispute, Invoice, disputed_part
from services.ledger.domain.state import AccountState
from services.ledger.domain.timeline import provides
from shared.clock import local_day
from shared.events import billing


def apply(state: AccountState, fact: Fact, at: datetime) -> None:
    """Let one fact act at its instant. It must come after all that acted before."""
    state.forget()
    brings = provides(fact)
    if brings is not None:
        state.acts[brings] = at
    _STEPS[fact.kind](state, fact, at)
    state.settle(fact, at)
    state.last = (at, RANK[fact.kind], fact.fact_id)


def own_note_of(dispute_id: str) -> str:
    """The id of the credit note that a resolution posts by itself."""
    return f"dispute:{dispute_id}"


def _issue_invoice(state: AccountState, fact: Fact, at: datetime) -> None:
    data = cast(billing.InvoiceIssued, fact.data)
    holds = state.amended(data)
    state.set_invoice(
        Invoice(
            data.invoice_id,
            data.currency,
            data.amount_minor,
            data.issued_on,
            holds.due_on or data.due_on,
            holds.number,
            at,
            data,
            data.amount_minor,
        )
    )
    waited = state.aimed.pop((data.invoice_id, data.currency), ())
    if waited:
        # Credit notes sort before payments, each in fact order.
        for source in sorted([state.credits[key] for key in waited], key=lambda known: known.order):
            aim = sum(
                aim.amount_minor for aim in source.targets if aim.invoice_id == data.invoice_id
            )
            waits_no_more = no_longer_waiting(source, data.invoice_id)
            state.set_credit(waits_no_more)
            balance = state.invoices[data.invoice_id].balance_minor
            amount = min(aim, source.unapplied_minor, balance)
            if amount:
                state.place(waits_no_more, data.invoice_id, amount, at)
    state.distribute(data.currency, at)


def _receive_payment(state: AccountState, fact: Fact, at: datetime) -> None:
    data = cast(billing.PaymentReceived, fact.data)
    source = Credit(
        "payment",
        data.payment_id,
        data.currency,
        data.amount_minor,
        at,
        (1, at, RANK[PAYMENT], data.payment_id),
        data.amount_minor,
    )
    state.set_credit(source)
    if not state.registered:
        return
    for target in data.allocations:
        invoice = state.invoices.get(target.invoice_id)
        if invoice is None or invoice.currency != data.currency:
            source = _wait_for(state, source, Target(target.invoice_id, target.amount_minor))
        elif invoice.balance_minor:
            amount = min(target.amount_minor, invoice.balance_minor)
            source = state.place(source, target.invoice_id, amount, at)
    state.distribute(data.currency, at)


def _issue_credit_note(state: AccountState, fact: Fact, at: datetime) -> None:
    data = cast(billing.CreditNoteIssued, fact.data)
    note = Credit(
        "credit_note",
        data.credit_note_id,
        data.currency,
        data.amount_minor,
        at,
        (0, at, RANK[CREDIT_NOTE], data.credit_note_id),
        data.amount_minor,
        issued_on=data.issued_on,
        invoice_id=data.invoice_id,
        dispute_id=data.dispute_id,
    )
    _credit(state, note, at)


def _credit(state: AccountState, note: Credit, at: datetime) -> None:
    """Take a credit note off the invoice it is aimed at; the rest is unapplied credit."""
    state.set_credit(note)
    if not state.registered:
        return
    if note.invoice_id is not None:
        invoice = state.invoices.get(note.invoice_id)
        if invoice is None or invoice.currency != note.currency:
            _wait_for(state, note, Target(note.invoice_id, note.amount_minor))
        elif invoice.voided_at is None:
            # Also of a paid invoice: only the cash that no longer fits makes room.
            amount = min(note.amount_minor, invoice.amount_minor - invoice.credited_minor)
            _make_room(state, note.invoice_id, amount, at)
            if amount:
                state.place(note, note.invoice_id, amount, at)
    state.distribute(note.currency, at)


def _make_room(state: AccountState, invoice_id: str, amount_minor: int, at: datetime) -> None:
    """Free the cash that no longer fits beside a credit note, last allocation first."""
    excess = amount_minor - state.invoices[invoice_id].balance_minor
    holdings = state.invoices[invoice_id].holdings
    for index in range(len(holdings) - 1, -1, -1):
        if excess <= 0:
            return
        if holdings[index].kind == "payment":
            amount = min(excess, holdings[index].amount_minor)
            state.release(invoice_id, index, amount, at)
            excess -= amount


def _wait_for(state: AccountState, source: Credit, aim: Target) -> Credit:
    """Keep a part of a source for an invoice that is not there yet."""
    source = structs.replace(source, targets=(*source.targets, aim))
    state.set_credit(source)
    awaited = (aim.invoice_id, source.currency)
    known = state.aimed.get(awaited, ())
    if source.key not in known:
        state.aimed[awaited] = (*known, source.key)
    return source


def _reverse_payment(state: AccountState, fact: Fact, at: datetime) -> None:
    data = cast(billing.PaymentReversed, fact.data)
    payment = state.credits["payment", data.payment_id]
    left = payment.amount_minor - payment.taken_minor
    asked = left if data.amount_minor is None else data.amount_minor
    taken = min(asked, left)
    _free_latest_due_first(state, payment, taken - payment.unapplied_minor, at)
    payment = state.credits["payment", data.payment_id]
    state.set_credit(
        structs.replace(
            payment,
            unapplied_minor=payment.unapplied_minor - taken,
            taken_minor=payment.taken_minor + taken,
            reversals=(*payment.reversals, Reversal(data.reversal_id, at, taken, asked - taken)),
        )
    )
    state.distribute(payment.currency, at)


def _free_latest_due_first(
    state: AccountState, payment: Credit, amount_minor: int, at: datetime
) -> None:
    if amount_minor <= 0:
        return
    placed = {piece.invoice_id for piece in payment.allocations if piece.released_at is None}
    for invoice in sorted([state.invoices[i] for i in placed], key=lambda i: i.order, reverse=True):
        for index in range(len(invoice.holdings) - 1, -1, -1):
            holding = invoice.holdings[index]
            if holding.kind == "payment" and holding.credit_id == payment.credit_id:
                amount = min(amount_minor, holding.amount_minor)
                state.release(invoice.invoice_id, index, amount, at)
                amount_minor -= amount
                if not amount_minor:
                    return


def _open_dispute(state: AccountState, fact: Fact, at: datetime) -> None:
    data = cast(billing.DisputeOpened, fact.data)
    invoice = state.invoices[data.invoice_id]
    _set_disputes(state, invoice, (*invoice.disputes, Dispute(data.dispute_id, data.amount_minor)))


def _resolve_dispute(state: AccountState, fact: Fact, at: datetime) -> None:
    data = cast(billing.DisputeResolved, fact.data)
    invoice = state.invoices[data.invoice_id]
    rest = tuple(known for known in invoice.disputes if known.dispute_id != data.dispute_id)
    _set_disputes(state, invoice, rest)
    if data.credited_minor and data.dispute_id not in state.settled:
        note_id = own_note_of(data.dispute_id)
        note = Credit(
            "credit_note",
            note_id,
            invoice.currency,
            data.credited_minor,
            at,
            (0, at, RANK[RESOLVED], note_id),
            data.credited_minor,
            issued_on=local_day(at, state.zone),
            invoice_id=data.invoice_id,
            dispute_id=data.dispute_id,
        )
        _credit(state, note, at)


def _set_disputes(state: AccountState, invoice: Invoice, disputes: tuple[Dispute, ...]) -> None:
    held = disputed_part(invoice.balance_minor, disputes)
    state.set_invoice(structs.replace(invoice, disputes=disputes, disputed_minor=held))


def _void_invoice(state: AccountState, fact: Fact, at: datetime) -> None:
    """Free all cash and credit on the invoice; both are allocated again."""
    data = cast(billing.InvoiceVoided, fact.data)
    holdings = state.invoices[data.invoice_id].holdings
    for index in range(len(holdings) - 1, -1, -1):
        state.release(data.invoice_id, index, holdings[index].amount_minor, at)
    invoice = state.invoices[data.invoice_id]
    state.set_invoice(structs.replace(invoice, voided_at=at, balance_minor=0, disputed_minor=0))
    state.distribute(invoice.currency, at)


_STEPS: dict[str, Callable[[AccountState, Fact, datetime], None]] = {
    INVOICE: _issue_invoice,
    CREDIT_NOTE: _issue_credit_note,
    PAYMENT: _receive_payment,
    REVERSED: _reverse_payment,
    DISPUTED: _open_dispute,
    RESOLVED: _resolve_dispute,
    VOIDED: _void_invoice,
}

"""The event of each fact: what it did, with the amounts after it (LEDGER.md, What events carry)."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import cast

from msgspec import Struct

from services.ledger.domain.amounts import figures
from services.ledger.domain.credits import Credit, CreditKey
from services.ledger.domain.facts import (
    AMENDED,
    CREDIT_NOTE,
    DISPUTED,
    FAILED,
    INVOICE,
    PAYMENT,
    REGISTERED,
    RESOLVED,
    REVERSED,
    UPDATED,
    VOIDED,
    Fact,
    cause_of,
)
from services.ledger.domain.state import AccountState
from services.ledger.domain.steps import own_note_of
from shared.clock import local_day
from shared.events import billing, ledger


class View:
    """The state after a fact as its events show them; what was touched stands in the state."""

    __slots__ = ("_figures", "at", "begun_on", "cause", "fact", "state")

    def __init__(
        self, state: AccountState, fact: Fact, at: datetime, begun_on: date | None
    ) -> None:
        self.state = state
        self.fact = fact
        self.cause = cause_of(fact)
        self.at = at
        self.begun_on = begun_on
        self._figures: dict[str, ledger.Amounts] = {}

    def amounts(self, currency: str) -> ledger.Amounts:
        known = self._figures.get(currency)
        if known is None:
            known = self._figures[currency] = figures(self.state, currency, self.begun_on)
        return known

    def touched(self, *own: str) -> tuple[ledger.Amounts, ...]:
        """The amounts of every currency that the fact touched."""
        totals = self.state.before_totals
        if own and not (totals.keys() - own):
            return tuple([self.amounts(currency) for currency in own])
        return tuple([self.amounts(currency) for currency in sorted({*totals, *own})])

    def history(self, keys: Iterable[CreditKey]) -> tuple[ledger.Allocation, ...]:
        """The whole histories of these sources.

        A source whose money was put nowhere after all is in it with an amount of 0, so that a
        reader who keeps what was said of it last forgets what was said before.
        """
        found: list[ledger.Allocation] = []
        for key in keys:
            source = self.state.credits.get(key)
            if source is None:
                continue
            found.extend(allocations(self.state, source))
            before = self.state.before_credits.get(key)
            if not source.allocations and before is not None and before.allocations:
                nothing = allocations(self.state, before)[0]
                found.append(_emptied(nothing))
        return tuple(found)


def _emptied(former: ledger.Allocation) -> ledger.Allocation:
    return ledger.Allocation(
        former.source_id,
        former.invoice_id,
        0,
        former.applied_at,
        former.applied_on,
        former.days_late,
        source_kind=former.source_kind,
    )


def allocations(state: AccountState, source: Credit) -> list[ledger.Allocation]:
    """Where a source's money has been: what was taken back stays, with its release."""
    found = []
    zone = state.zone
    for piece in source.allocations:
        applied_on = local_day(piece.applied_at, zone)
        released = piece.released_at
        late = (applied_on - state.invoices[piece.invoice_id].due_on).days
        found.append(
            ledger.Allocation(
                source.credit_id,
                piece.invoice_id,
                piece.amount_minor,
                piece.applied_at,
                applied_on,
                late if late > 0 else 0,
                released,
                local_day(released, zone) if released is not None else None,
                source.kind,
            )
        )
    return found


def history_of(state: AccountState, invoice_id: str) -> list[ledger.Allocation]:
    """All money that is or was on an invoice, in the order in which it came."""
    found = [
        piece
        for source in sorted(state.credits.values(), key=lambda known: known.order)
        for piece in allocations(state, source)
        if piece.invoice_id == invoice_id
    ]
    return sorted(found, key=lambda piece: piece.applied_at)


def own_source(fact: Fact) -> CreditKey | None:
    """The source whose history the fact's own event carries."""
    if fact.kind == PAYMENT:
        return ("payment", fact.fact_id)
    if fact.kind == CREDIT_NOTE:
        return ("credit_note", fact.fact_id)
    if fact.kind == REVERSED:
        return ("payment", cast(billing.PaymentReversed, fact.data).payment_id)
    return None


def on_invoice(state: AccountState, invoice_id: str) -> list[CreditKey]:
    """The touched sources that have, or had before the fact, money on the invoice."""
    return [
        key
        for key, before in state.before_credits.items()
        for source in (state.credits.get(key),)
        if source is not None
        and any(
            piece.invoice_id == invoice_id
            for piece in source.allocations + (before.allocations if before is not None else ())
        )
    ]


def event_of(view: View) -> Struct:
    """The data of the fact's own event."""
    return _EVENTS[view.fact.kind](view)


def _account(view: View) -> Struct:
    profile = cast(billing.AccountRegistered, cast(Fact, view.state.profile_fact).data)
    country = next((place.country for place in profile.addresses if place.country), None)
    said = ledger.AccountRegistered if view.fact.kind == REGISTERED else ledger.AccountUpdated
    return said(
        account_id=profile.account_id,
        kind=profile.kind,
        country=country,
        timezone=view.state.zone,
        currency=profile.currency,
        debtor_id=profile.debtor_id,
        tags=profile.tags,
        payment_terms_days=profile.payment_terms_days,
        credit_limit_minor=profile.credit_limit_minor,
        customer_since=profile.customer_since,
    )


def _invoice_issued(view: View) -> Struct:
    data = cast(billing.InvoiceIssued, view.fact.data)
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


def _invoice_amended(view: View) -> Struct:
    data = cast(billing.InvoiceAmended, view.fact.data)
    invoice = view.state.invoices[data.invoice_id]
    return ledger.InvoiceAmended(
        invoice_id=data.invoice_id,
        account_id=data.account_id,
        currency=invoice.currency,
        due_on=invoice.due_on,
        number=invoice.number,
        amounts=view.touched(invoice.currency),
    )


def _invoice_voided(view: View) -> Struct:
    data = cast(billing.InvoiceVoided, view.fact.data)
    currency = view.state.invoices[data.invoice_id].currency
    return ledger.InvoiceVoided(
        invoice_id=data.invoice_id,
        account_id=data.account_id,
        currency=currency,
        allocations=view.history(on_invoice(view.state, data.invoice_id)),
        amounts=view.touched(currency),
    )


def _credit_note_issued(view: View) -> Struct:
    note = view.state.credits["credit_note", view.fact.fact_id]
    replaces = None
    if note.dispute_id is not None:
        own = own_note_of(note.dispute_id)
        if view.state.before_credits.get(("credit_note", own)) is not None:
            replaces = own
    return credit_note(view, note, replaces)


def credit_note(view: View, note: Credit, replaces: str | None = None) -> ledger.CreditNoteIssued:
    """A credit note's event, be it a fact's or the one that a resolution posts."""
    return ledger.CreditNoteIssued(
        credit_note_id=note.credit_id,
        account_id=view.state.account_id,
        currency=note.currency,
        amount_minor=note.amount_minor,
        issued_on=cast(date, note.issued_on),
        invoice_id=note.invoice_id,
        dispute_id=note.dispute_id,
        replaces=replaces,
        allocations=view.history((note.key,)),
        amounts=view.touched(note.currency),
    )


def _payment_received(view: View) -> Struct:
    data = cast(billing.PaymentReceived, view.fact.data)
    return ledger.PaymentReceived(
        payment_id=data.payment_id,
        account_id=data.account_id,
        currency=data.currency,
        amount_minor=data.amount_minor,
        received_at=data.received_at,
        method=data.method,
        allocations=view.history((("payment", data.payment_id),)),
        amounts=view.touched(data.currency),
    )


def _payment_failed(view: View) -> Struct:
    data = cast(billing.PaymentFailed, view.fact.data)
    return ledger.PaymentFailed(
        payment_id=data.payment_id,
        account_id=data.account_id,
        currency=data.currency,
        amount_minor=data.amount_minor,
        failed_at=data.failed_at,
        invoice_id=data.invoice_id,
        reason_code=data.reason_code,
        retriable=data.retriable,
    )


def _payment_reversed(view: View) -> Struct:
    return reversal(view, view.fact)


def reversal(view: View, fact: Fact) -> ledger.PaymentReversed:
    """A reversal's event, with what it took."""
    data = cast(billing.PaymentReversed, fact.data)
    payment = view.state.credits["payment", data.payment_id]
    (taken,) = (known for known in payment.reversals if known.reversal_id == data.reversal_id)
    return ledger.PaymentReversed(
        reversal_id=data.reversal_id,
        payment_id=data.payment_id,
        account_id=data.account_id,
        currency=data.currency,
        kind=data.kind,
        amount_minor=taken.amount_minor,
        reversed_at=data.reversed_at,
        allocations=view.history((payment.key,)),
        amounts=view.touched(data.currency),
    )


def _dispute_opened(view: View) -> Struct:
    data = cast(billing.DisputeOpened, view.fact.data)
    invoice = view.state.invoices[data.invoice_id]
    return ledger.DisputeOpened(
        dispute_id=data.dispute_id,
        account_id=data.account_id,
        invoice_id=data.invoice_id,
        currency=invoice.currency,
        amount_minor=data.amount_minor,
        disputed_minor=invoice.disputed_minor,
        amounts=view.touched(invoice.currency),
    )


def _dispute_resolved(view: View) -> Struct:
    data = cast(billing.DisputeResolved, view.fact.data)
    invoice = view.state.invoices[data.invoice_id]
    return ledger.DisputeResolved(
        dispute_id=data.dispute_id,
        account_id=data.account_id,
        invoice_id=data.invoice_id,
        outcome=data.outcome,
        credited_minor=data.credited_minor,
        currency=invoice.currency,
        disputed_minor=invoice.disputed_minor,
        amounts=view.touched(invoice.currency),
    )


_EVENTS: dict[str, Callable[[View], Struct]] = {
    REGISTERED: _account,
    UPDATED: _account,
    INVOICE: _invoice_issued,
    AMENDED: _invoice_amended,
    VOIDED: _invoice_voided,
    CREDIT_NOTE: _credit_note_issued,
    PAYMENT: _payment_received,
    FAILED: _payment_failed,
    REVERSED: _payment_reversed,
    DISPUTED: _dispute_opened,
    RESOLVED: _dispute_resolved,
}

"""Disputes: opened (part or all of an invoice's balance is held), and resolved."""

from datetime import datetime

from msgspec import structs

from services.ledger.domain.agreements import OpenedDispute, ResolvedDispute
from services.ledger.domain.credits import Credit
from services.ledger.domain.dispute_news import opened_members, resolved_members
from services.ledger.domain.disputes import asked_minor
from services.ledger.domain.events import View
from services.ledger.domain.facts import Need
from services.ledger.domain.invoices import Dispute, Invoice, disputed_part
from services.ledger.domain.kinds import Kind
from services.ledger.domain.kinds.credit_notes import own_note_of, post
from services.ledger.domain.kinds.invoices import invoice_need
from services.ledger.domain.ranks import Rank
from services.ledger.domain.state import AccountState
from shared.clock import local_day
from shared.errors import FieldError
from shared.events import billing, ledger

_RESOLUTION_RANK = Rank.DISPUTE_RESOLVED


def _id(data: billing.DisputeOpened | billing.DisputeResolved) -> str:
    return data.dispute_id


def _need_subject(data: billing.DisputeOpened) -> Need:
    return subject_need(data)


def subject_need(data: billing.DisputeOpened | billing.DisputeResolved) -> Need:
    """What is disputed: a charge, or else an invoice."""
    if data.charge_id is not None:
        return ("charge", data.charge_id)
    assert data.invoice_id is not None  # the intake refuses such a one
    return invoice_need(data.invoice_id)


def _dispute(data: billing.DisputeOpened | billing.DisputeResolved) -> Need:
    return ("dispute", data.dispute_id, *reversed(subject_need(data)))


def _check_subject(data: billing.DisputeOpened | billing.DisputeResolved) -> list[FieldError]:
    if data.invoice_id is not None or data.charge_id is not None:
        return []
    return [FieldError("/data/invoice_id", "is missing: an invoice or a charge is disputed")]


def _check_opened(data: billing.DisputeOpened) -> list[FieldError]:
    errors = _check_subject(data)
    if data.lines and data.invoice_id is None:
        errors.append(FieldError("/data/lines", "are those of an invoice, and none is named"))
    if len(set(data.lines)) < len(data.lines):
        errors.append(FieldError("/data/lines", "has a line twice"))
    return errors


def _open(state: AccountState, data: billing.DisputeOpened, at: datetime) -> None:
    assert data.invoice_id is not None
    invoice = state.invoices[data.invoice_id]
    dispute = Dispute(data.dispute_id, asked_minor(invoice, data))
    _set_disputes(state, invoice, (*invoice.disputes, dispute))


def _opened_event(view: View, data: billing.DisputeOpened) -> ledger.DisputeOpened:
    assert data.invoice_id is not None
    invoice = view.state.invoices[data.invoice_id]
    return ledger.DisputeOpened(
        dispute_id=data.dispute_id,
        account_id=data.account_id,
        invoice_id=data.invoice_id,
        currency=invoice.currency,
        amount_minor=asked_minor(invoice, data),
        disputed_minor=invoice.disputed_minor,
        **opened_members(view.state, data),
        amounts=view.touched(invoice.currency),
    )


def _check_resolution(data: billing.DisputeResolved) -> list[FieldError]:
    errors = _check_subject(data)
    if data.credited_minor is not None and data.outcome == "rejected":
        errors.append(FieldError("/data/credited_minor", "a rejected dispute credits nothing"))
    return errors


def _resolve(state: AccountState, data: billing.DisputeResolved, at: datetime) -> None:
    """Let go what is held; what is credited is a credit note, unless the platform sends one."""
    assert data.invoice_id is not None
    invoice = state.invoices[data.invoice_id]
    rest = tuple([known for known in invoice.disputes if known.dispute_id != data.dispute_id])
    _set_disputes(state, invoice, rest)
    if not data.credited_minor or data.dispute_id in state.settled:
        return
    note_id = own_note_of(data.dispute_id)
    note = Credit(
        "credit_note",
        note_id,
        invoice.currency,
        data.credited_minor,
        at,
        (0, at, _RESOLUTION_RANK, note_id),
        data.credited_minor,
        issued_on=local_day(at, state.zone),
        invoice_id=data.invoice_id,
        dispute_id=data.dispute_id,
    )
    post(state, note, at)


def _set_disputes(state: AccountState, invoice: Invoice, disputes: tuple[Dispute, ...]) -> None:
    held = disputed_part(invoice.balance_minor, disputes)
    state.set_invoice(structs.replace(invoice, disputes=disputes, disputed_minor=held))


def _resolved_event(view: View, data: billing.DisputeResolved) -> ledger.DisputeResolved:
    assert data.invoice_id is not None
    invoice = view.state.invoices[data.invoice_id]
    return ledger.DisputeResolved(
        dispute_id=data.dispute_id,
        account_id=data.account_id,
        invoice_id=data.invoice_id,
        outcome=data.outcome,
        credited_minor=data.credited_minor,
        **resolved_members(data),
        currency=invoice.currency,
        disputed_minor=invoice.disputed_minor,
        amounts=view.touched(invoice.currency),
    )


KINDS = (
    Kind(
        type="dispute-opened",
        data=OpenedDispute,
        word="dispute",
        rank=Rank.DISPUTE_OPENED,
        identity=_id,
        check=_check_opened,
        needs=_need_subject,
        provides=_dispute,
        apply=_open,
        event=_opened_event,
    ),
    Kind(
        type="dispute-resolved",
        data=ResolvedDispute,
        word="resolution",
        rank=_RESOLUTION_RANK,
        identity=_id,
        check=_check_resolution,
        needs=_dispute,
        apply=_resolve,
        event=_resolved_event,
    ),
)

"""Disputes: opened (part or all of an invoice's balance is held), and resolved."""

from datetime import datetime

from msgspec import UNSET, Struct, structs

from services.ledger.domain.accruals import accrue, post_interest, release_withheld
from services.ledger.domain.agreements import OpenedDispute, ResolvedDispute
from services.ledger.domain.allocation import distribute
from services.ledger.domain.charges import charge_of, disputed_of, is_own_id
from services.ledger.domain.charging import first_charging
from services.ledger.domain.credits import Credit
from services.ledger.domain.dispute_news import opened_members, resolved_members
from services.ledger.domain.disputes import asked_minor
from services.ledger.domain.events import View
from services.ledger.domain.facts import Fact, Need, Position
from services.ledger.domain.fees import charge_withheld
from services.ledger.domain.invoices import Dispute, Invoice, disputed_part
from services.ledger.domain.kinds import Kind
from services.ledger.domain.kinds.credit_notes import own_note_of, post
from services.ledger.domain.kinds.invoices import invoice_need
from services.ledger.domain.policies.disputes import AfterRejection
from services.ledger.domain.ranks import Rank
from services.ledger.domain.state import AccountState
from services.ledger.domain.timeless import ToCredit
from services.ledger.domain.waivers import dispute_charge, resolve_charge
from shared.clock import local_day
from shared.errors import FieldError
from shared.events import billing, ledger

_RESOLUTION_RANK = Rank.DISPUTE_RESOLVED


def _id(data: billing.DisputeOpened | billing.DisputeResolved) -> str:
    return data.dispute_id


def _need_subject(data: billing.DisputeOpened) -> Need | None:
    is_made_by_itself = data.charge_id is not None and is_own_id(data.charge_id)
    return None if is_made_by_itself else subject_need(data)


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


def _learn_opened(state: AccountState, fact: Fact, data: billing.DisputeOpened) -> Position | None:
    """A resolution that is known already may credit something."""
    if data.charge_id is not None or data.invoice_id is None or not state.rules.has_charges:
        return None
    state.timeless.disputed.add((data.dispute_id, data.invoice_id))
    coming = state.timeless.to_credit.get(data.invoice_id, {}).values()
    if not any(known.dispute_id == data.dispute_id for known in coming):
        return None
    return first_charging(state, data.invoice_id)


def _open(state: AccountState, data: billing.DisputeOpened, at: datetime) -> None:
    if data.charge_id is not None:
        dispute_charge(state, data.dispute_id, data.charge_id, data.amount_minor)
        return
    assert data.invoice_id is not None
    accrue(state, data.invoice_id, local_day(at, state.zone))
    invoice = state.invoices[data.invoice_id]
    dispute = Dispute(data.dispute_id, asked_minor(invoice, data))
    _set_disputes(state, invoice, (*invoice.disputes, dispute))


class _Subject(Struct, frozen=True):
    """What a dispute is about, as its events show it."""

    invoice_id: str | None
    currency: str | None
    disputed_minor: int


def _subject(
    state: AccountState, data: billing.DisputeOpened | billing.DisputeResolved
) -> _Subject:
    if data.charge_id is not None:
        charge = charge_of(state, data.charge_id)
        if charge is None:
            return _Subject(None, None, 0)
        return _Subject(charge.invoice_id, charge.currency, disputed_of(state, charge))
    assert data.invoice_id is not None
    invoice = state.invoices[data.invoice_id]
    return _Subject(data.invoice_id, invoice.currency, invoice.disputed_minor)


def _amounts(view: View, subject: _Subject) -> tuple[ledger.Amounts, ...]:
    return view.touched(*([subject.currency] if subject.currency is not None else []))


def _opened_event(view: View, data: billing.DisputeOpened) -> ledger.DisputeOpened:
    subject = _subject(view.state, data)
    return ledger.DisputeOpened(
        dispute_id=data.dispute_id,
        account_id=data.account_id,
        invoice_id=subject.invoice_id,
        charge_id=data.charge_id if data.charge_id is not None else UNSET,
        currency=subject.currency,
        disputed_minor=subject.disputed_minor,
        **opened_members(view.state, data),
        amounts=_amounts(view, subject),
    )


def _check_resolution(data: billing.DisputeResolved) -> list[FieldError]:
    errors = _check_subject(data)
    if data.credited_minor is not None and data.outcome == "rejected":
        errors.append(FieldError("/data/credited_minor", "a rejected dispute credits nothing"))
    return errors


def _learn_resolved(
    state: AccountState, fact: Fact, data: billing.DisputeResolved
) -> Position | None:
    """What it credits was never really owed: nothing is charged on it, from the first day on."""
    invoice_id = data.invoice_id
    if data.charge_id is not None or invoice_id is None or not data.credited_minor:
        return None
    if not state.rules.has_charges:
        return None
    notes = state.timeless.to_credit.setdefault(invoice_id, {})
    note = ToCredit(data.dispute_id, data.credited_minor, None, is_own=True)
    notes[own_note_of(data.dispute_id)] = note
    return first_charging(state, invoice_id)


def _resolve(state: AccountState, data: billing.DisputeResolved, at: datetime) -> None:
    """Let go what is held; what is credited is a credit note, unless the platform sends one. What
    was withheld is charged, as the policy of the day on which the dispute was opened says."""
    if data.charge_id is not None:
        _resolve_charge(state, data, data.charge_id, at)
        return
    assert data.invoice_id is not None
    after = _after_rejection(state, data)
    accrue(state, data.invoice_id, local_day(at, state.zone))
    is_charged = data.outcome != "upheld" and after.interest == "charge"
    release_withheld(state, data.invoice_id, data.dispute_id, is_charged=is_charged)
    post_interest(state, data.invoice_id, at)
    invoice = state.invoices[data.invoice_id]
    rest = tuple([known for known in invoice.disputes if known.dispute_id != data.dispute_id])
    _set_disputes(state, invoice, rest)
    _post_note(state, data, invoice, at)
    if data.outcome != "upheld" and after.fees == "charge":
        charge_withheld(state, data.invoice_id, at)
    if state.rules.has_charges:
        distribute(state, invoice.currency, at)


def _resolve_charge(
    state: AccountState, data: billing.DisputeResolved, charge_id: str, at: datetime
) -> None:
    credited = data.credited_minor if data.outcome == "partly" else None
    is_upheld = data.outcome == "upheld"
    resolve_charge(state, data.dispute_id, charge_id, credited, at, whole=is_upheld)
    charge = charge_of(state, charge_id)
    if charge is not None:
        distribute(state, charge.currency, at)


def _after_rejection(state: AccountState, data: billing.DisputeResolved) -> AfterRejection:
    opened_at = state.acts[_dispute(data)]
    return state.rules.disputes.at(local_day(opened_at, state.zone)).after_rejection


def _post_note(
    state: AccountState, data: billing.DisputeResolved, invoice: Invoice, at: datetime
) -> None:
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
        invoice_id=invoice.invoice_id,
        dispute_id=data.dispute_id,
    )
    post(state, note, at)


def _set_disputes(state: AccountState, invoice: Invoice, disputes: tuple[Dispute, ...]) -> None:
    held = disputed_part(invoice.balance_minor, disputes)
    state.set_invoice(structs.replace(invoice, disputes=disputes, disputed_minor=held))


def _resolved_event(view: View, data: billing.DisputeResolved) -> ledger.DisputeResolved:
    subject = _subject(view.state, data)
    return ledger.DisputeResolved(
        dispute_id=data.dispute_id,
        account_id=data.account_id,
        invoice_id=subject.invoice_id,
        charge_id=data.charge_id if data.charge_id is not None else UNSET,
        outcome=data.outcome,
        credited_minor=data.credited_minor,
        currency=subject.currency,
        disputed_minor=subject.disputed_minor,
        **resolved_members(data),
        amounts=_amounts(view, subject),
    )


KINDS = (
    Kind(
        type="dispute-opened",
        makes_objects=True,
        data=OpenedDispute,
        word="dispute",
        rank=Rank.DISPUTE_OPENED,
        identity=_id,
        check=_check_opened,
        needs=_need_subject,
        provides=_dispute,
        learn=_learn_opened,
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
        learn=_learn_resolved,
        apply=_resolve,
        event=_resolved_event,
    ),
)

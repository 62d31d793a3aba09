"""Credit notes: of the billing platform, and those that the resolution of a dispute posts."""

from collections.abc import Iterable
from datetime import date, datetime

from msgspec import structs

from services.ledger.domain.allocation import distribute, make_room, place
from services.ledger.domain.charging import first_charging
from services.ledger.domain.credits import Credit, CreditKey, Target
from services.ledger.domain.events import View
from services.ledger.domain.facts import Fact, Position
from services.ledger.domain.kinds import Kind
from services.ledger.domain.ranks import Rank
from services.ledger.domain.recoveries import free_excess
from services.ledger.domain.state import AccountState
from services.ledger.domain.timeless import ToCredit
from shared.clock import day_start
from shared.events import billing, ledger

_RANK = Rank.CREDIT_NOTE
_OWN = "dispute:"


def own_note_of(dispute_id: str) -> str:
    """The id of the credit note that a resolution posts by itself."""
    return f"{_OWN}{dispute_id}"


def _id(data: billing.CreditNoteIssued) -> str:
    return data.credit_note_id


def _issued_at(data: billing.CreditNoteIssued, zone: str) -> datetime:
    return day_start(data.issued_on, zone)


def _issued_on(data: billing.CreditNoteIssued) -> date:
    return data.issued_on


def _learn(state: AccountState, fact: Fact, data: billing.CreditNoteIssued) -> Position | None:
    """A note of the platform replaces the resolution's own, from the resolution's place on.

    Also one of the same id, whatever dispute it names: two notes can't have one id.
    """
    settled = {data.dispute_id} if data.dispute_id is not None else set()
    if data.credit_note_id.startswith(_OWN):
        settled.add(data.credit_note_id.removeprefix(_OWN))
    state.settled |= settled
    places: list[Position] = []
    for dispute_id in settled:
        own = state.credits.get(("credit_note", own_note_of(dispute_id)))
        if own is not None:
            _, at, rank, _ = own.order
            places.append((at, rank, dispute_id))
    if data.dispute_id is not None and data.invoice_id is not None and state.rules.has_charges:
        # What it takes was never really owed: nothing is charged on it, from the first day on.
        note = ToCredit(data.dispute_id, data.amount_minor, data.currency, is_own=False)
        state.timeless.to_credit.setdefault(data.invoice_id, {})[data.credit_note_id] = note
        first = first_charging(state, data.invoice_id)
        places += [first] if first is not None else []
    return min(places, default=None)


def _issue(state: AccountState, data: billing.CreditNoteIssued, at: datetime) -> None:
    post(
        state,
        Credit(
            "credit_note",
            data.credit_note_id,
            data.currency,
            data.amount_minor,
            at,
            (0, at, _RANK, data.credit_note_id),
            data.amount_minor,
            issued_on=data.issued_on,
            invoice_id=data.invoice_id,
            dispute_id=data.dispute_id,
        ),
        at,
    )


def post(state: AccountState, note: Credit, at: datetime) -> None:
    """Take a credit note off the invoice it is aimed at; the rest is unapplied credit."""
    invoice = state.invoices.get(note.invoice_id) if note.invoice_id is not None else None
    if not state.registered or note.invoice_id is None:
        state.set_credit(note)
    elif invoice is None or invoice.currency != note.currency:
        _wait(state, note, note.invoice_id)
    else:
        state.set_credit(note)
        if invoice.voided_at is None:
            # Also of a paid invoice: what no longer fits makes room.
            amount = min(note.amount_minor, invoice.amount_minor - invoice.credited_minor)
            make_room(state, note.invoice_id, amount - invoice.balance_minor, at)
            if amount:
                place(state, note, {note.invoice_id: amount}, at)
            free_excess(state, (note.invoice_id,), at)
    distribute(state, note.currency, at)


def _wait(state: AccountState, note: Credit, invoice_id: str) -> None:
    """Keep all of it for an invoice that is not there yet."""
    target = Target(invoice_id, note.amount_minor)
    state.set_credit(structs.replace(note, targets=(target,)))
    awaited = (invoice_id, note.currency)
    state.set_aimed(awaited, (*state.aimed.get(awaited, ()), note.key))


def _carries(view: View, data: billing.CreditNoteIssued) -> Iterable[CreditKey]:
    return (("credit_note", data.credit_note_id),)


def _event(view: View, data: billing.CreditNoteIssued) -> ledger.CreditNoteIssued:
    note = view.state.credits["credit_note", data.credit_note_id]
    replaces = None
    if note.dispute_id is not None:
        own = own_note_of(note.dispute_id)
        if view.state.before_credits.get(("credit_note", own)) is not None:
            replaces = own
    return note_event(view, note, replaces)


def note_event(view: View, note: Credit, replaces: str | None = None) -> ledger.CreditNoteIssued:
    """A credit note's event, be it a fact's or the one that a resolution posts."""
    assert note.issued_on is not None
    return ledger.CreditNoteIssued(
        credit_note_id=note.credit_id,
        account_id=view.state.account_id,
        currency=note.currency,
        amount_minor=note.amount_minor,
        issued_on=note.issued_on,
        invoice_id=note.invoice_id,
        dispute_id=note.dispute_id,
        replaces=replaces,
        allocations=view.history((note.key,)),
        amounts=view.touched(note.currency),
    )


def _movement(state: AccountState, data: billing.CreditNoteIssued) -> tuple[str, int]:
    return (data.currency, -data.amount_minor)


KINDS = (
    Kind(
        type="credit-note-issued",
        data=billing.CreditNoteIssued,
        word="credit note",
        rank=_RANK,
        identity=_id,
        instant=_issued_at,
        day=_issued_on,
        learn=_learn,
        apply=_issue,
        acts_unregistered=True,
        event=_event,
        carries=_carries,
        movement=_movement,
    ),
)

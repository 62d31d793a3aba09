"""Write-offs, sales and placements as answers show them."""

from typing import Any

from services.ledger.api.arrangement_views import waiting
from services.ledger.api.views import Shown, plain, steps
from services.ledger.domain import AccountState
from services.ledger.domain.arrangements import arrangements
from services.ledger.domain.placements import NOUN, Placement, commissions, placements
from services.ledger.domain.promises import open_promises
from services.ledger.domain.write_offs import NOUN as WRITE_OFF
from services.ledger.domain.write_offs import WriteOff, write_offs


def write_off_view(known: WriteOff, state: AccountState) -> Shown:
    data = known.data
    waits = known.state == "pending_approval"
    asked = data.amount_minor if data is not None else None
    return {
        "write_off_id": known.write_off_id,
        "state": known.state,
        "because": known.history[-1].because,
        "kind": known.kind,
        "currency": known.currency,
        "invoice_ids": _ids(known),
        "amount_minor": asked if waits else known.amount_minor,
        "charges_minor": known.charges_minor,
        "parts": [{"invoice_id": i, "amount_minor": minor} for i, minor in known.parts],
        **waiting(state, f"{WRITE_OFF}:{known.write_off_id}"),
        **_asked(known, data),
    }


def _ids(known: WriteOff) -> list[str] | None:
    if known.invoice_ids:
        return list(known.invoice_ids)
    named = known.data.invoice_ids if known.data is not None else None
    return list(named) if named is not None else None


def _asked(known: WriteOff | Placement, data: Any) -> Shown:
    return {
        "policy": plain(known.policy),
        "by": plain(known.by),
        "channel": data.channel if data is not None else None,
        "note": data.note if data is not None else None,
        "reason": getattr(data, "reason", None),
        "history": steps(known.history),
    }


def with_warnings(shown: Shown, known: WriteOff, state: AccountState) -> Shown:
    """What a write-off is made over, and ends when it takes all: a person may think again."""
    ids = set(shown["invoice_ids"] or state.invoices)
    over = [
        {"kind": each.noun, "id": each.arrangement_id}
        for each in arrangements(state, known.currency)
        if each.in_force and not ids.isdisjoint(each.invoice_ids)
    ]
    over += [
        {"kind": "promise", "id": promise.promise_id}
        for promise in open_promises(state)
        if promise.currency == known.currency and not ids.isdisjoint(promise.covers)
    ]
    over += [
        {"kind": NOUN, "id": each.placement_id}
        for each in placements(state)
        if not ids.isdisjoint(each.takes)
    ]
    return {**shown, "warnings": over}


def sale_view(known: WriteOff, state: AccountState) -> Shown:
    """A sale as a placement: what was handed over for good."""
    data = known.data
    waits = f"{WRITE_OFF}:{known.write_off_id}"
    return {
        "placement_id": known.write_off_id,
        "state": known.state,
        "because": known.history[-1].because,
        "kind": "sale",
        "to": data.to if data is not None else None,
        "currency": known.currency,
        "invoice_ids": _ids(known),
        "placed_minor": known.amount_minor,
        "invoices": [{"invoice_id": i, "amount_minor": minor} for i, minor in known.parts],
        "price_minor": data.price_minor if data is not None else None,
        "paid_minor": known.paid_minor,
        **waiting(state, waits),
        **_asked(known, data),
    }


def placement_view(known: Placement, state: AccountState) -> Shown:
    data = known.data
    return {
        "placement_id": known.placement_id,
        "state": known.state,
        "because": known.history[-1].because,
        "kind": data.kind,
        "to": data.to,
        "currency": known.currency,
        "invoice_ids": list(known.invoice_ids),
        "placed_minor": known.placed_minor,
        "invoices": [plain(debt) for debt in known.placed],
        "commission_percent": data.commission_percent,
        "direct_commission_percent": data.direct_commission_percent,
        "until_on": data.until_on,
        "tail_days": data.tail_days,
        "recalled_on": known.recalled_on,
        "reference": data.reference,
        "commissions": [
            {
                "payment_id": each.payment_id,
                "base_minor": each.base_minor,
                "commission_minor": each.commission_minor,
                "settled": each.settled,
            }
            for each in commissions(state, known.placement_id)
        ],
        **waiting(state, f"{NOUN}:{known.placement_id}"),
        **_asked(known, data),
    }


def hand_overs(state: AccountState) -> list[tuple[str, Shown]]:
    """Placements, then sales, each with its state."""
    found = [(known.state, placement_view(known, state)) for known in placements(state)]
    return found + [
        (known.state, sale_view(known, state))
        for known in write_offs(state)
        if known.kind == "sold"
    ]


def standing_placements(state: AccountState) -> list[Shown]:
    """That stand or wait."""
    return [
        shown for to, shown in hand_overs(state) if to in ("placed", "pending_approval", "sold")
    ]

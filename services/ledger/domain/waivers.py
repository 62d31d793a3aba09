"""Waivers: what we forgo of charges, at once, once approved, or once the charge is there."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from msgspec import structs

from services.ledger.domain.accruals import post_interest
from services.ledger.domain.agreements import ChargeWaived
from services.ledger.domain.charges import (
    INTEREST,
    Charge,
    WaiveReason,
    all_charges,
    charge_of,
    charges_of,
    set_charge,
    waive,
)
from services.ledger.domain.invoices import Dispute
from services.ledger.domain.objects import NO_CURRENCY, AccountObject, Step
from services.ledger.domain.state import AccountState

NOUN = "waiver"
DISPUTED = "charge-dispute"
_KINDS = ("cost", "interest", "fee")


class WaiverRequest(AccountObject, frozen=True, kw_only=True):
    """What was asked for, and what came of it. Without an amount: what is open then; `whole`: all
    that is not waived yet."""

    waiver_id: str
    charge_id: str
    asked_minor: int | None
    whole: bool = False
    state: Literal["pending_approval", "waiting", "made", "refused"]
    amount_minor: int = 0
    data: ChargeWaived | None = None  # None: by a dispute
    history: tuple[Step, ...] = ()


class ChargeDispute(AccountObject, frozen=True, kw_only=True):
    """A dispute of a charge; of one that is not there it waits."""

    dispute_id: str
    charge_id: str
    amount_minor: int | None
    is_open: bool = True


def waiver_of(state: AccountState, waiver_id: str) -> WaiverRequest | None:
    known = state.objects.values.get((NOUN, waiver_id))
    return known if isinstance(known, WaiverRequest) else None


def try_waiver(state: AccountState, request: WaiverRequest, at: datetime, because: str) -> None:
    """Take it from the charge's amount less earlier waivers, also when it is paid. It waits for a
    charge that is not there; of interest that was never posted it has no effect."""
    charge_id = request.charge_id
    is_interest = charge_id.startswith(INTEREST)
    if is_interest and charge_id.removeprefix(INTEREST) in state.invoices:
        post_interest(state, charge_id.removeprefix(INTEREST), at)
    charge = charge_of(state, charge_id)
    to: Literal["made", "waiting"] = "made" if charge is not None or is_interest else "waiting"
    amount = 0
    if charge is not None:
        left = charge.amount_minor - charge.waived_minor
        asked = left if request.whole else request.asked_minor
        amount = charge.balance_minor if asked is None else min(asked, left)
        if amount:
            waive(state, charge, request.waiver_id, amount, "waived", at)
    if request.state != to:
        step = Step(to, at, because)
        request = structs.replace(request, state=to, history=(*request.history, step))
    state.objects.set((NOUN, request.waiver_id), structs.replace(request, amount_minor=amount))


def attach(state: AccountState, charge_id: str, at: datetime) -> None:
    """A charge has come: what waited for it, waivers and disputes, is about it now."""
    charge = charge_of(state, charge_id)
    assert charge is not None
    waiting = [
        Dispute(known.dispute_id, known.amount_minor)
        for known in state.objects.of(DISPUTED).values()
        if isinstance(known, ChargeDispute) and known.is_open and known.charge_id == charge_id
    ]
    if waiting:
        set_charge(state, structs.replace(charge, disputes=tuple(waiting)))
    for request in list(state.objects.of(NOUN).values()):
        assert isinstance(request, WaiverRequest)
        if request.state == "waiting" and request.charge_id == charge_id:
            try_waiver(state, request, at, f"charge {charge_id}")


# ── Of write-offs and settlements ───────────────────────────────────────────────────────────────


def waive_open(
    state: AccountState,
    invoice_id: str,
    at_most: int | None,
    because: WaiveReason,
    waiver_id: str,
    at: datetime,
) -> int:
    """Waive what is open of an invoice's charges, at most so much; gives how much it was.

    Its interest is posted first.
    """
    post_interest(state, invoice_id, at)
    waived = 0
    for charge in sorted(charges_of(state, invoice_id), key=_kind):
        left = charge.balance_minor if at_most is None else at_most - waived
        amount = min(left, charge.balance_minor)
        if amount > 0:
            waive(state, charge, waiver_id, amount, because, at)
            waived += amount
    return waived


def _kind(charge: Charge) -> int:
    return _KINDS.index(charge.kind)


def waived_under(
    state: AccountState, waiver_id: str, invoice_ids: Iterable[str] | None = None
) -> int:
    """What stands waived under an id (of the charges of some invoices)."""
    if not state.objects.belonging:
        return 0
    charges = (
        all_charges(state)
        if invoice_ids is None
        else [charge for invoice_id in invoice_ids for charge in charges_of(state, invoice_id)]
    )
    return sum([charge.waivers.get(waiver_id, (None, 0))[1] for charge in charges])


def restore_waived(state: AccountState, waiver_id: str, at: datetime) -> None:
    """Take back what was waived under this id."""
    for charge in all_charges(state):
        known = charge.waivers.get(waiver_id)
        if known is not None and not charge.is_void:
            because = next(e.because for e in charge.waived if e.waiver_id == waiver_id)
            waive(state, charge, waiver_id, -known[1], because, at)


# ── Disputes of a charge ────────────────────────────────────────────────────────────────────────


def dispute_charge(
    state: AccountState, dispute_id: str, charge_id: str, amount_minor: int | None
) -> None:
    opened = ChargeDispute(
        currency=NO_CURRENCY, dispute_id=dispute_id, charge_id=charge_id, amount_minor=amount_minor
    )
    state.objects.set((DISPUTED, dispute_id), opened)
    charge = charge_of(state, charge_id)
    if charge is not None:
        dispute = Dispute(dispute_id, amount_minor)
        set_charge(state, structs.replace(charge, disputes=(*charge.disputes, dispute)))


def resolve_charge(
    state: AccountState,
    dispute_id: str,
    charge_id: str,
    credited_minor: int | None,
    at: datetime,
    *,
    whole: bool,
) -> None:
    """Let go of a charge; upheld it is waived in full (`whole`), partly by so much."""
    known = state.objects.values.get((DISPUTED, dispute_id))
    if isinstance(known, ChargeDispute):
        state.objects.set((DISPUTED, dispute_id), structs.replace(known, is_open=False))
    charge = charge_of(state, charge_id)
    if charge is not None:
        rest = tuple([each for each in charge.disputes if each.dispute_id != dispute_id])
        set_charge(state, structs.replace(charge, disputes=rest))
    if whole or credited_minor:
        request = WaiverRequest(
            currency=NO_CURRENCY,
            waiver_id=f"dispute:{dispute_id}",
            charge_id=charge_id,
            asked_minor=credited_minor,
            whole=whole,
            state="waiting",
        )
        try_waiver(state, request, at, f"resolution {dispute_id}")

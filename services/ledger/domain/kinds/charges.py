"""Charges: made by hand or by themselves, waived; the disclosures that they depend on."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from msgspec import structs

from services.ledger.domain.accruals import accrual_of, forget_days
from services.ledger.domain.agreements import (
    ChargeAdded,
    ChargeWaived,
    DisclosureFailed,
    DisclosureMade,
)
from services.ledger.domain.allocation import distribute
from services.ledger.domain.approvals import approval_of, ask
from services.ledger.domain.arrangements import arrangements
from services.ledger.domain.charge_events import charge_news, charged_days
from services.ledger.domain.charges import (
    NOUN,
    Charge,
    charge_of,
    charges_of,
    disputed_of,
    is_own_id,
    set_charge,
    void_charges,
)
from services.ledger.domain.events import View
from services.ledger.domain.facts import Fact, Need, Position
from services.ledger.domain.fees import forget_fees, new_charge
from services.ledger.domain.kinds import Acting, Kind, Noun
from services.ledger.domain.kinds.invoices import invoice_need
from services.ledger.domain.movements import ChargedDays, Movement, OpenCharge
from services.ledger.domain.objects import Step
from services.ledger.domain.ranks import Rank
from services.ledger.domain.rates import percent_text
from services.ledger.domain.state import AccountState
from services.ledger.domain.waivers import DISPUTED, ChargeDispute, WaiverRequest, try_waiver
from services.ledger.domain.waivers import NOUN as WAIVER
from shared.clock import day_start, local_day

# ── By hand ─────────────────────────────────────────────────────────────────────────────────────


def _added_id(data: ChargeAdded) -> str:
    return data.charge_id


def _added_at(data: ChargeAdded, zone: str) -> datetime:
    return day_start(data.charged_on, zone)


def _charged_on(data: ChargeAdded) -> date:
    return data.charged_on


def _its_invoice(data: ChargeAdded) -> Iterable[Need]:
    return (invoice_need(data.invoice_id),) if data.invoice_id is not None else ()


def _provides(data: ChargeAdded) -> Need:
    return ("charge", data.charge_id)


def _add(state: AccountState, data: ChargeAdded, at: datetime) -> None:
    invoice = state.invoices[data.invoice_id] if data.invoice_id is not None else None
    if invoice is not None and invoice.currency != data.currency:
        return  # no door lets it through
    charge = Charge(
        currency=data.currency,
        charge_id=data.charge_id,
        kind=data.kind,
        invoice_id=data.invoice_id,
        charged_on=data.charged_on,
        order=invoice.order
        if invoice is not None
        else (data.charged_on, data.charged_on, data.charge_id),
        reason=data.reason or None,
        by=data.by,
    )
    new_charge(state, charge, data.amount_minor, at)
    if invoice is not None and invoice.voided_at is not None:
        void_charges(state, invoice.invoice_id, at)
    distribute(state, data.currency, at)


def _no_event(view: View, data: object) -> None:
    return None  # the charge announces itself


# ── Waived ──────────────────────────────────────────────────────────────────────────────────────


def _waiver_id(data: ChargeWaived) -> str:
    return data.waiver_id


def _waived_charge(data: ChargeWaived) -> Iterable[Need]:
    """One that the ledger makes by itself is not brought by a fact: the waiver waits for it by
    itself."""
    return () if is_own_id(data.charge_id) else (("charge", data.charge_id),)


def _provides_waiver(data: ChargeWaived) -> Need:
    return ("waiver", data.waiver_id)


def _waive(state: AccountState, data: ChargeWaived, at: datetime) -> None:
    charge = charge_of(state, data.charge_id)
    cause = f"waiver {data.waiver_id}"
    is_asked = data.approval is not None
    request = WaiverRequest(
        currency="",
        waiver_id=data.waiver_id,
        charge_id=data.charge_id,
        asked_minor=data.amount_minor,
        state="pending_approval" if is_asked else "waiting",
        data=data,
        history=(Step("pending_approval" if is_asked else "waiting", at, cause),),
    )
    if data.approval is None:
        try_waiver(state, request, at, cause)
        _distribute_for(state, data.charge_id, at)
        return
    state.objects.set((WAIVER, data.waiver_id), request)
    invoice_id = charge.invoice_id if charge is not None else None
    amount = data.amount_minor
    if amount is None and charge is not None:
        amount = charge.balance_minor
    ask(
        state,
        WAIVER,
        data.waiver_id,
        data.approval,
        currency=charge.currency if charge is not None else "",
        invoice_ids=(invoice_id,) if invoice_id is not None else None,
        amount_minor=amount,
        by=data.by,
        at=at,
    )


def _distribute_for(state: AccountState, charge_id: str, at: datetime) -> None:
    charge = charge_of(state, charge_id)
    if charge is not None:
        distribute(state, charge.currency, at)


def _conclude_waivers(state: AccountState, acting: Acting) -> bool:
    """What was approved is waived now, what was refused or expired never."""
    changed = False
    for waiver_id, request in list(state.objects.of(WAIVER).items()):
        assert isinstance(request, WaiverRequest)
        if request.state != "pending_approval":
            continue
        asked = approval_of(state, f"{WAIVER}:{waiver_id}")
        assert asked is not None
        cause = f"approval {asked.approval_id}"
        if asked.state == "approved":
            try_waiver(state, request, acting.at, cause)
            _distribute_for(state, request.charge_id, acting.at)
            changed = True
        elif asked.state != "open":
            step = Step("refused", acting.at, f"approval {asked.state}")
            request = structs.replace(request, state="refused", history=(*request.history, step))
            state.objects.set((WAIVER, waiver_id), request)
            changed = True
    return changed


# ── Disclosed ───────────────────────────────────────────────────────────────────────────────────


def _contact(data: DisclosureMade | DisclosureFailed) -> str:
    """A contact may cover several accounts."""
    return f"{data.contact_id} {data.account_id}"


def _learn_disclosure(state: AccountState, fact: Fact, data: DisclosureMade) -> Position | None:
    """It counts from the day after it on at the earliest, whenever it becomes known."""
    assert fact.time is not None
    for text_id in data.text_ids:
        known = state.timeless.disclosures.setdefault(text_id, {})
        known[data.contact_id] = fact.time
    if data.contact_id in state.timeless.failed_contacts or not state.rules.has_charges:
        return None
    return _first_of_day(state, fact.time)


def _learn_failure(state: AccountState, fact: Fact, data: DisclosureFailed) -> Position | None:
    if data.contact_id in state.timeless.failed_contacts:
        return None
    state.timeless.failed_contacts.add(data.contact_id)
    if not state.rules.has_charges:
        return None
    times = [
        known[data.contact_id]
        for known in state.timeless.disclosures.values()
        if data.contact_id in known
    ]
    return _first_of_day(state, min(times)) if times else None


def _first_of_day(state: AccountState, at: datetime) -> Position:
    return (day_start(local_day(at, state.zone), state.zone), Rank.BOUNDARY, "")


# ── The charges ─────────────────────────────────────────────────────────────────────────────────


def _conclude(state: AccountState, acting: Acting) -> bool:
    """A whole dispute of an invoice holds its charges; an arrangement that came into force freezes
    the days since it was asked for."""
    changed = False
    if state.objects.belonging:
        for invoice_id in list(state.before_invoices):
            for charge in charges_of(state, invoice_id):
                if charge.disputed_minor != disputed_of(state, charge):
                    set_charge(state, charge)
                    changed = True
    if state.rules.has_charges:
        changed = _freeze(state, acting) or changed
    return changed


def _freeze(state: AccountState, acting: Acting) -> bool:
    changed = False
    for known in list(arrangements(state)):
        if known.began != acting.position or known.place == known.began:
            continue
        asked_on = local_day(known.place[0], state.zone)
        fees, interest = known.freezes
        before = dict(state.objects.values)
        for invoice_id in known.invoice_ids:
            if interest and accrual_of(state, invoice_id) is not None:
                forget_days(state, invoice_id, asked_on, acting.at)
            if fees:
                forget_fees(state, invoice_id, asked_on, acting.at)
        if before != state.objects.values:
            distribute(state, known.currency, acting.at)
            changed = True
    return changed


def _movements(state: AccountState, charge: Charge) -> Iterator[Movement]:
    """What was posted, before the fact that asked for it, and what was waived."""
    for entry in charge.posted:
        kind = charge.kind if entry.amount_minor > 0 else f"{charge.kind}-reversed"
        before = (entry.place[0], entry.place[1], "")
        yield Movement(
            entry.on,
            before,
            kind,
            charge.charge_id,
            charge.currency,
            entry.amount_minor,
            charge.invoice_id,
        )
    for waived in charge.waived:
        yield Movement(
            waived.on,
            waived.place,
            "waiver" if waived.amount_minor > 0 else "waiver-reversed",
            waived.waiver_id,
            charge.currency,
            -waived.amount_minor,
            charge.invoice_id,
            of_id=charge.charge_id,
        )


def _open_charge(state: AccountState, charge: Charge) -> OpenCharge | None:
    if not charge.balance_minor:
        return None
    days = charged_days(state, charge) if charge.kind == "interest" else ()
    return OpenCharge(
        charge.charge_id,
        charge.kind,
        charge.currency,
        charge.invoice_id,
        charge.charged_on,
        charge.amount_minor,
        charge.balance_minor,
        charge.citation or charge.reason,
        tuple(
            [
                ChargedDays(
                    part.from_on,
                    part.to_on,
                    part.days,
                    part.basis_minor,
                    percent_text(part.percent or 0),  # type: ignore[arg-type]
                )
                for part in days
            ]
        ),
    )


KINDS = (
    Kind(
        type="charge-added",
        data=ChargeAdded,
        word="charge",
        rank=Rank.CHARGE_ADDED,
        identity=_added_id,
        instant=_added_at,
        day=_charged_on,
        also_needs=_its_invoice,
        provides=_provides,
        apply=_add,
        event=_no_event,
    ),
    Kind(
        type="charge-waived",
        data=ChargeWaived,
        word="waiver",
        rank=Rank.CHARGE_WAIVED,
        identity=_waiver_id,
        also_needs=_waived_charge,
        provides=_provides_waiver,
        apply=_waive,
        event=_no_event,
    ),
    Kind(
        type="disclosure-made",
        data=DisclosureMade,
        word="disclosure",
        rank=Rank.DISCLOSURE,
        identity=_contact,
        learn=_learn_disclosure,
        event=_no_event,
    ),
    Kind(
        type="disclosure-failed",
        data=DisclosureFailed,
        word="failed contact",
        rank=Rank.DISCLOSURE_FAILED,
        identity=_contact,
        learn=_learn_failure,
        event=_no_event,
    ),
)

NOUNS = (
    Noun(
        name=NOUN,
        value=Charge,
        order=22,
        conclude=_conclude,
        news=charge_news,
        movements=_movements,
        open_charge=_open_charge,
    ),
    Noun(name=WAIVER, value=WaiverRequest, order=21, conclude=_conclude_waivers),
    Noun(name=DISPUTED, value=ChargeDispute, order=23),
)

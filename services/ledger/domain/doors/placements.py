"""The door of placements: what is handed over, the agency's money, and what comes back."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from services.ledger.domain.agreements import (
    AccountPlaced,
    AccountRecalled,
    AgencyRemitted,
    Approval,
    PolicyRef,
)
from services.ledger.domain.doors import (
    Asking,
    RequestFaults,
    Resolved,
    in_the_way,
    needs_role,
)
from services.ledger.domain.doors.debts import check_named, not_found
from services.ledger.domain.doors.write_offs import APPROVAL_BUSINESS_DAYS, check_hand_over
from services.ledger.domain.kinds.placements import owed_or_recoverable
from services.ledger.domain.placements import NOUN, Placement
from services.ledger.domain.state import AccountState
from shared.events import billing

_TARGETS_MAX = 1000


@dataclass(frozen=True, kw_only=True)
class PlacementAsked:
    """Without invoices: what is past due with something owed or recoverable."""

    placement_id: str
    kind: Literal["agency", "legal"]
    to: str
    currency: str
    commission_percent: str
    direct_commission_percent: str | None = None
    invoice_ids: tuple[str, ...] | None = None
    until_on: date | None = None
    reference: str | None = None


def place_account(state: AccountState, asked: PlacementAsked, asking: Asking) -> Resolved:
    """A supervisor has to agree, for a lawyer somebody of legal. Raises `Invalid`, `Conflict`."""
    policy = asking.policies["recovery"]
    faults = RequestFaults()
    ids = asked.invoice_ids
    if ids is None:
        ids = _past_due(state, asked.currency, asking.on)
        if not ids:
            faults.add("/invoice_ids", f"nothing is past due in {asked.currency}")
    else:
        check_named(
            state,
            asked.currency,
            ids,
            faults,
            is_owed=lambda invoice_id: owed_or_recoverable(state, invoice_id) > 0,
        )
    if asked.until_on is not None and asked.until_on < asking.on:
        faults.add("/until_on", f"lies before {asking.on}")
    faults.refuse("The debts cannot be placed.")
    check_hand_over(state, ids, asking)
    fact = AccountPlaced(
        **asking.common(state.account_id),
        policy=PolicyRef("recovery", policy.version, 1),
        placement_id=asked.placement_id,
        kind=asked.kind,
        to=asked.to,
        currency=asked.currency,
        invoice_ids=ids,
        commission_percent=asked.commission_percent,
        direct_commission_percent=asked.direct_commission_percent,
        until_on=asked.until_on,
        tail_days=policy.tail_days,
        reference=asked.reference,
        approval=Approval(
            "supervisor" if asked.kind == "agency" else "legal",
            asking.grace(asking.on, APPROVAL_BUSINESS_DAYS),
        ),
    )
    return Resolved((fact,))


def _past_due(state: AccountState, currency: str, on: date) -> tuple[str, ...]:
    found = [
        invoice
        for invoice in state.invoices.values()
        if invoice.currency == currency
        and invoice.due_on < on
        and owed_or_recoverable(state, invoice.invoice_id)
    ]
    found.sort(key=lambda invoice: invoice.order)
    return tuple([invoice.invoice_id for invoice in found])


def _known(state: AccountState, placement_id: str) -> Placement:
    known = state.objects.of(NOUN).get(placement_id)
    if not isinstance(known, Placement):
        raise not_found(NOUN, placement_id)
    return known


def recall(state: AccountState, placement_id: str, reason: str, asking: Asking) -> Resolved:
    """Raises `NotFound`, `Forbidden`, `Conflict` with its state."""
    known = _known(state, placement_id)
    needs_role(asking, "supervisor")
    if not known.is_placed and known.state != "pending_approval":
        detail = f"placement {placement_id} is {known.state}"
        raise in_the_way(detail, known.state, state=known.state)
    common = asking.common(state.account_id)
    return Resolved((AccountRecalled(**common, placement_id=placement_id, reason=reason),))


@dataclass(frozen=True, kw_only=True)
class AgencyPayment:
    """What the debtor paid the agency, before its commission."""

    payment_id: str
    amount_minor: int
    received_at: datetime
    remitted: Literal["net", "gross"]


def take_agency_payment(
    state: AccountState, placement_id: str, payment: AgencyPayment, asking: Asking
) -> Resolved:
    """A payment aimed at the placed invoices, oldest due first. Raises `NotFound`, `Conflict` where
    it never began."""
    known = _known(state, placement_id)
    if known.began is None:
        detail = f"placement {placement_id} is {known.state}"
        raise in_the_way(detail, known.state, state=known.state)
    remitted = AgencyRemitted(
        **asking.common(state.account_id),
        payment_id=payment.payment_id,
        placement_id=placement_id,
        remitted=payment.remitted,
    )
    received = billing.PaymentReceived(
        payment_id=payment.payment_id,
        account_id=state.account_id,
        currency=known.currency,
        amount_minor=payment.amount_minor,
        received_at=payment.received_at,
        allocations=_aims(state, known, payment.amount_minor),
    )
    return Resolved((remitted, received))


def _aims(state: AccountState, known: Placement, amount_minor: int) -> tuple[billing.Target, ...]:
    invoices = sorted(
        [state.invoices[invoice_id] for invoice_id in known.invoice_ids],
        key=lambda invoice: invoice.order,
    )
    left, found = amount_minor, []
    for invoice in invoices[:_TARGETS_MAX]:
        part = min(left, owed_or_recoverable(state, invoice.invoice_id))
        if part > 0:
            found.append(billing.Target(invoice_id=invoice.invoice_id, amount_minor=part))
            left -= part
    return tuple(found)

"""The door of charges: made by hand, and waived."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.ledger.domain.accruals import accrued_minor
from services.ledger.domain.agreements import Approval, ChargeAdded, ChargeWaived, PolicyRef
from services.ledger.domain.approvals import approval_of
from services.ledger.domain.charges import INTEREST, Charge, charge_of, is_own_id
from services.ledger.domain.doors import Asking, RequestFaults, Resolved, in_the_way
from services.ledger.domain.state import AccountState
from services.ledger.domain.waivers import NOUN as WAIVER
from services.ledger.domain.waivers import waiver_of
from shared.errors import NotFound

APPROVAL_BUSINESS_DAYS = 5


@dataclass(frozen=True, kw_only=True)
class ChargeAsked:
    """A fee or a cost that is to be charged."""

    charge_id: str
    kind: Literal["fee", "cost"]
    invoice_id: str | None
    currency: str
    amount_minor: int
    charged_on: date | None
    reason: str


def add_charge(state: AccountState, asked: ChargeAsked, asking: Asking) -> Resolved:
    """Raises `Invalid`."""
    charged_on = asked.charged_on or asking.on
    faults = RequestFaults()
    if is_own_id(asked.charge_id):
        faults.add("/charge_id", "must have no colon: such ids are the ledger's own")
    if charged_on > asking.on:
        faults.add("/charged_on", f"lies after {asking.on}")
    invoice = state.invoices.get(asked.invoice_id) if asked.invoice_id is not None else None
    if asked.invoice_id is not None:
        if invoice is None:
            faults.add("/invoice_id", "is no invoice of the account")
        elif invoice.voided_at is not None:
            faults.add("/invoice_id", "is void")
        elif invoice.currency != asked.currency:
            faults.add("/currency", f"is not that of the invoice: {invoice.currency}")
    faults.refuse("The charge cannot be made.")
    fact = ChargeAdded(
        **asking.common(state.account_id),
        charge_id=asked.charge_id,
        kind=asked.kind,
        invoice_id=asked.invoice_id,
        currency=asked.currency,
        amount_minor=asked.amount_minor,
        charged_on=charged_on,
        reason=asked.reason,
    )
    return Resolved((fact,))


@dataclass(frozen=True, kw_only=True)
class WaiverAsked:
    """What is to be waived of a charge; without an amount: what is open of it."""

    waiver_id: str
    charge_id: str
    amount_minor: int | None
    reason: str


def waive_charge(state: AccountState, asked: WaiverAsked, asking: Asking) -> Resolved:
    """Above what anybody may waive it waits for the role. Raises `NotFound`, `Conflict`,
    `Invalid` with `most_minor`."""
    charge = charge_of(state, asked.charge_id)
    accrued = _accrued(state, asked.charge_id, asking)
    if (charge is None and not accrued) or (charge is not None and charge.is_void):
        raise NotFound(f"there is no charge {asked.charge_id!r} of the account")
    left = accrued + (charge.amount_minor - charge.waived_minor if charge is not None else 0)
    amount = asked.amount_minor
    if amount is None:
        amount = accrued + (charge.balance_minor if charge is not None else 0)
        if not amount:
            detail = f"nothing is open of charge {asked.charge_id}"
            raise in_the_way(detail, "nothing-open", state=_status(charge))
    if amount > left:
        faults = RequestFaults()
        faults.add("/amount_minor", f"is more than is left: at most {left}", most_minor=left)
        faults.refuse("So much cannot be waived.")
    currency = _currency(state, charge, asked.charge_id)
    policy = asking.policies["charges"]
    approval = None
    if not policy.waive.is_free(amount, currency) and policy.waive.role not in asking.roles:
        expires_on = asking.grace(asking.on, APPROVAL_BUSINESS_DAYS)
        approval = Approval(policy.waive.role, expires_on)
    fact = ChargeWaived(
        **asking.common(state.account_id),
        policy=PolicyRef("charges", policy.version, 0),
        waiver_id=asked.waiver_id,
        charge_id=asked.charge_id,
        amount_minor=asked.amount_minor,
        approval=approval,
        reason=asked.reason,
    )
    return Resolved((fact,))


def _accrued(state: AccountState, charge_id: str, asking: Asking) -> int:
    """Interest of an invoice that is not posted yet: a waiver posts it first."""
    if not charge_id.startswith(INTEREST):
        return 0
    invoice_id = charge_id.removeprefix(INTEREST)
    return accrued_minor(state, invoice_id, asking.on) if invoice_id in state.invoices else 0


def _status(charge: Charge | None) -> str | None:
    return charge.status if charge is not None else None


def _currency(state: AccountState, charge: Charge | None, charge_id: str) -> str:
    if charge is not None:
        return charge.currency
    return state.invoices[charge_id.removeprefix(INTEREST)].currency


def waiver_state(state: AccountState, waiver_id: str) -> tuple[str | None, str | None]:
    """What became of a waiver, and the approval that it waits for."""
    known = waiver_of(state, waiver_id)
    request = approval_of(state, f"{WAIVER}:{waiver_id}")
    waits = request is not None and request.state == "open"
    return (
        known.state if known is not None else None,
        request.approval_id if request is not None and waits else None,
    )

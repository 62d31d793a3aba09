"""Late fees, compensation and fees of returned payments, as days and reversals bring them."""

from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import Struct, structs

from services.ledger.domain.accruals import basis_of
from services.ledger.domain.allocation import place_waiting_on_charge
from services.ledger.domain.charges import NOUN as CHARGE
from services.ledger.domain.charges import (
    Charge,
    charge_of,
    charges_of,
    free,
    is_wholly_disputed,
    posted,
)
from services.ledger.domain.charging import charging_on, debt_of, fees_stopped, is_disclosed
from services.ledger.domain.facts import Position
from services.ledger.domain.invoices import Invoice
from services.ledger.domain.late_fees import Due, Fee, Reason, Skipped, bounce_fee, step_charge
from services.ledger.domain.objects import NO_CURRENCY, AccountObject
from services.ledger.domain.policies.charges import (
    Applied,
    BounceFeeRule,
    Charging,
    ReversalKind,
    StepKind,
    StepRule,
)
from services.ledger.domain.state import AccountState
from services.ledger.domain.waivers import attach
from shared.clock import local_day

NOUN = "steps"
LATE_FEE, COMPENSATION, BOUNCE_FEE = "late-fee", "compensation", "bounce-fee"


class Skip(Struct, frozen=True, gc=False):
    """Why a step charges nothing."""

    charge_id: str
    step: int
    reason: Reason


class WithheldStep(Struct, frozen=True, gc=False):
    """A step whose charge a dispute held back; it may come when that is resolved."""

    kind: StepKind
    step: int
    on: date


class Steps(AccountObject, frozen=True, kw_only=True):
    """The steps of one invoice, and what came of those that charged nothing."""

    invoice_id: str
    done: Position | None = None  # the last step that was looked at
    skipped: tuple[Skip, ...] = ()
    withheld: tuple[WithheldStep, ...] = ()


def steps_of(state: AccountState, invoice_id: str) -> Steps | None:
    known = state.objects.values.get((NOUN, invoice_id))
    return known if isinstance(known, Steps) else None


def begin_steps(state: AccountState, invoice: Invoice) -> None:
    """Fees and compensation may be charged on an invoice."""
    if state.rules.late_fee_steps or state.rules.has_compensation:
        steps = Steps(currency=NO_CURRENCY, invoice_id=invoice.invoice_id)
        state.objects.set((NOUN, invoice.invoice_id), steps)


def charge_id_of(kind: StepKind, invoice_id: str, step: int) -> str:
    if kind == "compensation":
        return f"{COMPENSATION}:{invoice_id}"
    return f"{LATE_FEE}:{invoice_id}:{step}"


# ── Steps ───────────────────────────────────────────────────────────────────────────────────────


def charge_step(
    state: AccountState, invoice_id: str, kind: StepKind, step: int, on: date, at: datetime
) -> None:
    """Charge what the rule of a day says, or keep why not. Once per invoice and step."""
    invoice = state.invoices[invoice_id]
    charge_id = charge_id_of(kind, invoice_id, step)
    known = steps_of(state, invoice_id)
    if not invoice.balance_minor or known is None or charge_of(state, charge_id) is not None:
        return
    charging = charging_on(state, on)
    applied = _rule(state, charging, invoice, kind, step, on)
    if applied is None:
        return
    found = step_charge(
        applied,
        _due(state, invoice, applied.rule, on),
        charging.limits_of(debt_of(state, invoice, invoice.currency, on)),
    )
    skipped = tuple([skip for skip in known.skipped if skip.charge_id != charge_id])
    if isinstance(found, Skipped):
        skipped = (*skipped, Skip(charge_id, step, found.reason))
        withheld = known.withheld
        if found.reason == "disputed":
            withheld = (*withheld, WithheldStep(kind, step, on))
        known = structs.replace(known, skipped=skipped, withheld=withheld)
        state.objects.set((NOUN, invoice_id), known)
        return
    state.objects.set((NOUN, invoice_id), structs.replace(known, skipped=skipped))
    charge = Charge(
        currency=invoice.currency,
        charge_id=charge_id,
        kind="cost" if kind == "compensation" else "fee",
        invoice_id=invoice_id,
        charged_on=local_day(at, state.zone),
        order=invoice.order,
        step=step,
    )
    new_charge(state, _by_rule(charge, charging, found), found.amount_minor, at)


def _rule(
    state: AccountState,
    charging: Charging,
    invoice: Invoice,
    kind: StepKind,
    step: int,
    on: date,
) -> Applied[StepRule] | None:
    debt = debt_of(state, invoice, invoice.currency, on)
    if kind == "compensation":
        return charging.compensation_rule(debt)
    return charging.late_fee_rule(step, debt)


def _due(state: AccountState, invoice: Invoice, rule: StepRule, on: date) -> Due:
    charged = [
        charge.amount_minor
        for charge in charges_of(state, invoice.invoice_id)
        if charge.charge_id.startswith(f"{LATE_FEE}:{invoice.invoice_id}:")
    ]
    return Due(
        currency=invoice.currency,
        basis_minor=basis_of(state, invoice).free_minor,
        invoice_minor=invoice.amount_minor,
        charged_minor=sum(charged),
        is_stopped=fees_stopped(state, invoice, on),
        is_disclosed=is_disclosed(state, rule, on),
    )


def _by_rule(charge: Charge, charging: Charging, fee: Fee) -> Charge:
    return structs.replace(
        charge,
        policy_version=charging.policy_version,
        rule=fee.rule,
        pack=fee.pack,
        citation=fee.citation,
        basis_minor=fee.basis_minor,
        percent=fee.percent,
    )


def new_charge(state: AccountState, charge: Charge, amount_minor: int, at: datetime) -> None:
    """Charge, and let what waited for the charge come to it."""
    posted(state, charge, amount_minor, at)
    attach(state, charge.charge_id, at)
    place_waiting_on_charge(state, charge.charge_id, charge.currency, at)


def charge_withheld(state: AccountState, invoice_id: str, at: datetime) -> None:
    """What disputes held back comes at a resolution, by the rule of its day and the basis of now,
    if no whole dispute is left."""
    known = steps_of(state, invoice_id)
    invoice = state.invoices[invoice_id]
    if known is None or not known.withheld or not invoice.balance_minor:
        return
    if is_wholly_disputed(invoice):
        return
    state.objects.set((NOUN, invoice_id), structs.replace(known, withheld=()))
    for step in known.withheld:
        charge_step(state, invoice_id, step.kind, step.step, step.on, at)


def forget_fees(state: AccountState, invoice_id: str, after_on: date, at: datetime) -> None:
    """Fees of days after one are none after all, as an arrangement has come to freeze them."""
    for charge in charges_of(state, invoice_id):
        is_step = charge.step is not None and charge.kind != "interest"
        if not is_step or charge.charged_on <= after_on or charge.is_void:
            continue
        free(state, charge, charge.paid_minor, at)
        state.objects.remove((CHARGE, charge.charge_id))
        known = steps_of(state, invoice_id)
        if known is not None and charge.step is not None:
            skip = Skip(charge.charge_id, charge.step, "stopped")
            known = structs.replace(known, skipped=(*known.skipped, skip))
            state.objects.set((NOUN, invoice_id), known)


# ── The next step ───────────────────────────────────────────────────────────────────────────────


def next_steps(state: AccountState, invoice: Invoice) -> list[tuple[date, StepKind, int]]:
    """The days of an invoice on which some version could charge something."""
    found: list[tuple[date, StepKind, int]] = []
    if state.rules.has_compensation:
        found.append((invoice.due_on + timedelta(days=1), "compensation", 1))
    for step in state.rules.late_fee_steps:
        found.append((invoice.due_on + timedelta(days=step), "late_fee", step))
    found.sort(key=lambda known: (known[0], known[1] == "late_fee"))
    return found


# ── Returned payments ───────────────────────────────────────────────────────────────────────────


def charge_for_return(
    state: AccountState,
    reversal_id: str,
    kind: Literal["refund", "chargeback", "bounced"],
    currency: str,
    taken_back_minor: int,
    at: datetime,
) -> None:
    """The fee of a payment that came back; it belongs to no invoice."""
    if not state.registered or not state.rules.has_charges:
        return
    day = local_day(at, state.zone)
    charging = charging_on(state, day)
    debt = debt_of(state, None, currency, day)
    reversal: ReversalKind = kind
    applied: Applied[BounceFeeRule] | None = charging.bounce_fee_rule(reversal, debt)
    if applied is None:
        return
    found = bounce_fee(
        applied,
        currency,
        taken_back_minor,
        charging.limits_of(debt),
        is_stopped=fees_stopped(state, None, day),
        is_disclosed=is_disclosed(state, applied.rule, day),
    )
    if isinstance(found, Skipped):
        return
    charge_id = f"{BOUNCE_FEE}:{reversal_id}"
    charge = Charge(
        currency=currency,
        charge_id=charge_id,
        kind="fee",
        invoice_id=None,
        charged_on=day,
        order=(day, day, charge_id),
    )
    new_charge(state, _by_rule(charge, charging, found), found.amount_minor, at)

"""Plans and settlements as answers show them."""

from datetime import date
from typing import Any

from services.ledger.api.views import Shown, plain, steps
from services.ledger.domain import AccountState
from services.ledger.domain.approvals import approval_of
from services.ledger.domain.arrangements import (
    PENDING,
    AgreedInstalment,
    Arrangement,
    arrangements,
)
from services.ledger.domain.plans import Plan, plans
from services.ledger.domain.settlements import Settlement, settlements

_STANDS = ("active", "accepted", "offered", PENDING)  # or it waits


def plan_view(plan: Plan, state: AccountState, day: date | None) -> Shown:
    """By the begun day."""
    data = plan.data
    return {
        "plan_id": plan.arrangement_id,
        **_head(plan),
        "kind": data.kind,
        "total_minor": data.total_minor,
        "paid_minor": plan.paid_minor,
        "arrears_minor": _arrears(plan, day),
        "has_down_payment": data.has_down_payment,
        "freeze": plain(data.freeze),
        "default": plain(data.default),
        "after_hold_days": data.after_hold_days,
        "replaces": data.replaces,
        "mandate_id": data.mandate_id,
        **_tail(plan, data, state),
    }


def settlement_view(settlement: Settlement, state: AccountState, day: date | None) -> Shown:
    """By the begun day."""
    data = settlement.data
    return {
        "settlement_id": settlement.arrangement_id,
        **_head(settlement),
        "kind": data.kind,
        "base_minor": data.base_minor,
        "amount_minor": data.amount_minor,
        "concession_minor": settlement.concession_minor,
        "conceded_minor": settlement.conceded_minor,
        "paid_minor": settlement.paid_minor,
        "arrears_minor": _arrears(settlement, day),
        "pay_by_on": data.counter_pay_by_on or settlement.instalments[-1].due_on,
        "valid_until_on": data.valid_until_on,
        "counter_minor": data.counter_minor,
        "after_hold_days": data.after_hold_days,
        **_tail(settlement, data, state),
    }


def _head(known: Arrangement) -> Shown:
    return {
        "state": known.state,
        "because": known.history[-1].because,
        "currency": known.currency,
        "invoice_ids": list(known.invoice_ids),
    }


def _tail(known: Arrangement, data: Any, state: AccountState) -> Shown:
    return {
        "instalments": [_instalment(each) for each in known.instalments],
        **waiting(state, f"{known.noun}:{known.arrangement_id}"),
        "policy": plain(data.policy),
        "by": plain(data.by),
        "channel": data.channel,
        "note": data.note,
        "history": steps(known.history),
    }


def waiting(state: AccountState, approval_id: str) -> Shown:
    """What an answer of 202 adds, and a look at what waits: by whom it is decided, until when."""
    request = approval_of(state, approval_id)
    if request is None:
        return {"approval_id": None, "role": None, "expires_on": None}
    return {
        "approval_id": request.approval_id,
        "role": request.role,
        "expires_on": request.expires_on,
    }


def _instalment(each: AgreedInstalment) -> Shown:
    return {
        "n": each.n,
        "due_on": each.due_on,
        "grace_until_on": each.grace_until_on,
        "amount_minor": each.amount_minor,
        "state": each.state,
        "short_minor": each.short_minor,
        "history": steps(each.history),
    }


def _arrears(known: Arrangement, day: date | None) -> int:
    return known.arrears_minor(day) if day is not None else 0


# ── Of an account ───────────────────────────────────────────────────────────────────────────────


def standing_plans(state: AccountState, day: date | None) -> list[Shown]:
    return [plan_view(known, state, day) for known in plans(state) if known.state in _STANDS]


def standing_settlements(state: AccountState, day: date | None) -> list[Shown]:
    return [
        settlement_view(known, state, day) for known in settlements(state) if known.state in _STANDS
    ]


def plan_in_force(state: AccountState, day: date | None) -> Shown | None:
    """The account's currency first, then by code."""
    profile = state.profile
    own = profile.currency if profile is not None else None
    running = [known for known in plans(state) if known.in_force]
    running.sort(key=lambda plan: (plan.currency != own, plan.currency))
    return plan_view(running[0], state, day) if running else None


def checked_arrangements(state: AccountState, day: date | None) -> list[Shown]:
    """For the live check: those that stand or wait."""
    return [_checked(known, day) for known in arrangements(state) if known.state in _STANDS]


def _checked(known: Arrangement, day: date | None) -> Shown:
    next_due_on, next_minor = _next(known, day)
    return {
        "kind": known.noun,
        "id": known.arrangement_id,
        "state": known.state,
        "next_due_on": next_due_on,
        "next_minor": next_minor,
        "arrears_minor": _arrears(known, day),
    }


def _next(known: Arrangement, day: date | None) -> tuple[date | None, int | None]:
    """The next instalment that is still to be paid, and what of it: arrears are none of it."""
    past = [each for each in known.instalments if day is not None and each.due_on < day]
    covered = max(known.cash_minor, past[-1].up_to_minor if past else 0)
    for each in known.instalments[len(past) :]:
        if each.up_to_minor > covered and each.state != "paid":
            left = each.up_to_minor - covered
            if known.in_force:
                left = min(left, max(0, known.undisputed_minor - known.arrears_on(each.due_on)))
            return (each.due_on, left) if left else (None, None)
    return (None, None)

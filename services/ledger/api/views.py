"""Arrangements as answers show them: one function per noun, from the account's own values."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from msgspec import to_builtins

from services.ledger import domain
from services.ledger.commands.agreements import Done
from services.ledger.domain import AccountState
from services.ledger.domain.approvals import ApprovalRequest
from services.ledger.domain.charge_events import members
from services.ledger.domain.charges import Charge, charge_of, disputed_of
from services.ledger.domain.disputes import DisputeCase
from services.ledger.domain.holds import HOLD_RULES, Hold, holds
from services.ledger.domain.objects import Step
from services.ledger.domain.promises import Promise
from services.ledger.domain.stops import stops

Shown = dict[str, Any]


def plain(value: Any) -> Any:
    """Structs as JSON has them; days and instants are left to the encoder."""
    return to_builtins(value, builtin_types=(date, datetime))


def steps(history: tuple[Step, ...]) -> list[Shown]:
    return [plain(step) for step in history]


def promise_view(promise: Promise) -> Shown:
    data = promise.data
    return {
        "promise_id": promise.promise_id,
        "state": promise.state,
        "because": promise.history[-1].because,
        "currency": promise.currency,
        "amount_minor": promise.amount_minor,
        "due_on": data.due_on,
        "grace_until_on": data.grace_until_on,
        "kept_from_percent": data.kept_from_percent,
        "partly_from_percent": data.partly_from_percent,
        "invoice_ids": _listed(data.invoice_ids),
        "covers": list(promise.covers),
        "supersedes": list(data.supersedes),
        "mandate_id": data.mandate_id,
        "received_minor": promise.received_minor,
        "asked_minor": promise.asked_minor if promise.is_judged else None,
        "policy": plain(data.policy),
        "by": plain(data.by),
        "channel": data.channel,
        "note": data.note,
        "history": steps(promise.history),
    }


def charge_view(state: AccountState, charge: Charge) -> Shown:
    shown: Shown = plain(members(state, charge))
    return shown | {
        "account_id": state.account_id,
        "currency": charge.currency,
        "policy_version": charge.policy_version,
        "reason": charge.reason,
        "by": plain(charge.by) if charge.by is not None else None,
    }


def checked_charge(state: AccountState, charge: Charge) -> Shown:
    """For the live check: what is open of a charge, and why it was made."""
    return {
        "charge_id": charge.charge_id,
        "kind": charge.kind,
        "currency": charge.currency,
        "charged_on": charge.charged_on,
        "step": charge.step,
        "amount_minor": charge.amount_minor,
        "balance_minor": charge.balance_minor,
        "disputed_minor": disputed_of(state, charge),
    }


def hold_view(hold: Hold) -> Shown:
    span = hold.span
    return {
        "hold_id": hold.hold_id,
        "kind": span.kind,
        "state": hold.state,
        "because": hold.history[-1].because,
        "from_on": span.from_on,
        "until_on": span.last_on,
        "released_on": span.released_on,
        "invoice_ids": _listed(span.invoice_ids),
        "stops": list(HOLD_RULES[span.kind].stops),
        "by": plain(hold.by),
        "channel": hold.channel,
        "history": steps(hold.history),
    }


def holds_to_come(state: AccountState, day: date | None) -> list[Hold]:
    """In force at the begun day, or later."""
    return [
        hold
        for hold in holds(state)
        if (last_on := hold.span.last_on) is None
        or (last_on >= hold.span.from_on and (day is None or last_on >= day))
    ]


def checked_holds(state: AccountState, day: date | None) -> list[Shown]:
    """For the live check: those in force at the begun day."""
    return [
        {
            "hold_id": hold.hold_id,
            "kind": hold.span.kind,
            "from_on": hold.span.from_on,
            "until_on": hold.span.last_on,
            "invoice_ids": _listed(hold.span.invoice_ids),
        }
        for hold in holds(state)
        if day is None or hold.span.holds_on(day)
    ]


def _listed(ids: tuple[str, ...] | None) -> list[str] | None:
    return list(ids) if ids is not None else None


def approval_view(account_id: str, request: ApprovalRequest) -> Shown:
    return {
        "approval_id": request.approval_id,
        "account_id": account_id,
        "kind": request.kind,
        "subject_id": request.subject_id,
        "state": request.state,
        "currency": request.currency or None,
        "amount_minor": request.amount_minor,
        "invoice_ids": _listed(request.invoice_ids),
        "role": request.role,
        "expires_on": request.expires_on,
        "requested_by": plain(request.requested_by),
        "requested_at": request.requested_at,
        "decided_by": plain(request.decided_by),
        "history": steps(request.history),
    }


def dispute_view(case: DisputeCase, state: AccountState) -> Shown:
    """`disputed_minor` is what it holds now."""
    data, resolution = case.data, case.resolution
    charge = charge_of(state, data.charge_id) if data.charge_id is not None else None
    invoice = state.invoices.get(data.invoice_id) if data.invoice_id is not None else None
    balance = invoice.balance_minor if invoice is not None and charge is None else 0
    if charge is not None:
        balance = charge.balance_minor
    asked = case.asked_minor
    held = balance if asked is None else min(balance, asked)
    about = charge or invoice
    return {
        "dispute_id": case.dispute_id,
        "state": case.state,
        "because": case.history[-1].because,
        "invoice_id": data.invoice_id,
        "charge_id": data.charge_id,
        "currency": about.currency if about is not None else None,
        "amount_minor": asked,
        "lines": list(data.lines),
        "disputed_minor": held if case.state == "open" else 0,
        "reason_code": data.reason_code,
        "reason": data.reason,
        "evidence": [plain(each) for each in case.evidence],
        "evidence_by_on": case.evidence_by_on,
        "answer_by_on": case.answer_by_on,
        "deadlines_passed": list(case.passed),
        "after_rejection": {
            "interest": case.after_rejection.interest,
            "fees": case.after_rejection.fees,
        },
        "outcome": resolution.outcome if resolution is not None else None,
        "credited_minor": resolution.credited_minor if resolution is not None else None,
        "policy": plain(case.policy),
        "by": plain(getattr(data, "by", None)),
        "channel": getattr(data, "channel", None),
        "note": getattr(data, "note", None),
        "history": steps(case.history),
    }


def previewed(shown: Shown, done: Done) -> Shown:
    """What a preview adds: what would end, be stopped, and be collectable."""
    ended = ends(done.before, done.state)
    named = [each for each in shown.get("ends", ()) if each not in ended]
    return {**shown, **_changes(done), "ends": [*ended, *named]}


def _changes(done: Done) -> Shown:
    before, after = (_collectable(done, state) for state in (done.before, done.state))
    return {
        "stops": [plain(stop) for stop in stops(done.state, done.begun_on)],
        "collectable_minor": [
            {"currency": code, "before": before.get(code, 0), "after": minor}
            for code, minor in sorted(after.items())
        ],
    }


def _collectable(done: Done, state: AccountState) -> Mapping[str, int]:
    amounts = domain.amounts(state, done.tenant.begun)
    return {each.currency: each.collectable_minor for each in amounts}


_ENDED = frozenset({
    "cancelled", "lapsed", "declined", "recalled", "released", "defaulted", "refused", "withdrawn",
})  # fmt: skip


def ends(before: AccountState, after: AccountState) -> list[Shown]:
    """Arrangements and promises that are ended now and were not."""
    found = []
    for key, value in after.objects.each():
        known = before.objects.values.get(key)
        was, now = (getattr(each, "state", None) for each in (known, value))
        if known is not None and was != now and now in _ENDED:
            found.append({"kind": key[0], "id": key[1]})
    return found

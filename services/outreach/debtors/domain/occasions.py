"""What may be answered, folded from events: a promise made or broken, an instalment due, a payment
that failed, a dispute, an account without debt again, an early warning.

An occasion stands while what it says is so: judged again, it may end, or stand again.
"""

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.outreach.activity.domain.contacts import SubjectKind
from shared.events import Received, ledger
from shared.events.segmentation import EarlyWarningRaised, SegmentChanged


@dataclass(frozen=True)
class Occasion:
    account_id: str
    reaction: str  # the key under which strategies answer it
    subject: SubjectKind
    subject_id: str
    anchor_on: date
    currency: str | None = None  # of its invoices, where it names none
    invoice_ids: tuple[str, ...] | None = None  # None: all of the account
    stands: bool = True
    since_on: date | None = None  # of `paid`: since when something had been overdue
    # What messages name of it, as far as the ledger has said it:
    amount_minor: int | None = None  # promised, due, missing, offered, paid, disputed, credited
    due_on: date | None = None  # until when it is to be paid
    base_minor: int | None = None  # of a settlement: what was owed
    outcome: str | None = None  # of a dispute

    @property
    def key(self) -> tuple[str, str]:
        """Its name among those of the account: each thing is answered once."""
        return (self.reaction, self.subject_id)


Occasions = MutableMapping[tuple[str, str], Occasion]  # of one account

# The states of a thing, and the reactions that stand while it is in them.
_PROMISE = {
    "open": ("promise-made", "promise-due"),
    "kept": ("promise-kept",),
    "partly_kept": ("promise-broken",),
    "partly-kept": ("promise-broken",),
    "broken": ("promise-broken",),
}
_PLAN = {"active": ("plan-agreed",), "defaulted": ("plan-defaulted",)}
_INSTALMENT = {"open": ("instalment-due",), "missed": ("instalment-missed",)}
_SETTLEMENT = {"offered": ("settlement-offered",), "accepted": ("settlement-due",)}


def _day(event: Received) -> date:
    return event.day or event.time.date()


def _stands_as(
    occasions: Occasions, states: Mapping[str, tuple[str, ...]], state: str, found: Occasion
) -> None:
    """The thing is in that state now; what it was before has ended. What stands again keeps its
    first day, so that it is not answered anew."""
    here = states.get(state, ())
    for reaction in {name for names in states.values() for name in names}:
        key = (reaction, found.subject_id)
        known = occasions.get(key)
        if reaction in here:
            fresh = replace(found, reaction=reaction)
            occasions[key] = fresh if known is None else _again(known, fresh)
        elif known is not None and known.stands:
            occasions[key] = replace(known, stands=False)


def _again(known: Occasion, fresh: Occasion) -> Occasion:
    """It stands, with its figures as they are now where the event has any."""
    return replace(
        known,
        stands=True,
        amount_minor=_either(fresh.amount_minor, known.amount_minor),
        due_on=fresh.due_on or known.due_on,
        base_minor=_either(fresh.base_minor, known.base_minor),
    )


def _either(minor: int | None, else_: int | None) -> int | None:
    return else_ if minor is None else minor


def _on_promise(occasions: Occasions, event: Received, data: Any) -> None:
    state = event.type.removeprefix("promise-")
    if isinstance(data, ledger.PromiseRejudged):
        state = data.to_state
    state = "open" if state == "made" else state
    is_cancelled = isinstance(data, ledger.PromiseCancelled)
    found = Occasion(
        data.account_id, "", "promise", data.promise_id, _day(event), data.currency,
        data.invoice_ids,
        amount_minor=None if is_cancelled else data.amount_minor,
        due_on=None if is_cancelled else data.due_on,
    )  # fmt: skip
    before = occasions.get(("promise-broken", data.promise_id))
    _stands_as(occasions, _PROMISE, state, found)
    due = occasions.get(("promise-due", data.promise_id))
    if due is not None and not is_cancelled:
        occasions[due.key] = replace(due, anchor_on=data.due_on)
    broken = occasions.get(("promise-broken", data.promise_id))
    is_new = before is None or not before.stands
    if isinstance(data, ledger.PromiseRejudged) and data.from_state != data.to_state:
        is_new = True  # partly kept, then not at all: it is the last judgement that is answered
    if broken is not None and broken.stands and is_new:
        occasions[broken.key] = replace(broken, anchor_on=_day(event))  # the last judgement's day


def _on_plan(occasions: Occasions, event: Received, data: Any) -> None:
    state = event.type.removeprefix("plan-")
    if isinstance(data, ledger.PlanRejudged):
        state = data.to_state
    minor = data.total_minor if isinstance(data, ledger.PlanAgreed) else None
    if state == "defaulted":
        minor = data.arrears_minor
    found = Occasion(
        data.account_id, "", "plan", data.plan_id, _day(event), data.currency, data.invoice_ids,
        amount_minor=minor,
    )  # fmt: skip
    _stands_as(occasions, _PLAN, "active" if state == "agreed" else state, found)
    is_active = state in ("agreed", "active")
    if isinstance(data, ledger.PlanAgreed):
        _instalments(occasions, data, data.plan_id)
    elif not is_active:
        _close_instalments(occasions, data.plan_id)
    else:
        _reopen_instalments(occasions, data.plan_id)


def _instalments(occasions: Occasions, data: Any, of: str) -> None:
    for each in data.instalments:
        found = Occasion(
            data.account_id, "", "instalment", f"{of}/{each.n}", each.due_on, data.currency,
            data.invoice_ids, amount_minor=each.amount_minor, due_on=each.due_on,
        )  # fmt: skip
        _stands_as(occasions, _INSTALMENT, "open", found)


def _close_instalments(occasions: Occasions, of: str) -> None:
    for key, known in list(occasions.items()):
        if known.subject == "instalment" and known.subject_id.rpartition("/")[0] == of:
            occasions[key] = replace(known, stands=False)


def _reopen_instalments(occasions: Occasions, of: str) -> None:
    """The arrangement is in force again: what is due is due again, unless it was missed."""
    for key, known in list(occasions.items()):
        if known.reaction == "instalment-due" and known.subject_id.rpartition("/")[0] == of:
            occasions[key] = replace(known, stands=True)


def _on_instalment(occasions: Occasions, event: Received, data: Any) -> None:
    state = {"instalment-paid": "paid", "instalment-missed": "missed"}.get(event.type, "open")
    if isinstance(data, ledger.InstalmentRejudged):
        state = data.to_state
    state = "open" if state in ("due", "due-soon", "due_soon", "pending") else state
    of = data.plan_id or data.settlement_id or ""
    anchor = _day(event) if state == "missed" else data.due_on
    short = getattr(data, "short_minor", None) if state == "missed" else None
    found = Occasion(
        data.account_id, "", "instalment", f"{of}/{data.n}", anchor, data.currency,
        data.invoice_ids, amount_minor=_either(short, data.amount_minor), due_on=data.due_on,
    )  # fmt: skip
    _stands_as(occasions, _INSTALMENT, state, found)


def _on_settlement(occasions: Occasions, event: Received, data: Any) -> None:
    state = event.type.removeprefix("settlement-")
    if isinstance(data, ledger.SettlementRejudged):
        state = data.to_state
    anchor = _day(event)
    last_on = max((each.due_on for each in getattr(data, "instalments", ())), default=None)
    if isinstance(data, ledger.SettlementAccepted) and last_on is not None:
        anchor = last_on
    if isinstance(data, ledger.SettlementOffered):
        last_on = data.valid_until_on or last_on
    found = Occasion(
        data.account_id, "", "settlement", data.settlement_id, anchor, data.currency,
        data.invoice_ids, amount_minor=getattr(data, "amount_minor", None), due_on=last_on,
        base_minor=getattr(data, "base_minor", None),
    )  # fmt: skip
    if state == "accepted" and not isinstance(data, ledger.SettlementAccepted):
        known = occasions.get(("settlement-due", data.settlement_id))
        if known is None:
            return  # its days are not known
    _stands_as(occasions, _SETTLEMENT, state, found)


def _on_payment_failed(occasions: Occasions, event: Received, data: ledger.PaymentFailed) -> None:
    anchor = event.day or data.failed_at.date()
    found = Occasion(
        data.account_id, "payment-failed", "payment", data.payment_id, anchor, data.currency,
        None if data.invoice_id is None else (data.invoice_id,), amount_minor=data.amount_minor,
    )  # fmt: skip
    occasions.setdefault(found.key, found)


def _on_payment_received(
    occasions: Occasions, _event: Received, data: ledger.PaymentReceived
) -> None:
    """The same payment has come after all."""
    known = occasions.get(("payment-failed", data.payment_id))
    if known is not None:
        occasions[known.key] = replace(known, stands=False)


def _on_dispute_opened(occasions: Occasions, event: Received, data: ledger.DisputeOpened) -> None:
    found = Occasion(
        data.account_id, "dispute-opened", "dispute", data.dispute_id, _day(event), data.currency,
        () if data.invoice_id is None else (data.invoice_id,), amount_minor=data.amount_minor,
    )  # fmt: skip
    occasions.setdefault(found.key, found)


def _on_dispute_resolved(
    occasions: Occasions, event: Received, data: ledger.DisputeResolved
) -> None:
    opened = occasions.get(("dispute-opened", data.dispute_id))
    if opened is not None:
        occasions[opened.key] = replace(opened, stands=False)
    disputed = opened.amount_minor if opened is not None else None
    currency = data.currency or (opened.currency if opened is not None else None)
    found = Occasion(
        data.account_id, "dispute-resolved", "dispute", data.dispute_id, _day(event),
        currency, () if data.invoice_id is None else (data.invoice_id,),
        amount_minor=disputed if data.outcome == "rejected" else data.credited_minor,
        outcome=data.outcome,
    )  # fmt: skip
    occasions.setdefault(found.key, found)


def _on_corrected(occasions: Occasions, event: Received, data: ledger.OverdueCorrected) -> None:
    if data.to_stage is None:
        found = Occasion(
            data.account_id, "corrected", "invoice", data.invoice_id, _day(event), data.currency,
            (data.invoice_id,),
        )  # fmt: skip
        occasions[found.key] = found


def _on_overdue(occasions: Occasions, _event: Received, data: ledger.InvoiceOverdue) -> None:
    known = occasions.get(("corrected", data.invoice_id))
    if known is not None:
        occasions[known.key] = replace(known, stands=False)


def _on_warning(occasions: Occasions, event: Received, data: EarlyWarningRaised) -> None:
    found = Occasion(
        data.account_id, f"warning.{data.kind}", "account", f"{data.kind}@{data.since_on}",
        _day(event),
    )  # fmt: skip
    occasions.setdefault(found.key, found)


def _on_segment(occasions: Occasions, event: Received, data: SegmentChanged) -> None:
    day = _day(event)
    for key, known in list(occasions.items()):
        is_left = known.reaction != f"segment.{data.to_segment}"
        if known.reaction.startswith("segment.") and known.stands and is_left:
            occasions[key] = replace(known, stands=False)
    if data.from_segment != data.to_segment:
        reaction = f"segment.{data.to_segment}"
        found = Occasion(data.account_id, reaction, "account", f"{data.to_segment}@{day}", day)
        occasions.setdefault(found.key, found)


def paid_up(
    account_id: str,
    day: date,
    since_on: date | None,
    payment: ledger.PaymentReceived | None = None,
) -> Occasion:
    """The account's overdue amount has become 0; by that payment, if by one."""
    return Occasion(
        account_id, "paid", "account", day.isoformat(), day,
        None if payment is None else payment.currency,
        since_on=since_on,
        amount_minor=None if payment is None else payment.amount_minor,
    )  # fmt: skip


OCCASION_FOLDS: Mapping[str, Callable[[Occasions, Received, Any], None]] = {
    **dict.fromkeys(
        [
            *("promise-made", "promise-kept", "promise-partly-kept", "promise-broken"),
            *("promise-cancelled", "promise-rejudged"),
        ],
        _on_promise,
    ),
    **dict.fromkeys(
        ("plan-agreed", "plan-completed", "plan-defaulted", "plan-cancelled", "plan-rejudged"),
        _on_plan,
    ),
    **dict.fromkeys(
        ("instalment-due-soon", "instalment-paid", "instalment-missed", "instalment-rejudged"),
        _on_instalment,
    ),
    **dict.fromkeys(
        [
            *("settlement-offered", "settlement-accepted", "settlement-completed"),
            *("settlement-lapsed", "settlement-declined", "settlement-rejudged"),
        ],
        _on_settlement,
    ),
    "payment-failed": _on_payment_failed,
    "payment-received": _on_payment_received,
    "dispute-opened": _on_dispute_opened,
    "dispute-resolved": _on_dispute_resolved,
    "overdue-corrected": _on_corrected,
    "invoice-overdue": _on_overdue,
    "early-warning-raised": _on_warning,
    "segment-changed": _on_segment,
}

"""The door of settlements: how much less settles a debt, and who has to agree."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from msgspec import structs

from services.ledger.domain.agreements import (
    Approval,
    PolicyRef,
    SettlementAccepted,
    SettlementDeclined,
    SettlementOffered,
)
from services.ledger.domain.arrangements import PENDING, SETTLEMENT
from services.ledger.domain.doors import (
    Asking,
    RequestFaults,
    Resolved,
    asked_of,
    in_the_way,
    situation,
)
from services.ledger.domain.doors.debts import (
    DueAmount,
    approval_until,
    arranged_ids,
    asked_since,
    check_free,
    check_invoices,
    not_found,
    resolved_instalments,
    with_interest,
)
from services.ledger.domain.owed import owed_on
from services.ledger.domain.policies.members import choose
from services.ledger.domain.policies.settlements import AFTER_HOLD_DAYS, SettlementRule
from services.ledger.domain.requests import (
    Answered,
    PolicyRequest,
    SettlementAsked,
    settlement_answer,
)
from services.ledger.domain.settlements import Settlement, settlements
from services.ledger.domain.state import AccountState

BID_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class SettlementTerms:
    """An offer of ours, or a bid of the debtor."""

    settlement_id: str
    kind: Literal["offer", "bid"]
    currency: str
    amount_minor: int
    invoice_ids: tuple[str, ...] | None = None
    pay_by_on: date | None = None
    instalments: tuple[DueAmount, ...] | None = None
    valid_until_on: date | None = None

    @property
    def dues(self) -> tuple[DueAmount, ...]:
        if self.instalments is not None:
            return self.instalments
        return (DueAmount(self.pay_by_on, self.amount_minor),) if self.pay_by_on is not None else ()

    def pointer(self, number: int) -> str:
        """Where a due day was asked for."""
        return "/pay_by_on" if self.instalments is None else f"/instalments/{number}/due_on"


def bids_lately(state: AccountState, on: date) -> int:
    """In the last 30 days, whatever came of them."""
    return sum(
        known.data.kind == "bid" and asked_since(state, known, on, BID_DAYS)
        for known in settlements(state)
    )


def offer_settlement(state: AccountState, terms: SettlementTerms, asking: Asking) -> Resolved:
    """Raises `Invalid` with `base_minor` and `least_minor`, `Conflict`."""
    policy = asking.policies["settlements"]
    ids = arranged_ids(state, terms.currency, terms.invoice_ids, asking.on, with_disputed=True)
    state = with_interest(state, ids, asking)
    base = owed_on(state, ids)
    number, rule = choose(policy.rules, seen := situation(state, asking, terms.currency, ids, base))
    dues = terms.dues
    count = max(1, len(dues))
    request = PolicyRequest(
        account_id=state.account_id,
        noun="settlement",
        requested_at=asking.now,
        requested_on=asking.on,
        answer="refused",
        amount_minor=terms.amount_minor,
        situation=seen,
        asked=SettlementAsked(
            kind=terms.kind,
            base_minor=base,
            amount_minor=terms.amount_minor,
            instalments=count,
            days=(max([due.due_on for due in dues], default=asking.on) - asking.on).days,
            bids=bids_lately(state, asking.on) if terms.kind == "bid" else 0,
        ),
    )
    answered = settlement_answer(rule, terms.amount_minor, base, count)
    with asked_of(policy, request):
        _check(state, terms, asking, rule, request, ids, answered)
    instalments = resolved_instalments(dues, rule.grace_business_days, asking)
    fact = SettlementOffered(
        **asking.common(state.account_id),
        policy=PolicyRef("settlements", policy.version, number),
        settlement_id=terms.settlement_id,
        kind=terms.kind,
        currency=terms.currency,
        invoice_ids=ids,
        base_minor=base,
        amount_minor=terms.amount_minor,
        instalments=instalments,
        valid_until_on=terms.valid_until_on,
        verdict="pending_approval",
        after_hold_days=AFTER_HOLD_DAYS,
    )
    return Resolved((_answered(fact, rule, answered, asking),), request)


def _answered(
    fact: SettlementOffered, rule: SettlementRule, answered: Answered, asking: Asking
) -> SettlementOffered:
    """What the policy answers: at once, after an approval, or no."""
    if answered == "accepted":
        verdict = "offered" if fact.kind == "offer" else "accepted"
        return structs.replace(fact, verdict=verdict)
    if answered != "refused":
        until = approval_until(asking, fact.instalments[0].due_on)
        return structs.replace(fact, approval=Approval(answered, until))
    counter = share_of(fact.base_minor, rule.shares(len(fact.instalments))[0])
    if not rule.counter or counter >= fact.base_minor:
        return structs.replace(fact, verdict="declined")
    return structs.replace(
        fact,
        verdict="declined",
        counter_minor=counter,
        counter_pay_by_on=asking.on + timedelta(days=rule.pay_within_days),
    )


def share_of(base_minor: int, percent: int) -> int:
    """So many percent, rounded up."""
    return -(-base_minor * percent // 100)


def _check(
    state: AccountState,
    terms: SettlementTerms,
    asking: Asking,
    rule: SettlementRule,
    request: PolicyRequest,
    ids: tuple[str, ...],
    answered: Answered,
) -> None:
    asked, faults = request.asked, RequestFaults()
    assert isinstance(asked, SettlementAsked)
    named = terms.invoice_ids
    check_invoices(state, terms.currency, named, ids, faults, with_disputed=True)
    if not faults.errors and terms.amount_minor >= asked.base_minor:
        detail = f"must be less than what is owed ({asked.base_minor})"
        faults.add("/amount_minor", detail, base_minor=asked.base_minor)
    elif not faults.errors and answered == "refused" and terms.kind == "offer":
        least = share_of(asked.base_minor, rule.shares(asked.instalments)[2])
        detail = f"is less than may be offered: at least {least}"
        faults.add("/amount_minor", detail, least_minor=least, base_minor=asked.base_minor)
    _check_dues(terms, asking, rule, faults)
    if terms.kind == "offer":
        if terms.valid_until_on is None:
            faults.add("/valid_until_on", "is needed for an offer")
        elif terms.valid_until_on < asking.on:
            faults.add("/valid_until_on", f"lies before {asking.on}")
    elif terms.valid_until_on is not None:
        faults.add("/valid_until_on", "is for offers alone")
    faults.refuse("The settlement cannot be taken.")
    check_free(state, ids, asking)
    if terms.kind == "bid" and asked.bids >= rule.bids_per_30_days:
        raise in_the_way(f"{rule.bids_per_30_days} bids are taken in {BID_DAYS} days", "bids")


def _check_dues(
    terms: SettlementTerms, asking: Asking, rule: SettlementRule, faults: RequestFaults
) -> None:
    """Days grow from the day itself to the last that the policy allows; the sum is the amount."""
    if (terms.pay_by_on is None) == (terms.instalments is None):
        faults.add("", "needs either pay_by_on or instalments")
        return
    latest = asking.on + timedelta(days=rule.pay_within_days)
    before = asking.on - timedelta(days=1)
    for number, due in enumerate(terms.dues):
        if due.due_on <= before:
            words = "must be after the one before" if number else f"lies before {asking.on}"
            faults.add(terms.pointer(number), words)
        elif due.due_on > latest:
            faults.add(terms.pointer(number), f"is later than {latest}", latest_on=latest)
        before = max(before, due.due_on)
    if terms.instalments is None:
        return
    if len(terms.instalments) > rule.instalments_max:
        detail = f"at most {rule.instalments_max} instalments settle a debt"
        faults.add("/instalments", detail, max_count=rule.instalments_max)
    if sum(due.amount_minor for due in terms.instalments) != terms.amount_minor:
        faults.add("/instalments", f"must sum to {terms.amount_minor}")


# ── Answered ────────────────────────────────────────────────────────────────────────────────────


def accept_settlement(state: AccountState, settlement_id: str, asking: Asking) -> Resolved:
    """Raises `NotFound`, `Conflict` with its state."""
    _known(state, settlement_id, ("offered",))
    common = asking.common(state.account_id)
    return Resolved((SettlementAccepted(**common, settlement_id=settlement_id),))


def decline_settlement(
    state: AccountState,
    settlement_id: str,
    because: Literal["debtor", "withdrawn"],
    reason: str,
    asking: Asking,
) -> Resolved:
    """By the debtor, or taken back by us. Raises `NotFound`, `Conflict` with its state."""
    _known(state, settlement_id, ("offered", PENDING))
    fact = SettlementDeclined(
        **asking.common(state.account_id),
        settlement_id=settlement_id,
        because=because,
        reason=reason,
    )
    return Resolved((fact,))


def _known(state: AccountState, settlement_id: str, states: tuple[str, ...]) -> Settlement:
    known = state.objects.of(SETTLEMENT).get(settlement_id)
    if not isinstance(known, Settlement):
        raise not_found(SETTLEMENT, settlement_id)
    if known.state not in states:
        detail = f"settlement {settlement_id} is {known.state}"
        raise in_the_way(detail, known.state, state=known.state)
    return known

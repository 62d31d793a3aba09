"""The door of plans: over which debts, in which instalments, and who has to agree."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from services.ledger.domain.agreements import (
    Approval,
    Instalment,
    PlanAgreed,
    PlanCancelled,
    PolicyRef,
)
from services.ledger.domain.arrangements import PENDING, PLAN
from services.ledger.domain.doors import (
    Asking,
    RequestFaults,
    Resolved,
    asked_of,
    in_the_way,
    needs_role,
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
    replaced,
    resolved_instalments,
    with_interest,
)
from services.ledger.domain.owed import owed_on, undisputed_on
from services.ledger.domain.plans import Plan, plans
from services.ledger.domain.policies.members import choose
from services.ledger.domain.policies.plans import PlanRule, equal_amounts
from services.ledger.domain.requests import PlanAsked, PolicyRequest, answer
from services.ledger.domain.state import AccountState

Every = Literal["week", "fortnight", "month"]
REAGREED_DAYS = 365
_STEP_DAYS = {"week": 7, "fortnight": 14}


@dataclass(frozen=True, kw_only=True)
class EqualTerms:
    count: int
    first_due_on: date
    every: Every


@dataclass(frozen=True, kw_only=True)
class PlanOffer:
    """The plan that is asked for: one of `equal`, `instalments`, `deferred_on`."""

    plan_id: str
    currency: str
    invoice_ids: tuple[str, ...] | None = None
    equal: EqualTerms | None = None
    instalments: tuple[DueAmount, ...] | None = None
    deferred_on: date | None = None
    down_payment_minor: int | None = None
    replaces: str | None = None
    mandate_id: str | None = None

    @property
    def kind(self) -> Literal["equal", "instalments", "deferred"]:
        if self.equal is not None:
            return "equal"
        return "instalments" if self.instalments is not None else "deferred"

    @property
    def count(self) -> int:
        """Of instalments beside the down payment."""
        if self.equal is not None:
            return self.equal.count
        return len(self.instalments) if self.instalments is not None else 1

    @property
    def due_days(self) -> Sequence[date]:
        """Of the instalments beside the down payment."""
        if self.equal is not None:
            return due_days(self.equal.first_due_on, self.equal.count, self.equal.every)
        if self.instalments is not None:
            return [each.due_on for each in self.instalments]
        return [self.deferred_on] if self.deferred_on is not None else []

    @property
    def last_pointer(self) -> str:
        """Where its last due day was asked for."""
        if self.equal is not None:
            return "/equal/count"
        if self.instalments is not None:
            return f"/instalments/{len(self.instalments) - 1}/due_on"
        return "/deferred/due_on"


def due_days(first_due_on: date, count: int, every: Every) -> list[date]:
    """Months are counted from the first day and cut to the month's end."""
    if every != "month":
        step = _STEP_DAYS[every]
        return [first_due_on + timedelta(days=step * number) for number in range(count)]
    return [_months_after(first_due_on, number) for number in range(count)]


def _months_after(day: date, months: int) -> date:
    year, month = divmod(12 * day.year + day.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


@dataclass
class _Terms:
    """The instalments beside the down payment, as far as they can be told."""

    total_minor: int
    rest_minor: int
    amounts: Sequence[int] | None
    days: Sequence[date] = field(default_factory=list)


def agree_plan(state: AccountState, offer: PlanOffer, asking: Asking) -> Resolved:
    """Raises `Invalid` with `total_minor` and limits, `Conflict`."""
    policy = asking.policies["plans"]
    ids = arranged_ids(state, offer.currency, offer.invoice_ids, asking.on, with_disputed=False)
    state = with_interest(state, ids, asking)
    number, rule = choose(
        policy.rules, seen := situation(state, asking, offer.currency, ids, owed_on(state, ids))
    )
    terms = _terms_of(state, offer, rule, ids)
    request = PolicyRequest(
        account_id=state.account_id,
        noun="plan",
        requested_at=asking.now,
        requested_on=asking.on,
        answer="refused",
        amount_minor=terms.total_minor,
        situation=seen,
        asked=PlanAsked(
            count=offer.count,
            days=(max(terms.days, default=asking.on) - asking.on).days,
            reagreements=_reagreements(state, offer, asking),
            equal_rest_minor=terms.rest_minor if offer.equal is not None else None,
            amounts=tuple(terms.amounts or ()) if offer.equal is None else (),
        ),
    )
    with asked_of(policy, request):
        _check(state, offer, asking, rule, terms, ids)
    assert terms.amounts is not None
    instalments = _instalments(offer, asking, rule, terms)
    approval = None
    if answer(policy, request) == "supervisor":
        approval = Approval("supervisor", approval_until(asking, instalments[0].due_on))
    fact = PlanAgreed(
        **asking.common(state.account_id),
        policy=PolicyRef("plans", policy.version, number),
        plan_id=offer.plan_id,
        currency=offer.currency,
        kind=offer.kind,
        invoice_ids=ids,
        total_minor=terms.total_minor,
        instalments=instalments,
        has_down_payment=offer.down_payment_minor is not None,
        freeze=rule.frozen(),
        default=rule.default_rule(),
        after_hold_days=rule.after_hold_days,
        replaces=offer.replaces,
        approval=approval,
        mandate_id=offer.mandate_id,
    )
    return Resolved((fact,), request)


def _terms_of(
    state: AccountState, offer: PlanOffer, rule: PlanRule, ids: tuple[str, ...]
) -> _Terms:
    total = max(0, undisputed_on(state, ids))
    rest = total - (offer.down_payment_minor or 0)
    amounts: Sequence[int] | None
    if offer.equal is not None:
        step = rule.step_minor(offer.currency)
        amounts = equal_amounts(rest, offer.equal.count, step) if rest > 0 else None
    elif offer.instalments is not None:
        amounts = [each.amount_minor for each in offer.instalments]
    else:
        amounts = [rest]
    return _Terms(total, rest, amounts, offer.due_days)


def _reagreements(state: AccountState, offer: PlanOffer, asking: Asking) -> int:
    """In the last 365 days, with this one."""
    earlier = [
        known
        for known in plans(state)
        if known.data.replaces is not None
        and known.currency == offer.currency
        and known.state != "refused"
        and asked_since(state, known, asking.on, REAGREED_DAYS)
    ]
    return len(earlier) + (offer.replaces is not None)


def _check(
    state: AccountState,
    offer: PlanOffer,
    asking: Asking,
    rule: PlanRule,
    terms: _Terms,
    ids: tuple[str, ...],
) -> None:
    faults = RequestFaults()
    named = offer.invoice_ids
    check_invoices(state, offer.currency, named, ids, faults, with_disputed=False)
    given = (offer.equal, offer.instalments, offer.deferred_on)
    if sum(each is not None for each in given) != 1:
        faults.add("", "needs exactly one of equal, instalments, deferred")
    else:
        if not faults.errors:
            _check_amounts(offer, rule, terms, faults)
        _check_days(offer, asking, rule, terms, faults)
    conflict = replaced(state, offer.currency, offer.replaces, faults)
    faults.refuse("The plan cannot be agreed.")
    if conflict is not None:
        raise conflict
    check_free(state, ids, asking)


def _check_amounts(offer: PlanOffer, rule: PlanRule, terms: _Terms, faults: RequestFaults) -> None:
    total, down = terms.total_minor, offer.down_payment_minor
    if down is not None and down >= total:
        detail = f"must be less than the total ({total})"
        faults.add("/down_payment_minor", detail, total_minor=total)
        return
    pointer = {"equal": "/equal/count", "instalments": "/instalments"}.get(offer.kind, "/deferred")
    least = rule.least_minor(offer.currency)
    if offer.instalments is not None and sum(terms.amounts or ()) != terms.rest_minor:
        detail = f"must sum to {terms.rest_minor}"
        faults.add(pointer, detail, total_minor=total)
    if terms.amounts is None:
        detail = "leaves nothing for the last instalment"
        faults.add(pointer, detail, total_minor=total)
    elif min(terms.amounts, default=0) < least:
        detail = f"an instalment must be at least {least}"
        faults.add(pointer, detail, total_minor=total, min_instalment_minor=least)
    if offer.count > rule.approve_count:
        detail = f"at most {rule.approve_count} instalments are agreed"
        faults.add(pointer, detail, max_count=rule.approve_count)


def _check_days(
    offer: PlanOffer, asking: Asking, rule: PlanRule, terms: _Terms, faults: RequestFaults
) -> None:
    """They grow, the first is not before the agreement, the last within what is approved."""
    pointers = {
        "equal": "/equal/first_due_on",
        "deferred": "/deferred/due_on",
    }
    first = asking.on
    if offer.down_payment_minor is not None:
        first += timedelta(days=1)  # the down payment has the day itself
    before = first - timedelta(days=1)
    for number, day in enumerate(terms.days):
        if day <= before:
            pointer = pointers.get(offer.kind, f"/instalments/{number}/due_on")
            words = f"lies before {first}" if not number else "must be after the one before"
            faults.add(pointer, words)
            if offer.kind == "equal":
                return
        before = max(day, before)
    latest = asking.on + timedelta(days=rule.approve_days)
    if terms.days and max(terms.days) > latest:
        faults.add(offer.last_pointer, f"ends after {latest}", latest_on=latest)


def _instalments(
    offer: PlanOffer, asking: Asking, rule: PlanRule, terms: _Terms
) -> tuple[Instalment, ...]:
    dues = [
        DueAmount(day, minor) for day, minor in zip(terms.days, terms.amounts or (), strict=True)
    ]
    if offer.down_payment_minor is not None:
        dues.insert(0, DueAmount(asking.on, offer.down_payment_minor))
    return resolved_instalments(dues, rule.grace_business_days, asking)


def cancel_plan(state: AccountState, plan_id: str, reason: str, asking: Asking) -> Resolved:
    """Raises `NotFound`, `Conflict` with its state, `Forbidden`."""
    known = state.objects.of(PLAN).get(plan_id)
    if not isinstance(known, Plan):
        raise not_found(PLAN, plan_id)
    needs_role(asking, "supervisor")
    if known.state not in ("active", PENDING):
        raise in_the_way(f"plan {plan_id} is {known.state}", known.state, state=known.state)
    common = asking.common(state.account_id)
    return Resolved((PlanCancelled(**common, plan_id=plan_id, reason=reason),))

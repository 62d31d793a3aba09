"""What was asked of the policies, as they saw it: to be asked again of another policy.

A command that was refused leaves no fact. So every request for a promise, plan, settlement or
dispute is kept with the figures that its policy looked at, and `answer` says what a policy would
answer. Nothing of a person is in it but the account's tags.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from services.ledger.domain.policies import Policy
from services.ledger.domain.policies.conditions import Situation
from services.ledger.domain.policies.disputes import DisputePolicy
from services.ledger.domain.policies.members import choose
from services.ledger.domain.policies.plans import PlanPolicy, PlanRule, equal_amounts
from services.ledger.domain.policies.promises import PromisePolicy, PromiseRule
from services.ledger.domain.policies.settlements import SettlementPolicy, SettlementRule

Answered = Literal["accepted", "supervisor", "finance", "refused"]
Noun = Literal["promise", "plan", "settlement", "dispute"]
NOUNS: dict[str, Noun] = {  # of the policy that answers
    "promises": "promise",
    "plans": "plan",
    "settlements": "settlement",
    "disputes": "dispute",
}


class PromiseAsked(Struct, frozen=True, kw_only=True, tag="promise", gc=False):
    days: int  # from the day of asking to the due day
    open_promises: int  # others that are open, without those it supersedes
    renewals: int  # how often in a row it would have been superseded with this one
    broken: int  # in the last 180 days
    by_supervisor: bool = False


class PlanAsked(Struct, frozen=True, kw_only=True, tag="plan", gc=False):
    count: int  # of instalments
    days: int  # from the day of asking to the last due day
    reagreements: int  # in the last 365 days, with this one
    equal_rest_minor: int | None = None  # what equal instalments share; None: they are given
    amounts: tuple[int, ...] = ()  # as given


class SettlementAsked(Struct, frozen=True, kw_only=True, tag="settlement", gc=False):
    kind: Literal["offer", "bid"]
    base_minor: int
    amount_minor: int
    instalments: int
    days: int  # from the day of asking to the last payment
    bids: int = 0  # in the 30 days before


class DisputeAsked(Struct, frozen=True, kw_only=True, tag="dispute", gc=False):
    """Every dispute is taken: its policy sets its deadlines and what a rejection costs."""


Asked = PromiseAsked | PlanAsked | SettlementAsked | DisputeAsked


class PolicyRequest(Struct, frozen=True, kw_only=True):
    """One request and what was answered. `is_refused`: for a reason that no policy decides (a hold,
    an amount beyond what is owed), so that every policy answers the same."""

    account_id: str
    noun: Noun
    requested_at: datetime  # business time
    requested_on: date  # in the account's zone
    answer: Answered
    amount_minor: int  # promised, planned, offered, disputed
    situation: Situation
    asked: Asked
    is_refused: bool = False


def answer(policy: Policy, request: PolicyRequest) -> Answered:
    """What a policy answers to a request."""
    asked, situation = request.asked, request.situation
    if request.is_refused:
        return "refused"
    if isinstance(asked, PromiseAsked):
        assert isinstance(policy, PromisePolicy)
        return _promise(choose(policy.rules, situation)[1], asked)
    if isinstance(asked, PlanAsked):
        assert isinstance(policy, PlanPolicy)
        return _plan(choose(policy.rules, situation)[1], asked, situation.currency)
    if isinstance(asked, SettlementAsked):
        assert isinstance(policy, SettlementPolicy)
        return _settlement(choose(policy.rules, situation)[1], asked)
    assert isinstance(policy, DisputePolicy)
    return "accepted"


def _promise(rule: PromiseRule, asked: PromiseAsked) -> Answered:
    is_refused = (
        asked.days > rule.max_days
        or asked.open_promises >= rule.open_max
        or asked.renewals > rule.renewals_max
        or (asked.broken > rule.broken_max and not asked.by_supervisor)
    )
    return "refused" if is_refused else "accepted"


def _plan(rule: PlanRule, asked: PlanAsked, currency: str) -> Answered:
    amounts: Sequence[int] | None = asked.amounts
    if asked.equal_rest_minor is not None:
        amounts = equal_amounts(asked.equal_rest_minor, asked.count, rule.step_minor(currency))
    if amounts is None or min(amounts, default=0) < rule.least_minor(currency):
        return "refused"
    if asked.count > rule.approve_count or asked.days > rule.approve_days:
        return "refused"
    needs_approval = (
        asked.count > rule.max_count
        or asked.days > rule.max_days
        or asked.reagreements > rule.reagreements_max
    )
    return "supervisor" if needs_approval else "accepted"


def _settlement(rule: SettlementRule, asked: SettlementAsked) -> Answered:
    if asked.days > rule.pay_within_days or asked.instalments > rule.instalments_max:
        return "refused"
    if asked.kind == "bid" and asked.bids >= rule.bids_per_30_days:
        return "refused"
    return settlement_answer(rule, asked.amount_minor, asked.base_minor, asked.instalments)


def settlement_answer(
    rule: SettlementRule, amount_minor: int, base_minor: int, instalments: int
) -> Answered:
    """By the share of the base that is paid; what is below every share is refused."""
    auto, supervisor, finance = rule.shares(instalments)
    if 100 * amount_minor >= auto * base_minor:
        return "accepted"
    if 100 * amount_minor >= supervisor * base_minor:
        return "supervisor"
    return "finance" if 100 * amount_minor >= finance * base_minor else "refused"

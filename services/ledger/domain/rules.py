"""What a tenant's policies say of every day: the rules by which an account is computed.

A version comes into force on a day that has begun nowhere, so what held on a day that has begun
never changes. `revision` grows with every change: an account computed by an earlier one is
computed again where the rules of a day that it depends on differ.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Generic, TypeVar

from services.ledger.domain.policies import Policy, allocation, charges
from services.ledger.domain.policies.allocation import AllocationPolicy
from services.ledger.domain.policies.charges import Charging, Pack, Post, charging
from services.ledger.domain.policies.disputes import DisputePolicy
from services.ledger.domain.policies.recovery import RecoveryPolicy
from services.ledger.domain.rates import NO_RATES, RateTables
from shared.documents.history import History

Content = TypeVar("Content")
Other = TypeVar("Other")


@dataclass(frozen=True)
class Dated(Generic[Content]):
    """What is in force on each day: the first of all, and what took its place from a day on."""

    first: Content
    from_on: tuple[date, ...] = ()  # growing
    later: tuple[Content, ...] = ()  # one for each of them

    def at(self, day: date) -> Content:
        """What is in force on a day of the account's zone."""
        number = bisect_right(self.from_on, day)
        return self.later[number - 1] if number else self.first

    def map(self, make: Callable[[Content], Other]) -> "Dated[Other]":
        """The same days with what is made of each."""
        return Dated(make(self.first), self.from_on, tuple(make(each) for each in self.later))


@dataclass(frozen=True, kw_only=True)
class Rules:
    """All that the rules of an account need of its tenant, as one value."""

    revision: int = field(default=0, compare=False)
    disputes: Dated[DisputePolicy] = Dated(DisputePolicy(name="disputes", version="default"))
    recovery: Dated[RecoveryPolicy] = Dated(RecoveryPolicy(name="recovery", version="default"))
    charges: Dated[Charging] = Dated(charging(charges.BUILT_IN, {}))
    allocation: Dated[AllocationPolicy] = Dated(allocation.BUILT_IN)
    rates: RateTables = NO_RATES
    reporting_currency: str | None = None
    calendar: str | None = None

    @cached_property
    def has_small_balances(self) -> bool:
        """Whether balances are ever let go by themselves."""
        policies = (self.recovery.first, *self.recovery.later)
        return any(policy.small_balance.is_above_zero for policy in policies)

    @cached_property
    def chargings(self) -> tuple[Charging, ...]:
        return (self.charges.first, *self.charges.later)

    @cached_property
    def has_charges(self) -> bool:
        """Whether anything is ever charged by itself."""
        return any(not charging.is_empty for charging in self.chargings)

    @cached_property
    def charges_from(self) -> date:
        """Before this day nothing is ever charged."""
        days = (date.min, *self.charges.from_on)
        found = [day for day, each in zip(days, self.chargings, strict=True) if not each.is_empty]
        return min(found, default=date.max)

    @cached_property
    def makes_objects(self) -> bool:
        """Whether facts about invoices and money alone ever bring anything besides those."""
        return self.has_charges or self.has_small_balances

    @cached_property
    def has_interest(self) -> bool:
        return any(charging.interest for charging in self.chargings)

    @cached_property
    def late_fee_steps(self) -> tuple[int, ...]:
        """Every step at which some version could charge a late fee."""
        return tuple(sorted({step for each in self.chargings for step in each.late_fee_steps()}))

    @cached_property
    def has_compensation(self) -> bool:
        return any(one.rule.kind == "compensation" for each in self.chargings for one in each.steps)

    @cached_property
    def posts(self) -> tuple[Post, ...]:
        """The ways in which interest is ever posted. Days that no rule fits are posted by stage."""
        named = {one.rule.post for each in self.chargings for one in each.interest}
        return tuple(sorted(named | {"stage"})) if named else ()

    @cached_property
    def ages(self) -> tuple[int, ...]:
        """The days past due at which another rule or limit may begin to fit."""
        whens = [known.rule.when.when for each in self.chargings for known in each.interest]
        whens += [limit.when.when for each in self.chargings for limit in each.limits]
        return tuple(
            sorted({age for when in whens for age in (when.age_from, when.age_below) if age})
        )

    @cached_property
    def brings_along(self) -> bool:
        """Whether some version counts days of before it."""
        return any(each.accrue_from is not None and each.interest for each in self.chargings)


NO_RULES = Rules()


def dated(history: History[Policy], name: str) -> Dated[Policy]:
    """What a tenant has in force by day; of several for one day the one asked for last."""
    found: dict[date, Policy] = {}
    for activation in history.activations:
        if activation.name == name:
            assert activation.from_on is not None, "a policy counts from a day on"
            assert activation.version is not None, "a policy never ends"
            found[activation.from_on] = history.content(name, activation.version)
    days = sorted(found)
    first = history.built_in[name].content
    return Dated(first, tuple(days), tuple(found[day] for day in days))


def rules_of(
    history: History[Policy],
    *,
    packs: Mapping[str, Pack],
    rates: RateTables,
    reporting_currency: str | None,
    calendar: str | None,
) -> Rules:
    """The rules that a tenant's policies, its rates and its settings make."""
    activated = history.activations[-1].number if history.activations else 0
    return Rules(
        revision=activated + rates.revision,
        disputes=dated(history, "disputes"),
        recovery=dated(history, "recovery"),
        charges=dated(history, "charges").map(lambda policy: charging(policy, packs)),
        allocation=dated(history, "allocation"),
        rates=rates,
        reporting_currency=reporting_currency,
        calendar=calendar,
    )

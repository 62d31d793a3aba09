"""Conditions of steps and of assignments: what must be known to be so of an account and an invoice.

A `when` is a list of cases of which one must hold; all of a case must hold. What is not known fails
its condition, whichever way it asks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal

from shared.money import DECIMALS

WordFact = Literal["kind", "country", "language", "segment", "party", "product", "purpose", "payer"]
AmountFact = Literal["amount", "balance", "overdue", "collectable"]
NumberFact = Literal[
    "days_past_due", "stage", "pays_within", "late_payment", "priority", "contacts",
    "promises_broken",
]  # fmt: skip
Side = Literal["from", "below"]  # at least, less than
DEFAULT_CURRENCY: Final = "default"


@dataclass(frozen=True, kw_only=True)
class ConditionFacts:
    """What conditions are asked of; None: not known."""

    kind: str | None = None
    country: str | None = None
    language: str | None = None
    segment: str | None = None
    party: str | None = None
    arms: Mapping[str, str] = field(default_factory=dict)  # by experiment
    tags: frozenset[str] | None = None
    # of the invoice; a reaction has none of them
    product: str | None = None
    purpose: str | None = None
    payer: str | None = None
    amount: int | None = None  # minor units: balance less what is disputed
    days_past_due: int | None = None
    stage: int | None = None
    # of the account, in the currency; minor units
    currency: str | None = None
    balance: int | None = None
    overdue: int | None = None
    collectable: int | None = None
    # as segmentation has given them last
    pays_within: float | None = None
    late_payment: float | None = None
    priority: float | None = None
    contacts: int | None = None  # attempts on the account since its last payment
    promises_broken: int | None = None  # in 180 days
    answered: bool | None = None  # since the last made step


@dataclass(frozen=True, kw_only=True)
class AmountBound:
    """Major units by currency; under `default` for those that are not named."""

    fact: AmountFact
    side: Side
    amounts: Mapping[str, Decimal]

    def holds(self, facts: ConditionFacts) -> bool:
        minor: int | None = getattr(facts, self.fact)
        currency = facts.currency
        if minor is None or currency is None:
            return False
        bound = self.amounts.get(currency, self.amounts.get(DEFAULT_CURRENCY))
        decimals = DECIMALS.get(currency)
        if bound is None or decimals is None:
            return False
        limit = bound.scaleb(decimals)
        return minor >= limit if self.side == "from" else minor < limit


@dataclass(frozen=True, kw_only=True)
class NumberBound:
    fact: NumberFact
    side: Side
    limit: Decimal

    def holds(self, facts: ConditionFacts) -> bool:
        value: float | None = getattr(facts, self.fact)
        if value is None:
            return False
        known = Decimal(str(value))  # 0.6 as it is written, not as a float has it
        return known >= self.limit if self.side == "from" else known < self.limit


@dataclass(frozen=True, kw_only=True)
class Case:
    """Everything in it must hold."""

    words: Mapping[WordFact, frozenset[str]] = field(default_factory=dict)
    arms: Mapping[str, frozenset[str]] = field(default_factory=dict)  # by experiment
    tags_any: frozenset[str] = frozenset()
    tags_all: frozenset[str] = frozenset()
    tags_none: frozenset[str] = frozenset()
    amounts: tuple[AmountBound, ...] = ()
    numbers: tuple[NumberBound, ...] = ()
    answered: bool | None = None

    def holds(self, facts: ConditionFacts) -> bool:
        return (
            all(_is_among(fact, facts, allowed) for fact, allowed in self.words.items())
            and all(facts.arms.get(name) in arms for name, arms in self.arms.items())
            and self._tags_hold(facts.tags)
            and all(bound.holds(facts) for bound in self.amounts)
            and all(bound.holds(facts) for bound in self.numbers)
            and (self.answered is None or facts.answered is self.answered)
        )

    def _tags_hold(self, tags: frozenset[str] | None) -> bool:
        if not (self.tags_any or self.tags_all or self.tags_none):
            return True
        if tags is None:
            return False
        return (
            (not self.tags_any or not self.tags_any.isdisjoint(tags))
            and self.tags_all <= tags
            and self.tags_none.isdisjoint(tags)
        )


def _is_among(fact: WordFact, facts: ConditionFacts, allowed: frozenset[str]) -> bool:
    word: str | None = getattr(facts, fact)
    if word is None:
        return False
    if fact == "language":  # `de` takes `de-AT` too
        return word.lower() in allowed or word.lower().partition("-")[0] in allowed
    return word in allowed


When = tuple[Case, ...]

ALWAYS: Final[When] = ()


def holds(when: When, facts: ConditionFacts) -> bool:
    """Whether one of the cases holds; without cases nothing is asked."""
    return not when or any(case.holds(facts) for case in when)

"""The policy `plans`: which instalment plans are agreed, and when one defaults."""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from services.ledger.domain.agreements import DefaultRule, Freeze
from services.ledger.domain.policies.amounts import AmountByCurrency
from services.ledger.domain.policies.clashes import Clash, Clashes
from services.ledger.domain.policies.conditions import When
from services.ledger.domain.policies.members import (
    RULES_MAX,
    Count,
    Days,
    GraceDays,
    SomeCount,
    SomeDays,
    Version,
)
from shared.events.ledger import Stage

SOURCE = """\
name: plans
version: default
rules:
  - {max_count: 12, approve_count: 24, max_days: 400, approve_days: 800, min_instalment: {default: 10}, round_to: {default: 0}, reagreements_max: 1,
     grace_business_days: 3, default: {missed: 2, days: 30, new_invoice_stage: null}, after_hold_days: 14, freeze: {fees: true, interest: true}}
"""  # noqa: E501
_TEN = AmountByCurrency(others=Decimal(10))
_NOTHING = AmountByCurrency(others=Decimal(0))


class PlanDefaults(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """When a plan defaults, beside a missed down payment."""

    missed: SomeCount | None = 2
    days: SomeDays | None = 30
    new_invoice_stage: Stage | None = None

    def clashes(self) -> Clashes:
        if self.missed is None and self.days is None:
            yield Clash(("days", "missed"), "must not be null while missed is null too")


class PlanFreeze(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is not charged while a plan is in force."""

    fees: bool = True
    interest: bool = True


class PlanRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    when: When | None = None
    max_count: SomeCount = 12  # of instalments, without approval
    approve_count: SomeCount = 24  # with approval
    max_days: Days = 400
    approve_days: Days = 800
    min_instalment: AmountByCurrency = _TEN
    round_to: AmountByCurrency = _NOTHING  # 0: one minor unit
    reagreements_max: Count = 1  # in 365 days
    grace_business_days: GraceDays = 3
    default: PlanDefaults = PlanDefaults()
    after_hold_days: Days = 14
    freeze: PlanFreeze = PlanFreeze()

    def clashes(self) -> Clashes:
        if self.max_count > self.approve_count:
            words = f"must not be above approve_count ({self.approve_count})"
            yield Clash(("max_count", "approve_count"), words)
        if self.max_days > self.approve_days:
            words = f"must not be above approve_days ({self.approve_days})"
            yield Clash(("max_days", "approve_days"), words)

    def least_minor(self, currency: str) -> int:
        """What an instalment must be at least."""
        return max(1, self.min_instalment.minor(currency) or 0)

    def step_minor(self, currency: str) -> int:
        """Of what equal instalments are multiples."""
        return self.round_to.minor(currency) or 1

    def default_rule(self) -> DefaultRule:
        """As a fact keeps it."""
        given = self.default
        return DefaultRule(given.missed, given.days, given.new_invoice_stage)

    def frozen(self) -> Freeze:
        """As a fact keeps it."""
        return Freeze(self.freeze.fees, self.freeze.interest)


class PlanPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Literal["plans"]
    version: Version
    rules: Annotated[tuple[PlanRule, ...], Meta(min_length=1, max_length=RULES_MAX)]


def equal_amounts(rest_minor: int, count: int, step_minor: int) -> tuple[int, ...] | None:
    """`count` equal instalments: rest ÷ count rounded up to a whole step; the last takes what is
    left. None: nothing is left for it."""
    each = -(-rest_minor // (count * step_minor)) * step_minor
    last = rest_minor - each * (count - 1)
    return (*([each] * (count - 1)), last) if last > 0 else None

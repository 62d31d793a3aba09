"""The policy `charges`: what is charged for paying late, as values.

Amounts are exact by currency, percentages are fractions; nothing is ever a float. Rules are read by
`charge_rules`, this module holds what they say and how a policy stands together with its packs.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Generic, Literal, TypeVar

from msgspec import Struct

from services.ledger.domain.agreements import Role
from services.ledger.domain.policies.amounts import AmountByCurrency
from services.ledger.domain.policies.debts import ALWAYS, Debt, DebtWhen

NAME = "charges"
STEP_MAX = 3650

StepKind = Literal["late_fee", "compensation"]
DayCount = Literal["act/365", "act/360", "30/360"]
Post = Literal["stage", "month", "none"]
ReversalKind = Literal["refund", "chargeback", "bounced"]
Limited = Literal["fee", "cost"]
Confidence = Literal["verified", "unverified"]


class Disclosure(Struct, frozen=True):
    """One of the texts must have been disclosed, this many days before at the latest."""

    texts: tuple[str, ...]
    days_before: int = 1


class Band(Struct, frozen=True):
    """`below` None: the last band."""

    below: AmountByCurrency | None
    fixed: AmountByCurrency


class FeeAmount(Struct, frozen=True, kw_only=True):
    """Exactly one of fixed, percent and bands."""

    fixed: AmountByCurrency | None = None
    percent: Fraction | None = None
    of: Literal["balance", "amount"] = "balance"
    least: AmountByCurrency | None = None
    most: AmountByCurrency | None = None
    bands: tuple[Band, ...] = ()


class Cap(Struct, frozen=True):
    """What the late fees of an invoice may come to."""

    per_invoice: AmountByCurrency | None = None
    percent_of_invoice: Fraction | None = None


class ChargeRule(Struct, frozen=True, kw_only=True):
    """What every rule says. `because`: why it holds without a disclosure, or where it stands."""

    id: str
    when: DebtWhen = ALWAYS
    disclosure: Disclosure | None = None
    because: str | None = None


class StepRule(ChargeRule, frozen=True, kw_only=True):
    """A late fee at a step, or the compensation at step 1."""

    kind: StepKind
    step: int = 1
    amount: FeeAmount
    minimum_balance: AmountByCurrency | None = None
    cap: Cap | None = None


class Rate(Struct, frozen=True, kw_only=True):
    """Percent a year, or a margin over a reference."""

    percent: Fraction | None = None
    reference: str | None = None
    margin: Fraction = Fraction(0)
    fixed_at_start: bool = False


class InterestRule(ChargeRule, frozen=True, kw_only=True):
    rate: Rate
    day_count: DayCount = "act/365"
    after_days: int = 0
    post: Post = "stage"
    minimum: AmountByCurrency | None = None


class BounceFeeRule(ChargeRule, frozen=True, kw_only=True):
    """For a payment that came back; a percentage is of what was taken back."""

    reversals: tuple[ReversalKind, ...]
    amount: FeeAmount


AnyRule = StepRule | InterestRule | BounceFeeRule
SomeRule = TypeVar("SomeRule", bound=ChargeRule)


class Limit(Struct, frozen=True, kw_only=True):
    """What no rule may go beyond, for debts that fit."""

    when: DebtWhen = ALWAYS
    none: frozenset[Limited] = frozenset()
    max_fee: AmountByCurrency | None = None
    max_rate: Rate | None = None


class Waive(Struct, frozen=True):
    """Up to what anybody may waive, and who may waive more."""

    within: AmountByCurrency = AmountByCurrency()
    role: Role = "supervisor"

    def is_free(self, amount_minor: int, currency: str) -> bool:
        return amount_minor <= (self.within.minor(currency) or 0)


class ChargesPolicy(Struct, frozen=True, kw_only=True):
    name: str = NAME
    version: str
    packs: tuple[str, ...] = ()
    accept_unverified: tuple[str, ...] = ()
    accrue_from: date | None = None
    rules: tuple[AnyRule, ...] = ()
    limits: tuple[Limit, ...] = ()
    waive: Waive = Waive()


class Pack(Struct, frozen=True, kw_only=True):
    """Statutory rules that come with the ledger. A shipped pack does not change: another law is
    another pack."""

    name: str
    title: str
    source: str
    verified_on: date | None
    confidence: Confidence
    rules: tuple[AnyRule, ...] = ()
    limits: tuple[Limit, ...] = ()


class Applied(Struct, Generic[SomeRule], frozen=True):
    """A rule and where it comes from."""

    rule: SomeRule
    pack: str | None = None  # None: the policy's own


class Charging(Struct, frozen=True, kw_only=True):
    """A policy with its packs: own rules first, then packs in the policy's order."""

    policy_version: str
    accrue_from: date | None
    waive: Waive
    steps: tuple[Applied[StepRule], ...]
    interest: tuple[Applied[InterestRule], ...]
    bounce_fees: tuple[Applied[BounceFeeRule], ...]
    limits: tuple[Limit, ...]

    @property
    def is_empty(self) -> bool:
        """Nothing is ever charged."""
        return not (self.steps or self.interest or self.bounce_fees)

    def late_fee_steps(self) -> tuple[int, ...]:
        """Every step at which some rule could charge a late fee."""
        return tuple(sorted({one.rule.step for one in self.steps if one.rule.kind == "late_fee"}))

    def late_fee_rule(self, step: int, debt: Debt) -> Applied[StepRule] | None:
        return _first(
            (one for one in self.steps if one.rule.kind == "late_fee" and one.rule.step == step),
            debt,
        )

    def compensation_rule(self, debt: Debt) -> Applied[StepRule] | None:
        return _first((one for one in self.steps if one.rule.kind == "compensation"), debt)

    def interest_rule(self, debt: Debt) -> Applied[InterestRule] | None:
        return _first(self.interest, debt)

    def bounce_fee_rule(self, reversal: ReversalKind, debt: Debt) -> Applied[BounceFeeRule] | None:
        return _first((one for one in self.bounce_fees if reversal in one.rule.reversals), debt)

    def limits_of(self, debt: Debt) -> tuple[Limit, ...]:
        """All that fit."""
        return tuple(limit for limit in self.limits if limit.when.fits(debt))


def charging(policy: ChargesPolicy, library: Mapping[str, Pack]) -> Charging:
    """The policy with those of its packs that count: unverified ones only where it accepts them."""
    used = [
        pack
        for pack in (library[name] for name in policy.packs)
        if pack.confidence == "verified" or pack.name in policy.accept_unverified
    ]
    rules: list[tuple[AnyRule, str | None]] = [(rule, None) for rule in policy.rules]
    rules.extend((rule, pack.name) for pack in used for rule in pack.rules)
    return Charging(
        policy_version=policy.version,
        accrue_from=policy.accrue_from,
        waive=policy.waive,
        steps=tuple(Applied(rule, pack) for rule, pack in rules if isinstance(rule, StepRule)),
        interest=tuple(
            Applied(rule, pack) for rule, pack in rules if isinstance(rule, InterestRule)
        ),
        bounce_fees=tuple(
            Applied(rule, pack) for rule, pack in rules if isinstance(rule, BounceFeeRule)
        ),
        limits=(*policy.limits, *(limit for pack in used for limit in pack.limits)),
    )


def _first(rules: Iterable[Applied[SomeRule]], debt: Debt) -> Applied[SomeRule] | None:
    return next((one for one in rules if one.rule.when.fits(debt)), None)


SOURCE = "{name: charges, version: default}\n"
BUILT_IN = ChargesPolicy(version="default")

"""Which strategy an account is on: the first rule that takes it, a person's word above all rules,
and who stays for now on what was in force before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from services.outreach.dunning.domain.conditions import ConditionFacts, When, holds

InFlight = Literal["keep", "move"]
Because = Literal["rule", "override", "activation"]
IN_FLIGHT_DEFAULT: Final[InFlight] = "keep"


@dataclass(frozen=True, kw_only=True)
class AssignmentRule:
    strategy: str | None  # None: nobody contacts of his own accord
    when: When


@dataclass(frozen=True, kw_only=True)
class Assignments:
    """One version of the rules; the last takes everybody who is left."""

    version: str
    rules: tuple[AssignmentRule, ...]

    def place(self, facts: ConditionFacts) -> int:
        """The place of the first rule that takes an account."""
        return next(index for index, rule in enumerate(self.rules) if holds(rule.when, facts))

    @property
    def strategies(self) -> frozenset[str]:
        """The names in them."""
        return frozenset(rule.strategy for rule in self.rules if rule.strategy is not None)


@dataclass(frozen=True, kw_only=True)
class Override:
    """A person's word, which stands above all rules."""

    strategy: str | None  # None: no strategy


@dataclass(frozen=True, kw_only=True)
class AccountStrategy:
    """What an account is on."""

    strategy: str | None
    version: str | None
    because: Because
    rule: int | None = None
    assignments_version: str | None = None  # whose rules have put it there
    is_kept: bool = False  # it stays on what was in force before, until no made step is open
    number: int = 0  # how often it was put on another one

    def is_on_same(self, other: "AccountStrategy | None") -> bool:
        return other is not None and (self.strategy, self.version) == (
            other.strategy,
            other.version,
        )


@dataclass(frozen=True, kw_only=True)
class StrategiesInForce:
    """What counts at an instant: versions by name of strategy, and the rules, each with what its
    activation wants of accounts under way."""

    versions: Mapping[str, str]
    version_modes: Mapping[str, InFlight]  # by name; of what came with us: keep
    assignments: Assignments
    assignments_mode: InFlight


@dataclass(frozen=True, kw_only=True)
class Asked:
    """An account that is asked which strategy it is on."""

    facts: ConditionFacts
    now_on: AccountStrategy | None
    override: Override | None
    is_under_way: bool  # a step was made on an invoice of it that is open


def assign(
    asked: Asked,
    in_force: StrategiesInForce,
    earlier: Callable[[str], Assignments | None],
    because: Because,
) -> AccountStrategy:
    """What it is on from now on. `earlier` are the rules of a version that was in force before."""
    now_on = asked.now_on
    if asked.override is not None:
        name = asked.override.strategy
        return _on(name, asked, in_force, "override", None, now_on)
    rules = in_force.assignments
    keeps_rules = (
        now_on is not None
        and asked.is_under_way
        and in_force.assignments_mode == "keep"
        and now_on.because != "override"
        and now_on.assignments_version not in (None, rules.version)
    )
    if keeps_rules and now_on is not None and now_on.assignments_version is not None:
        before = earlier(now_on.assignments_version)
        place = None if before is None else before.place(asked.facts)
        if before is not None and place is not None:
            name = before.rules[place].strategy
            kept = _on(name, asked, in_force, because, place, now_on)
            if name is None or kept.version is not None:
                return replace(kept, assignments_version=before.version, is_kept=True)
    place = rules.place(asked.facts)
    found = _on(rules.rules[place].strategy, asked, in_force, because, place, now_on)
    return replace(found, assignments_version=rules.version)


def _on(
    name: str | None,
    asked: Asked,
    in_force: StrategiesInForce,
    because: Because,
    place: int | None,
    now_on: AccountStrategy | None,
) -> AccountStrategy:
    """The version of that strategy that the account is on: the one in force, or for an account
    under way the one that it is on."""
    if name is None:
        return AccountStrategy(strategy=None, version=None, because=because, rule=place)
    version = in_force.versions.get(name)
    is_kept = (
        asked.is_under_way
        and now_on is not None
        and now_on.strategy == name
        and now_on.version not in (None, version)
        and in_force.version_modes.get(name, IN_FLIGHT_DEFAULT) == "keep"
    )
    if is_kept and now_on is not None:
        version = now_on.version
    return AccountStrategy(
        strategy=name if version is not None else None,
        version=version,
        because=because,
        rule=place,
        is_kept=is_kept,
    )

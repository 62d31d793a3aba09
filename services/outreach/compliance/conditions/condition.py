"""A condition in three-valued logic: true, false, or `MAYBE` where something isn't known; it never
guesses. Conditions combine by `all`, `any`, `not` and `surely`, which takes only what is known to
be true, and asks for nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from services.outreach.compliance.facts.vocabulary import Fact

NO, YES, MAYBE = 0, 1, -1  # truth values: small numbers, because thousands a second are made
Truth = int


class KnownFacts(Protocol):
    """What conditions need of the facts of a question."""

    def value(self, name: str, debt: int, at: datetime) -> Any: ...

    def days_since(self, value: date | datetime, at: datetime) -> tuple[int, int]:
        """Local days from then to `at`: the fewest and the most over all plausible zones."""


Test = Callable[[KnownFacts, int, datetime], Truth]


@dataclass(frozen=True)
class Condition:
    """A compiled condition. `facts` are all it may read, in the order of the text."""

    test: Test
    facts: tuple[Fact, ...]
    parts: tuple["Condition", ...] = ()
    text: str = ""

    @property
    def per_debt(self) -> bool:
        return any(fact.per_debt for fact in self.facts)

    @property
    def timed(self) -> bool:
        """Whether its truth may change with the clock alone."""
        return any(fact.timed for fact in self.facts) or any(part.timed for part in self.parts)

    @property
    def dated(self) -> bool:
        """Whether its truth may change when an instant comes that the question names."""
        return any(fact.dated for fact in self.facts) or any(part.dated for part in self.parts)

    def unknowns(self, known: KnownFacts, debt: int, at: datetime) -> list[Fact]:
        """The facts to settle where the condition is neither true nor false."""
        if self.test(known, debt, at) != MAYBE:
            return []
        if not self.parts:
            return list(self.facts)
        found: dict[str, Fact] = {}
        for part in self.parts:
            found |= {fact.name: fact for fact in part.unknowns(known, debt, at)}
        return list(found.values())


def always(_known: KnownFacts, _debt: int, _at: datetime) -> Truth:
    return YES


ALWAYS = Condition(always, (), text="always")


# ── Combining ───────────────────────────────────────────────────────────────────────────────────


def _merged(parts: tuple[Condition, ...]) -> tuple[Fact, ...]:
    return tuple({fact.name: fact for part in parts for fact in part.facts}.values())


def _joined(word: str, parts: tuple[Condition, ...]) -> str:
    """The words of several conditions; those that hold words of the other kind in brackets."""
    return word.join(
        f"({part.text})" if len(part.parts) > 1 and len(parts) > 1 else part.text for part in parts
    )


def all_of(parts: tuple[Condition, ...]) -> Condition:
    tests = tuple(part.test for part in parts)

    def test(known: KnownFacts, debt: int, at: datetime) -> Truth:
        truth = YES
        for each in tests:
            one = each(known, debt, at)
            if one == NO:
                return NO
            if one == MAYBE:
                truth = MAYBE
        return truth

    return Condition(test, _merged(parts), parts, _joined(" and ", parts))


def any_of(parts: tuple[Condition, ...]) -> Condition:
    tests = tuple(part.test for part in parts)

    def test(known: KnownFacts, debt: int, at: datetime) -> Truth:
        truth = NO
        for each in tests:
            one = each(known, debt, at)
            if one == YES:
                return YES
            if one == MAYBE:
                truth = MAYBE
        return truth

    return Condition(test, _merged(parts), parts, _joined(" or ", parts))


def negation(part: Condition) -> Condition:
    inner = part.test

    def test(known: KnownFacts, debt: int, at: datetime) -> Truth:
        one = inner(known, debt, at)
        return MAYBE if one == MAYBE else 1 - one

    return Condition(test, part.facts, (part,), f"not ({part.text})")


def surely(part: Condition) -> Condition:
    inner = part.test

    def test(known: KnownFacts, debt: int, at: datetime) -> Truth:
        return YES if inner(known, debt, at) == YES else NO

    return Condition(test, part.facts, (part,), part.text)

"""Tests of one fact by its type: a flag, one of several words, bounds of a number, age of a day.

Whoever writes a test that doesn't fit the fact gets a `ValueError` that says why.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from msgspec import UNSET

from services.outreach.compliance.conditions.condition import (
    MAYBE,
    NO,
    YES,
    Condition,
    KnownFacts,
    Truth,
    all_of,
)
from services.outreach.compliance.facts.vocabulary import Fact


@dataclass(frozen=True)
class _Aged(Condition):
    """A test of how long ago something was: true today may be false tomorrow."""

    @property
    def timed(self) -> bool:
        return True


@dataclass(frozen=True)
class _Given(Condition):
    """A test whether something happened: not before it did."""

    @property
    def timed(self) -> bool:
        return self.facts[0].type == "day"

    @property
    def dated(self) -> bool:
        return True


_OPERATORS: dict[str, frozenset[str]] = {
    "flag": frozenset({"given"}),
    "word": frozenset({"given", "not_in"}),
    "number": frozenset({"given", "from", "to", "above", "below"}),
    "instant": frozenset({"given", "within_days", "older_than_days"}),
    "day": frozenset({"given", "within_days", "older_than_days", "from", "before"}),
}


def fact_test(fact: Fact, test: Any) -> Condition:
    if isinstance(test, Mapping):
        return _operators(fact, test)
    if fact.type == "flag":
        if not isinstance(test, bool):
            raise ValueError("is a flag: true or false")
        return _flag_test(fact, test)
    if fact.type == "word":
        wanted = _words(fact, test)
        text = f"{fact.name} is {' or '.join(sorted(wanted))}"
        return _value_test(fact, lambda value: value in wanted, text)
    if fact.type == "number":
        if isinstance(test, bool) or not isinstance(test, int):
            raise ValueError("is a number: 30, or {from: 30, below: 60}")
        return _value_test(fact, lambda value: value == test, f"{fact.name} is {test}")
    raise ValueError(
        f"is {_ARTICLES[fact.type]}: test it with {', '.join(sorted(_OPERATORS[fact.type]))}"
    )


_ARTICLES = {"instant": "an instant", "day": "a day"}


def _words(fact: Fact, test: Any) -> frozenset[str]:
    words = [test] if isinstance(test, str) else test
    if not isinstance(words, list | tuple) or not words or not all(type(w) is str for w in words):
        raise ValueError("is a word: a text or a list of texts")
    if fact.words is not None:
        for word in words:
            if word not in fact.words:
                raise ValueError(f"can't be {word!r}; it is one of {', '.join(sorted(fact.words))}")
    return frozenset(words)


def _value_test(fact: Fact, holds: Callable[[Any], bool], text: str) -> Condition:
    name = fact.name

    def test(known: KnownFacts, debt: int, at: datetime) -> Truth:
        value = known.value(name, debt, at)
        return MAYBE if value is UNSET else int(holds(value))

    return Condition(test, (fact,), text=text)


def _flag_test(fact: Fact, wanted: bool) -> Condition:
    """The same for a flag, which most conditions are about."""
    name = fact.name
    yes, no = (YES, NO) if wanted else (NO, YES)

    def test(known: KnownFacts, debt: int, at: datetime) -> Truth:
        value = known.value(name, debt, at)
        return MAYBE if value is UNSET else yes if value else no

    return Condition(test, (fact,), text=f"{name} is {'so' if wanted else 'not so'}")


def _operators(fact: Fact, test: Mapping[str, Any]) -> Condition:
    allowed = _OPERATORS[fact.type]
    if not test:
        raise ValueError("needs a test")
    for operator in test:
        if operator not in allowed:
            raise ValueError(
                f"{operator!r} does not fit a {fact.type}; here are: {', '.join(sorted(allowed))}"
            )
    parts = tuple(_operator(fact, operator, wanted) for operator, wanted in test.items())
    return parts[0] if len(parts) == 1 else all_of(parts)


def _operator(fact: Fact, operator: str, wanted: Any) -> Condition:
    text = f"{fact.name} {operator.replace('_', ' ')} {wanted}"
    if operator == "given":
        if not isinstance(wanted, bool):
            raise ValueError("`given` is true or false")
        text = f"{fact.name} is {'given' if wanted else 'not given'}"
        if fact.type in {"instant", "day"}:
            return _given_test(fact, wanted, text)
        return _value_test(fact, lambda value: (value is not None) is wanted, text)
    if operator == "not_in":
        words = _words(fact, wanted)
        return _value_test(fact, lambda value: value not in words, text)
    if operator in {"within_days", "older_than_days"}:
        return _age_test(fact, operator, _whole(operator, wanted), text)
    if fact.type == "day":
        if type(wanted) is not date:
            raise ValueError(f"`{operator}` must be a day like 2026-03-31")
    else:
        _whole(operator, wanted)
    compare = _COMPARE[operator]
    return _value_test(fact, lambda value: value is not None and compare(value, wanted), text)


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "from": lambda value, wanted: value >= wanted,
    "to": lambda value, wanted: value <= wanted,
    "above": lambda value, wanted: value > wanted,
    "below": lambda value, wanted: value < wanted,
    "before": lambda value, wanted: value < wanted,
}


def _whole(operator: str, wanted: Any) -> int:
    if isinstance(wanted, bool) or not isinstance(wanted, int):
        raise ValueError(f"`{operator}` must be a whole number")
    return wanted


def _given_test(fact: Fact, wanted: bool, text: str) -> Condition:
    """Whether something that has an instant or a day has happened by now."""
    name, is_day = fact.name, fact.type == "day"

    def test(known: KnownFacts, debt: int, at: datetime) -> Truth:
        value = known.value(name, debt, at)
        if value is UNSET:
            return MAYBE
        if value is None:
            return int(not wanted)
        if is_day:
            fewest, most = known.days_since(value, at)
            if fewest < 0 <= most:
                return MAYBE
            return int((most >= 0) is wanted)
        return int((value <= at) is wanted)

    return _Given(test, (fact,), text=text)


def _age_test(fact: Fact, operator: str, days: int, text: str) -> Condition:
    name, within = fact.name, operator == "within_days"

    def test(known: KnownFacts, debt: int, at: datetime) -> Truth:
        value = known.value(name, debt, at)
        if value is UNSET:
            return MAYBE
        if value is None:
            return NO
        fewest, most = known.days_since(value, at)
        if fewest < 0:
            return MAYBE if most >= 0 else NO  # not yet
        if most <= days:
            return YES if within else NO
        if fewest > days:
            return NO if within else YES
        return MAYBE  # it depends on where the debtor is

    return _Aged(test, (fact,), text=text)

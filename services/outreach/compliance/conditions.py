"""The small language of `when` and `unless`: tests of facts, in three-valued logic.

A condition is a mapping of fact → test, all of which must hold, and of `all`, `any`, `not`,
`surely` with conditions below. What isn't known makes it neither true nor false (`MAYBE`); it never
guesses. `surely` takes only what is known to be true, and asks for nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from msgspec import UNSET

from services.outreach.compliance.vocabulary import FACTS, Fact
from shared.errors import FieldError
from shared.field_errors import escape

NO, YES, MAYBE = 0, 1, -1  # truth values: small numbers, because thousands a second are made
Truth = int


class Known(Protocol):
    """What conditions need of the facts of a question."""

    def value(self, name: str, debt: int, at: datetime) -> Any: ...

    def days_since(self, value: date | datetime, at: datetime) -> tuple[int, int]:
        """Local days from then to `at`: the fewest and the most over all plausible zones."""


Test = Callable[[Known, int, datetime], Truth]


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

    def unknowns(self, known: Known, debt: int, at: datetime) -> list[Fact]:
        """The facts to settle where the condition is neither true nor false."""
        if self.test(known, debt, at) != MAYBE:
            return []
        if not self.parts:
            return list(self.facts)
        found: dict[str, Fact] = {}
        for part in self.parts:
            found |= {fact.name: fact for fact in part.unknowns(known, debt, at)}
        return list(found.values())


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


def always(_known: Known, _debt: int, _at: datetime) -> Truth:
    return YES


ALWAYS = Condition(always, (), text="always")


def compile_condition(raw: Any, pointer: str, errors: list[FieldError]) -> Condition:
    """A condition from its plain data. Faults go to `errors`; the result is then of no use."""
    if not isinstance(raw, Mapping) or not raw:
        errors.append(FieldError(pointer, "must be conditions: a mapping of fact to test"))
        return ALWAYS
    parts = tuple(_entry(str(key), test, pointer, errors) for key, test in raw.items())
    return parts[0] if len(parts) == 1 else _all(parts)


def _entry(key: str, test: Any, pointer: str, errors: list[FieldError]) -> Condition:
    at = f"{pointer}/{escape(key)}"
    if key in {"all", "any"}:
        if not isinstance(test, list | tuple) or not test:
            errors.append(FieldError(at, "must be a list of conditions"))
            return ALWAYS
        inner = tuple(
            compile_condition(item, f"{at}/{number}", errors) for number, item in enumerate(test)
        )
        return _all(inner) if key == "all" else _any(inner)
    if key == "not":
        return _not(compile_condition(test, at, errors))
    if key == "surely":
        return _surely(compile_condition(test, at, errors))
    fact = FACTS.get(key)
    if fact is None:
        errors.append(FieldError(at, f"there is no fact {key!r}{_near(key)}"))
        return ALWAYS
    try:
        return _leaf(fact, test)
    except ValueError as error:
        errors.append(FieldError(at, str(error)))
        return ALWAYS


def _near(key: str) -> str:
    leaf = key.rpartition(".")[2]
    near = sorted(name for name in FACTS if name.rpartition(".")[2] == leaf or leaf in name)
    return f"; do you mean {', '.join(near[:3])}?" if leaf and near else ""


# ── Combining ───────────────────────────────────────────────────────────────────────────────────


def _merged(parts: tuple[Condition, ...]) -> tuple[Fact, ...]:
    return tuple({fact.name: fact for part in parts for fact in part.facts}.values())


def _joined(word: str, parts: tuple[Condition, ...]) -> str:
    """The words of several conditions; those that hold words of the other kind in brackets."""
    return word.join(
        f"({part.text})" if len(part.parts) > 1 and len(parts) > 1 else part.text for part in parts
    )


def _all(parts: tuple[Condition, ...]) -> Condition:
    tests = tuple(part.test for part in parts)

    def test(known: Known, debt: int, at: datetime) -> Truth:
        truth = YES
        for each in tests:
            one = each(known, debt, at)
            if one == NO:
                return NO
            if one == MAYBE:
                truth = MAYBE
        return truth

    return Condition(test, _merged(parts), parts, _joined(" and ", parts))


def _any(parts: tuple[Condition, ...]) -> Condition:
    tests = tuple(part.test for part in parts)

    def test(known: Known, debt: int, at: datetime) -> Truth:
        truth = NO
        for each in tests:
            one = each(known, debt, at)
            if one == YES:
                return YES
            if one == MAYBE:
                truth = MAYBE
        return truth

    return Condition(test, _merged(parts), parts, _joined(" or ", parts))


def _not(part: Condition) -> Condition:
    inner = part.test

    def test(known: Known, debt: int, at: datetime) -> Truth:
        one = inner(known, debt, at)
        return MAYBE if one == MAYBE else 1 - one

    return Condition(test, part.facts, (part,), f"not ({part.text})")


def _surely(part: Condition) -> Condition:
    inner = part.test

    def test(known: Known, debt: int, at: datetime) -> Truth:
        return YES if inner(known, debt, at) == YES else NO

    return Condition(test, part.facts, (part,), part.text)


# ── One fact ────────────────────────────────────────────────────────────────────────────────────

_OPERATORS: dict[str, frozenset[str]] = {
    "flag": frozenset({"given"}),
    "word": frozenset({"given", "not_in"}),
    "number": frozenset({"given", "from", "to", "above", "below"}),
    "instant": frozenset({"given", "within_days", "older_than_days"}),
    "day": frozenset({"given", "within_days", "older_than_days", "from", "before"}),
}


def _leaf(fact: Fact, test: Any) -> Condition:
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
    raise ValueError(f"is {_A[fact.type]}: test it with {', '.join(sorted(_OPERATORS[fact.type]))}")


_A = {"instant": "an instant", "day": "a day"}


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

    def test(known: Known, debt: int, at: datetime) -> Truth:
        value = known.value(name, debt, at)
        return MAYBE if value is UNSET else int(holds(value))

    return Condition(test, (fact,), text=text)


def _flag_test(fact: Fact, wanted: bool) -> Condition:
    """The same for a flag, which most conditions are about."""
    name = fact.name
    yes, no = (YES, NO) if wanted else (NO, YES)

    def test(known: Known, debt: int, at: datetime) -> Truth:
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
    return parts[0] if len(parts) == 1 else _all(parts)


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

    def test(known: Known, debt: int, at: datetime) -> Truth:
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

    def test(known: Known, debt: int, at: datetime) -> Truth:
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


def words_of(condition: Condition) -> Iterator[str]:
    """The facts of a condition by name."""
    return (fact.name for fact in condition.facts)

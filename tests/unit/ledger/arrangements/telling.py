"""How a story is told: its steps, and what must be so then.

A subject (the referee, the engine) offers `record(fact)`, `start_day(day)` and the reads that the
expectations ask for; see `Subject`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from tests.unit.ledger.arrangements.told import Told, on


class Subject(Protocol):
    """What is taken through a story."""

    def record(self, fact: Told) -> None: ...
    def start_day(self, day: date) -> None: ...
    def figures(self, noun: str, name: str) -> Mapping[str, Any]: ...
    def history(self, noun: str, name: str) -> list[tuple[str, datetime]]: ...
    def amounts(self, currency: str) -> Mapping[str, int]: ...
    def invoice(self, invoice_id: str) -> Mapping[str, Any]: ...
    def stops(self) -> set[tuple[str, date | None]]: ...
    def commission(self, payment_id: str) -> int | None: ...
    def exceeded(self) -> bool: ...
    def charge(self, charge_id: str) -> Mapping[str, Any] | None: ...
    def skipped(self, charge_id: str) -> str | None: ...


class Step:
    """One line of a story."""

    def take(self, subject: Subject) -> None:
        raise NotImplementedError


@dataclass(frozen=True)
class Day(Step):
    day: date

    def take(self, subject: Subject) -> None:
        subject.start_day(self.day)


@dataclass(frozen=True)
class See(Step):
    """Of a promise, plan, settlement, write-off or placement."""

    noun: str
    name: str
    expected: Mapping[str, Any]

    def take(self, subject: Subject) -> None:
        seen = subject.figures(self.noun, self.name)
        assert {key: seen[key] for key in self.expected} == self.expected


@dataclass(frozen=True)
class Since(Step):
    """The instant from which the present state holds."""

    noun: str
    name: str
    state: str
    at: datetime

    def take(self, subject: Subject) -> None:
        assert subject.history(self.noun, self.name)[-1] == (self.state, self.at)


@dataclass(frozen=True)
class Sums(Step):
    expected: Mapping[str, int]
    currency: str = "EUR"

    def take(self, subject: Subject) -> None:
        seen = subject.amounts(self.currency)
        assert {key: seen[key] for key in self.expected} == self.expected


@dataclass(frozen=True)
class Invoice(Step):
    name: str
    expected: Mapping[str, Any]

    def take(self, subject: Subject) -> None:
        seen = subject.invoice(self.name)
        assert {key: seen[key] for key in self.expected} == self.expected


@dataclass(frozen=True)
class Stops(Step):
    expected: frozenset[tuple[str, date | None]]

    def take(self, subject: Subject) -> None:
        assert subject.stops() == self.expected


@dataclass(frozen=True)
class Commission(Step):
    payment_id: str
    expected: int | None

    def take(self, subject: Subject) -> None:
        assert subject.commission(self.payment_id) == self.expected


@dataclass(frozen=True)
class Exceeded(Step):
    expected: bool

    def take(self, subject: Subject) -> None:
        assert subject.exceeded() is self.expected


Story = tuple[Told | Step, ...]


def tell(story: Story, subject: Subject) -> None:
    """Take the subject through it."""
    for step in story:
        if isinstance(step, Step):
            step.take(subject)
        else:
            subject.record(step)


def day(text: str) -> Day:
    return Day(on(text))


def see(noun: str, name: str, **expected: Any) -> See:
    return See(noun, name, expected)


def sums(**expected: int) -> Sums:
    return Sums(expected)


def bill(name: str, **expected: Any) -> Invoice:
    return Invoice(name, expected)


def stops(*expected: tuple[str, str | None]) -> Stops:
    return Stops(frozenset((kind, on(until) if until else None) for kind, until in expected))


@dataclass(frozen=True)
class Charge(Step):
    """[amount, waived, paid] of a charge, and more of it; None: it is not there."""

    name: str
    expected: tuple[int, ...] | None
    more: Mapping[str, Any]

    def take(self, subject: Subject) -> None:
        seen = subject.charge(self.name)
        if self.expected is None:
            assert seen is None or seen["amount"] == 0
            return
        assert seen is not None
        assert (seen["amount"], seen["waived"], seen["paid"]) == self.expected
        assert {key: seen[key] for key in self.more} == self.more


@dataclass(frozen=True)
class Skipped(Step):
    """Why a charge was not made."""

    name: str
    reason: str

    def take(self, subject: Subject) -> None:
        assert subject.skipped(self.name) == self.reason


def tell_all(names: Mapping[str, Any]) -> dict[str, tuple[Story, Any, Any]]:
    """Every story of a module with its policies and rates, by name."""
    shared = {"S5_CIVIL_CODE": "S5_CIVIL_CODE_WITH"}
    found = {}
    for name, story in names.items():
        is_story = name[0] == "S" and name[1:2].isdigit() and isinstance(story, tuple)
        if is_story and not name.endswith(("_WITH", "_RULES")):
            policies, rates = names[shared.get(name, name.split("_")[0] + "_WITH")]
            found[name] = (story, policies, rates)
    return found

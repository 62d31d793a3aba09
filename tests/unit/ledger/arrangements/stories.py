"""The golden stories of LEDGER-ARRANGEMENTS 13 as data: facts, days, and what must be so then.

A subject (the referee, the engine) offers `record(fact)`, `start_day(day)` and the reads that the
expectations ask for; see `Subject`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from services.ledger.domain.agreements import Approval
from tests.unit.ledger.arrangements.told import (
    Told,
    at,
    decided,
    disputed,
    hold,
    invoice,
    on,
    paid,
    placed,
    plan,
    promise,
    recalled,
    registered,
    remitted,
    resolved,
    settlement,
    taken_back,
    voided,
    write_off_reversed,
    written_off,
)


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


THREE_MONTHS = (("02-01", 10000), ("03-01", 10000), ("04-01", 10000))

S1: Story = (
    registered(),
    invoice(),
    day("01-12"),
    promise("R1", 10000, "01-15", "01-12 10:00"),
    see("promise", "R1", state="open", grace_until=on("01-19")),
    stops(("promise", "01-19")),
    paid("P1", 6000, "01-19 15:00"),
    day("01-20"),
    see("promise", "R1", state="partly_kept", asked=10000, received=6000),
    stops(),
    paid("P2", 4000, "01-20 09:00"),
    see("promise", "R1", state="partly_kept", asked=10000, received=6000),
    sums(balance=0, unapplied=0),
    paid("P3", 3500, "01-18 09:00"),
    see("promise", "R1", state="kept", received=9500),
    sums(balance=0, unapplied=3500),
)

S2: Story = (
    registered(),
    invoice("I1", 30000),
    day("01-12"),
    promise("R1", 10000, "01-15", "01-12 10:00"),
    promise("R2", 10000, "01-22", "01-12 11:00"),
    paid("P1", 15000, "01-14"),
    see("promise", "R1", state="kept", received=10000),
    see("promise", "R2", state="open", received=5000),
    taken_back("X1", "P1", "01-18", 12000),
    see("promise", "R2", state="open", received=0),
    see("promise", "R1", state="open", received=3000),
    day("01-27"),
    see("promise", "R1", state="partly_kept", asked=10000, received=3000),
    see("promise", "R2", state="broken", received=0),
)

S3: Story = (
    registered(),
    invoice("I0", 4000, due="01-05"),
    invoice("I1", 10000),
    day("01-20"),
    plan("L1", "01-20", ("I1",), ("02-01", 3334), ("03-01", 3334), ("04-01", 3332)),
    paid("P1", 3400, "01-25"),
    see("plan", "L1", state="active", paid=3334, parts=["paid", "open", "open"]),
    bill("I0", balance=3934),
    day("03-02"),
    see("plan", "L1", arrears=3334),
    sums(arrears=3334, collectable=7268, arranged=6666),
    day("03-05"),
    see("plan", "L1", state="active", parts=["paid", "missed", "open"]),
    day("04-03"),
    see("plan", "L1", state="active"),
    day("04-04"),
    see("plan", "L1", state="defaulted", because="days"),
    sums(collectable=10600, arrears=0),
    stops(),
    day("04-10"),
    paid("P2", 3334, "03-03"),
    see("plan", "L1", state="active", parts=["paid", "paid", "missed"], arrears=3332),
    sums(arrears=3332, collectable=7266),
)

S4: Story = (
    registered(),
    invoice("I1", 20000),
    day("01-20"),
    settlement("T1", "01-20", 20000, ("01-29", 16000)),
    see("settlement", "T1", state="accepted", conceded=0),
    sums(collectable=0, balance=20000),
    stops(("settlement", "02-02")),
    paid("P1", 16000, "01-28"),
    see("settlement", "T1", state="completed", conceded=4000, paid=16000),
    bill("I1", status="paid", balance=0),
    taken_back("X1", "P1", "02-10"),
    day("02-10"),
    see("settlement", "T1", state="lapsed", conceded=0),
    sums(balance=20000, collectable=20000),
)

S5: Story = (
    registered(),
    invoice("I1", 20000),
    day("01-20"),
    settlement("T0", "01-20 09:00", 20000, ("01-29", 5000), verdict="declined"),
    see("settlement", "T0", state="declined", because="policy"),
    settlement(
        "T1",
        "01-20 10:00",
        20000,
        ("01-29", 12000),
        verdict="pending_approval",
        approval=Approval("supervisor", on("01-27")),
    ),
    see("settlement", "T1", state="pending_approval"),
    stops(("settlement", "01-27")),
    decided("settlement:T1", "01-22", role="supervisor"),
    see("settlement", "T1", state="accepted"),
    paid("P1", 11999, "02-02 22:00"),
    day("02-03"),
    see("settlement", "T1", state="lapsed", because="not-paid", paid=11999),
    paid("P2", 1, "02-02 23:00"),
    see("settlement", "T1", state="lapsed"),
    sums(balance=8000),
    paid("P3", 1, "02-02 22:59:59"),
    see("settlement", "T1", state="completed", parts=["paid"], conceded=8000),
    sums(balance=0, unapplied=1),
)

S6: Story = (
    registered(),
    invoice("I1", 30000),
    day("01-12"),
    plan("L1", "01-12", ("I1",), ("01-15", 10000), ("02-15", 10000), ("03-15", 10000)),
    paid("P1", 10000, "01-15"),
    settlement("T1", "01-20", 20000, ("02-12", 16000)),
    see("settlement", "T1", state="accepted", paid=0),
    see("plan", "L1", state="cancelled", because="settlement T1", parts=["paid", "open", "open"]),
    day("02-17"),
    see("settlement", "T1", state="lapsed"),
    see("plan", "L1", state="cancelled"),
    sums(collectable=20000),
)

S7: Story = (
    registered(),
    invoice("I1", 20000),
    invoice("I2", 10000, due="01-11"),
    day("01-14"),
    plan("L1", "01-14", ("I1", "I2"), *THREE_MONTHS),
    paid("P1", 10000, "02-01"),
    disputed("D1", "I1", "02-10", 8000),
    day("03-05"),
    see("plan", "L1", parts=["paid", "missed", "open"], short=[0, 10000, 0]),
    sums(collectable=10000),
    paid("P2", 10000, "03-08"),
    bill("I1", balance=8000),
    bill("I2", balance=2000),
    see("plan", "L1", parts=["paid", "paid", "open"]),
    resolved("D1", "I1", "03-10", "upheld", 8000),
    sums(balance=2000),
    voided("I2", "03-12"),
    sums(balance=0, unapplied=8000),
    see("plan", "L1", state="completed", paid=12000),
)

S8: Story = (
    registered(),
    invoice("I1", 20000),
    invoice("I2", 10000, due="01-11"),
    day("01-14"),
    plan("L1", "01-14", ("I1", "I2"), *THREE_MONTHS),
    day("01-26"),
    hold("H1", "breathing-space", "01-25", "03-25", told="01-26"),
    day("03-20"),
    see("plan", "L1", state="active", arrears=20000, parts=["open", "open", "open"]),
    stops(("plan", None), ("hold", "03-25")),
    day("03-26"),
    stops(("plan", None)),
    paid("P1", 10000, "04-08"),
    see("plan", "L1", state="active", parts=["paid", "open", "open"]),
    day("04-09"),
    see("plan", "L1", state="defaulted", because="missed", parts=["paid", "missed", "missed"]),
)

S9: Story = (
    registered(),
    invoice("I1", 10000),
    paid("P0", 2500, "01-20"),
    day("06-01"),
    written_off("W1", "06-01", approval=Approval("finance", on("06-15"))),
    see("write-off", "W1", state="pending_approval"),
    sums(balance=7500),
    day("06-02"),
    decided("write-off:W1", "06-02"),
    see("write-off", "W1", state="made", amount=7500),
    sums(balance=0, recoverable=7500),
    bill("I1", status="written_off", balance=0),
    paid("P1", 3000, "07-01"),
    see("write-off", "W1", recovered=3000),
    sums(balance=0, recoverable=4500, unapplied=0),
    paid("P2", 1000, "05-30"),
    see("write-off", "W1", amount=6500),
    sums(balance=0, recoverable=3500),
    taken_back("X0", "P0", "07-05"),
    bill("I1", status="open", balance=2500),
    write_off_reversed("W1", "07-10"),
    sums(balance=6000, recoverable=0),
    see("write-off", "W1", state="reversed"),
)

S10: Story = (
    registered(),
    invoice("I1", 20000),
    day("03-01"),
    placed("G1", "03-01", ("I1",), approval=Approval("supervisor", on("03-15"))),
    see("placement", "G1", state="pending_approval"),
    decided("placement:G1", "03-02", role="supervisor"),
    day("03-02"),
    see("placement", "G1", state="placed", placed=20000),
    remitted("P1", "G1"),
    paid("P1", 3325, "03-10", ("I1", 3325)),
    paid("P2", 1000, "03-11"),
    day("03-12"),
    Commission("P1", 599),
    Commission("P2", 180),
    sums(balance=15675, collectable=0),
    stops(("placed", None)),
    recalled("G1", "04-01"),
    day("04-01"),
    see("placement", "G1", state="recalled"),
    sums(balance=15675, collectable=15675),
    paid("P3", 5000, "05-01"),
    paid("P4", 5000, "05-02"),
    Commission("P3", 900),
    Commission("P4", None),
)

S11: Story = (
    registered(currency="EUR", credit_limit_minor=10000),
    invoice("I1", 8000),
    invoice("I2", 2000),
    Exceeded(False),
    invoice("I3", 1),
    Exceeded(True),
    invoice("I4", 500),
    Exceeded(True),
    paid("P1", 501, "01-12"),
    Exceeded(False),
    sums(balance=10000),
    taken_back("X1", "P1", "01-13", 1),
    Exceeded(True),
)

S12: Story = (
    registered(),
    invoice("I1", 10000),
    invoice("I2", 5000),
    invoice("I3", 3000),
    day("01-12"),
    plan("L1", "01-12 10:00", ("I1",), ("02-01", 5000), ("03-01", 5000)),
    placed("G1", "01-12 11:00", ("I2",)),
    promise("R1", 3000, "01-29", "01-12 12:00", ("I3",)),
    see("promise", "R1", state="open"),
    day("01-25"),
    hold("H1", "deceased", "01-20", told="01-25"),
    see("promise", "R1", state="cancelled", because="hold H1"),
    Since("promise", "R1", "cancelled", at("01-19 23:00")),
    see("placement", "G1", state="recalled", because="hold H1"),
    Since("placement", "G1", "recalled", at("01-19 23:00")),
    day("06-01"),
    see("plan", "L1", state="active", parts=["open", "open"]),
    stops(("plan", None), ("hold", None)),
)

S13: Story = (
    registered(),
    invoice(),
    day("01-12"),
    promise("R1", 8000, "01-15", "01-12 10:00"),
    promise("R2", 9000, "01-20", "01-13 10:00", supersedes=("R1",)),
    see("promise", "R1", state="cancelled"),
    paid("P1", 9000, "01-21"),
    see("promise", "R2", state="kept", received=9000),
    Since("promise", "R2", "kept", at("01-21")),
    day("01-25"),
    see("promise", "R1", state="cancelled", received=0),
    see("promise", "R2", state="kept"),
)

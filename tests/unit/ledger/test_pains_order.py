"""What users of other systems complain about, 29 to 40: days, order, duplicates.

What of 1 to 40 is not here, and why: test_pains_overdue.
"""

import random
from collections import Counter
from datetime import date
from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest

from services.ledger import domain
from services.ledger.domain.intake import difference
from services.ledger.domain.interest import weight
from shared.business_time import Begun
from shared.events import billing
from tests.unit.ledger.arrangements.engine import Engine, fact_of
from tests.unit.ledger.arrangements.told import (
    Told,
    at,
    credited,
    disputed,
    hold,
    hold_released,
    invoice,
    on,
    paid,
    promise,
    registered,
    resolved,
    taken_back,
    written_off,
)


def an_engine(*facts: Told, zone: str = "Europe/Berlin", begun: str | None = None) -> Engine:
    engine = Engine(begun=on(begun) if begun else None)
    engine.record(registered(zone), *facts)
    return engine


@pytest.mark.parametrize(
    ("zone", "begins"),
    [
        ("Pacific/Kiritimati", "2027-01-10T10:00:00+00:00"),
        ("Europe/Berlin", "2027-01-10T23:00:00+00:00"),
        ("America/Los_Angeles", "2027-01-11T08:00:00+00:00"),
    ],
)
def test_pain_29_days_are_those_of_the_debtor(zone: str, begins: str) -> None:
    """Due date off by one day or hour; the client's time zone is ignored for the company's."""
    engine = an_engine(invoice(), zone=zone)
    engine.start_day(on("01-11"))
    (overdue,) = [event for event in engine.said if event.type == "invoice-overdue"]
    assert (overdue.time.isoformat(), overdue.day) == (begins, on("01-11"))


def test_pain_31_due_soon_is_said_though_its_day_was_missed_and_nothing_too_early() -> None:
    """“Past due” the morning after the first mail; reminders before the due day are silently not
    sent."""
    engine = an_engine(invoice(issued="2027-01-01"))
    engine.start_day(on("01-02"))
    assert engine.news("invoice-due", "invoice-over") == []
    engine.start_day(on("01-07"))  # the 3rd was never begun by itself
    assert engine.news("invoice-due") == ["invoice-due-soon I1"]
    engine.start_day(on("01-10"))
    assert engine.news("invoice-due", "invoice-over") == []
    engine.start_day(on("01-11"))
    assert engine.news("invoice-over") == ["invoice-overdue I1"]


def test_pain_32_events_come_in_the_order_of_what_happened() -> None:
    """Webhooks out of order: active, updated, created."""
    engine = an_engine()
    engine.start_day(on("02-12"))
    engine.record(paid("P1", 10000, "02-11"))
    engine.record(invoice())
    assert [event.type for event in engine.last] == [
        "invoice-issued",
        "allocation-changed",
        "invoice-overdue",
        "invoice-overdue",
        "invoice-paid",
    ]
    assert [data.stage for data in engine.published("invoice-overdue")] == [1, 31]


def test_pain_33_one_change_is_said_once() -> None:
    """Several webhooks carry the same object for one change."""
    engine = an_engine(invoice(), promise("R1", 10000, "01-15", "01-05"))
    engine.start_day(on("02-12"))
    engine.record(paid("P1", 10000, "01-09"), taken_back("X1", "P1", "02-12"))
    ids = Counter((event.type, event.entity, event.cause) for event in engine.said)
    assert set(ids.values()) == {1}
    assert len([event for event in engine.said if event.type == "invoice-paid"]) == 1


def test_pain_34_failed_payments_use_up_nothing() -> None:
    """The dunning budget is exhausted early by retries."""
    engine = an_engine(invoice(), promise("R1", 10000, "01-20", "01-12"))
    before = (engine.amounts("EUR"), engine.figures("promise", "R1"))
    for n in range(5):
        failure = billing.PaymentFailed(f"P{n}", "C1", "EUR", 10000, at(f"01-13 0{n}:00"))
        engine.record(Told("payment-failed", f"P{n}", at("01-13"), failure))
    assert engine.news() == ["payment-failed P4"]
    assert (engine.amounts("EUR"), engine.figures("promise", "R1")) == before


def test_pain_36_a_payment_that_is_sent_twice_is_one() -> None:
    """How not to apply the same payment of a gateway twice."""
    first, again = paid("P1", 4000, "01-12"), paid("P1", 4000, "01-12")
    assert difference(first.kind, (first.time, first.data), (again.time, again.data)) == []
    other = paid("P1", 4001, "01-12")
    (conflict,) = difference(first.kind, (first.time, first.data), (other.time, other.data))
    assert conflict.pointer == "/data/amount_minor"
    assert fact_of(first).fact_id == fact_of(other).fact_id == "P1"


def test_pain_38_a_payment_heals_at_once_and_a_chargeback_brings_the_age_back() -> None:
    """Delinquency is not updated by a payment, nor after a chargeback; a reversal is replayed
    twice."""
    engine = an_engine(invoice())
    engine.start_day(on("02-12"))
    engine.record(paid("P1", 10000, "02-12 08:00"))
    assert engine.amounts("EUR")["collectable"] == 0
    engine.start_day(on("03-15"))
    engine.record(taken_back("X1", "P1", "03-15 09:00"))
    reopened = engine.event("invoice-reopened")
    assert (reopened.stage, reopened.days_past_due, reopened.balance_minor) == (61, 64, 10000)
    engine.record(paid("P2", 10000, "03-16 09:00"))
    assert engine.news("invoice-paid") == ["invoice-paid I1"]


@pytest.mark.parametrize(
    ("day_count", "first", "last", "expected"),
    [
        ("act/365", "2024-02-01", "2024-02-29", (29, 365)),
        ("act/360", "2024-01-01", "2024-12-31", (366, 360)),
        ("30/360", "2024-01-31", "2024-01-31", (0, 360)),
        ("30/360", "2026-02-28", "2026-03-01", (4, 360)),
        ("30/360", "2026-01-01", "2026-12-31", (360, 360)),
    ],
)
def test_pain_39_days_of_interest_by_every_day_count(
    day_count: Any, first: str, last: str, expected: tuple[int, int]
) -> None:
    """Day-count bugs (360, 365, actual) in interest."""
    days = weight(day_count, date.fromisoformat(first), date.fromisoformat(last))
    assert days == Fraction(*expected)


def test_pain_40_refunds_never_take_more_than_the_payment() -> None:
    """Concurrent double refunds; errors are silently lost."""
    refunds = [taken_back(f"X{n}", "P1", f"01-1{n} 10:00", 3000, "refund") for n in (3, 4)]
    for order in permutations([invoice(), paid("P1", 4000, "01-12"), *refunds]):
        account, rejected = domain.new_account("C1", "UTC"), []
        for fact in map(fact_of, [registered("UTC"), *order]):
            decision = domain.record(account, [fact], Begun(day=None))
            rejected += [refused.fact.fact_id for refused in decision.rejections]
        known = account.credits["payment", "P1"]
        assert (known.taken_minor, known.unapplied_minor) == (4000, 0)
        assert account.invoices["I1"].balance_minor == 10000
        assert rejected[-1:] == ["X4"]  # the later one, and it is listed


def test_pain_themes_a_long_history_in_any_order_ends_the_same() -> None:
    """Themes to beat: deterministic, effective-dated; part payments; history never vanishes."""
    story: list[Told] = [
        invoice(),
        invoice("I2", 5000, due="01-25"),
        promise("R1", 4000, "01-20", "01-12"),
        paid("P1", 4000, "01-19"),
        disputed("D1", "I2", "01-26", 2000),
        resolved("D1", "I2", "02-02", "upheld", 2000),
        hold("H1", "hardship", "2027-02-03", "2027-02-20"),
        hold_released("H1", "02-10"),
        credited("K1", 500, "2027-02-11", "I1"),
        taken_back("X1", "P1", "02-12"),
        paid("P2", 9000, "02-20"),
        written_off("W1", "03-10", invoices=("I1", "I2")),
        paid("P3", 100, "03-20"),
    ]
    chance, ends = random.Random(40), []
    for _ in range(12):
        engine = an_engine()
        days = [on("01-15"), on("02-05"), on("03-01")]
        for n, fact in enumerate(chance.sample(story, len(story))):
            engine.record(fact)
            if n % 4 == 3 and days:
                engine.start_day(days.pop(0))
        engine.start_day(on("04-01"))
        objects = sorted(engine.account.objects.values.items())
        ends.append((engine.amounts("EUR"), objects, engine.account.credits))
    assert all(end == ends[0] for end in ends)
    history = [step for step, _ in engine.history("promise", "R1")]
    assert history == ["open", "kept", "broken"]

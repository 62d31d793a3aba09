"""What users of other systems complain about, 1 to 13: when something is overdue.

Those of 1 to 40 that concern the ledger have a test here, in test_pains_money or in
test_pains_order, named by their number. The others, and why they are not here:

| 7 (failed payments as a condition) | outreach's strategies choose contacts; the stages: here |
| 12 | locks and retries under load: tests/integration/ledger/test_scale, test_processes |
| 13, 40 (webhooks that never arrive) | delivery is the outbox's and the log's: tests/e2e/test_log |
| 14 | payment retries, reminders, requests for payment: outreach and its providers |
| 15 | who has no address, whose campaign is complete: outreach |
| 21 | one message per debtor: outreach (the ledger answers per account: one live check) |
| 30 | duplicate guards and send times of reminders: outreach |
| 34, 35 (retry budgets, stale jobs, deleted methods) | outreach and payment; failures: here |
| 37 | idempotency keys are the HTTP door's: tests/integration/ledger/test_commands |
"""

from datetime import date, timedelta
from itertools import permutations

import pytest

from tests.unit.ledger.arrangements.engine import Engine
from tests.unit.ledger.arrangements.told import (
    Told,
    amended,
    credited,
    invoice,
    on,
    paid,
    plan,
    registered,
    voided,
)


def an_engine(*facts: Told, begun: str | None = None, zone: str = "Europe/Berlin") -> Engine:
    engine = Engine(begun=on(begun) if begun else None)
    engine.record(registered(zone), *facts)
    return engine


def stage(engine: Engine, name: str = "I1") -> int | None:
    found: int | None = engine.account.invoices[name].stage
    return found


def overdue(engine: Engine) -> list[tuple[str, int]]:
    """Every stage that was ever published, in order."""
    return [(data.invoice_id, data.stage) for data in engine.published("invoice-overdue")]


def test_pain_01_states_are_anchored_anew_when_the_earliest_invoice_is_settled() -> None:
    """Re-evaluation is not re-anchored when the earliest unpaid invoice changes; a state is
    skipped straight to cancellation."""
    engine = an_engine(invoice("I1"), invoice("I2", 5000, due="01-25"), begun="02-24")
    engine.start_day(on("02-24"))
    assert (stage(engine, "I1"), stage(engine, "I2")) == (31, 1)
    engine.record(paid("P1", 12000, "02-24"))
    assert (engine.invoice("I1")["status"], engine.invoice("I2")["balance"]) == ("paid", 3000)
    known = engine.event("payment-received").amounts[0]
    assert (known.oldest_due_on, known.days_past_due) == (on("01-25"), 30)
    engine.start_day(on("05-30"))
    assert [number for name, number in overdue(engine) if name == "I2"] == [1, 31, 61, 91, 121]


def test_pain_02_a_payment_at_midnight_is_judged_the_same_whoever_acts_first() -> None:
    """No ordering between the payment and the overdue handler of the same event."""
    late, just = paid("P1", 10000, "01-10 23:00"), paid("P1", 10000, "01-10 22:59:59")
    for money, stages in ((late, [("I1", 1)]), (just, [])):
        before, after = an_engine(invoice()), an_engine(invoice())
        before.record(money)
        before.start_day(on("01-11"))
        assert overdue(before) == stages
        after.start_day(on("01-11"))
        after.record(money)
        corrected = after.news("overdue-corrected") != []
        assert corrected is (stages == [])
        assert before.account.invoices == after.account.invoices


def test_pain_03_overdue_is_a_function_of_the_facts() -> None:
    """Make overdue behaviour deterministic."""
    facts = [
        invoice("I1"),
        invoice("I2", 5000, due="01-05"),
        paid("P1", 7000, "01-12"),
        amended("I2", "01-13", "02-20"),
        credited("K1", 1000, "2026-12-20", "I1"),
    ]
    ends = []
    for order in permutations(facts):
        engine = an_engine(begun="02-15")
        for fact in order:
            engine.record(fact)
        ends.append((stage(engine, "I1"), stage(engine, "I2"), engine.amounts("EUR")))
    assert all(end == ends[0] for end in ends)


def test_pain_04_a_payment_that_is_written_late_takes_the_overdue_back() -> None:
    """Overdue is evaluated before the payment row is written: the wrong status stays."""
    engine = an_engine(invoice())
    engine.start_day(on("01-12"))
    assert stage(engine) == 1
    engine.record(paid("P1", 10000, "01-09"))
    assert engine.news("overdue-corrected", "invoice-paid") == [
        "overdue-corrected I1",
        "invoice-paid I1",
    ]
    corrected = engine.event("overdue-corrected")
    assert (corrected.from_stage, corrected.to_stage, corrected.because) == (1, None, "payment P1")
    assert stage(engine) is None


def test_pain_05_the_same_day_begun_twice_says_nothing_twice() -> None:
    """A retry and an overdue check at the same instant act twice; warnings go out several times."""
    engine = an_engine(invoice())
    for _ in range(3):
        engine.start_day(on("02-15"))
    assert overdue(engine) == [("I1", 1), ("I1", 31)]


def test_pain_06_overdue_is_cleared_by_a_credit() -> None:
    """Overdue is not cleared when the balance hits 0 through a credit."""
    engine = an_engine(invoice())
    engine.start_day(on("02-15"))
    engine.record(credited("K1", 10000, "02-15", "I1"))
    assert engine.news("invoice-paid") == ["invoice-paid I1"]
    known = engine.amounts("EUR")
    assert (stage(engine), known["overdue"], known["collectable"]) == (None, 0, 0)


@pytest.mark.parametrize("number", [1, 31, 61, 91, 121])
def test_pain_07_every_documented_stage_comes_on_its_day(number: int) -> None:
    """Several documented overdue conditions were never implemented or tested."""
    engine = an_engine(invoice())
    engine.start_day(on("01-10") + timedelta(days=number - 1))
    assert ("I1", number) not in overdue(engine)
    engine.start_day(on("01-10") + timedelta(days=number))
    assert overdue(engine)[-1] == ("I1", number)


def test_pain_08_a_day_begun_late_dates_states_by_their_own_days() -> None:
    """State dates use “now” instead of the logical date when notifications are late."""
    engine = an_engine(invoice())
    engine.start_day(on("03-25"))
    assert [
        (data.stage, data.since_on, data.days_past_due)
        for data in engine.published("invoice-overdue")
    ] == [(1, on("01-11"), 1), (31, on("02-10"), 31), (61, on("03-12"), 61)]
    days = [event.day for event in engine.said if event.type == "invoice-overdue"]
    assert days == [on("01-11"), on("02-10"), on("03-12")]


def test_pain_09_nothing_stands_after_the_balance_is_settled() -> None:
    """The blocked state does not clear after the balance is settled."""
    engine = an_engine(invoice(), plan("L1", "01-12", ("I1",), ("01-15", 5000), ("02-15", 5000)))
    engine.start_day(on("05-30"))
    assert (stage(engine), engine.figures("plan", "L1")["state"]) == (121, "defaulted")
    engine.record(paid("P1", 10000, "05-30"))
    known = engine.amounts("EUR")
    assert (stage(engine), engine.invoice("I1")["status"], engine.stops()) == (None, "paid", set())
    assert (known["overdue"], known["collectable"], known["arrears"]) == (0, 0, 0)


def test_pain_10_every_invoice_is_due_soon_once() -> None:
    """Due-date reminders for manual invoices, without a subscription catalogue."""
    engine = an_engine(invoice(), invoice("I2", 1, due="01-12"))
    for day in ("01-02", "01-03", "01-03", "01-04", "01-08"):
        engine.start_day(on(day))
    soon = [event for event in engine.said if event.type == "invoice-due-soon"]
    assert [(event.entity, event.day) for event in soon] == [
        ("I1", on("01-03")),
        ("I2", on("01-05")),
    ]


@pytest.mark.parametrize("tenant_zone", ["UTC", "Asia/Kolkata", "America/Los_Angeles"])
def test_pain_11_the_zone_of_the_machine_or_creditor_moves_no_day(tenant_zone: str) -> None:
    """App and database in different time zones: the invoice is regenerated in a loop."""
    engine = Engine(tenant_zone=tenant_zone)
    engine.record(registered("America/New_York"), invoice())
    for day in (date(2027, 1, 10), date(2027, 1, 11), date(2027, 1, 11), date(2027, 1, 12)):
        engine.start_day(day)
    seen = [(event.type, event.day) for event in engine.said if event.type == "invoice-overdue"]
    assert seen == [("invoice-overdue", on("01-11"))]
    assert [event.time.isoformat() for event in engine.said if event.type == "invoice-overdue"] == [
        "2027-01-11T05:00:00+00:00"
    ]


def test_pain_09_a_void_clears_too() -> None:
    """A failed transition, and a state that does not clear: a void ends the stage as well."""
    engine = an_engine(invoice())
    engine.start_day(on("02-15"))
    engine.record(voided("I1", "02-15"))
    known = engine.amounts("EUR")
    assert (stage(engine), known["overdue"], known["balance"]) == (None, 0, 0)

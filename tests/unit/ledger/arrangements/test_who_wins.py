"""The table "case → what happens" of LEDGER-ARRANGEMENTS 9: each case through the referee and the
engine."""

from collections.abc import Callable

import pytest

from tests.unit.ledger.arrangements.engine import Engine
from tests.unit.ledger.arrangements.subjects import Oracle
from tests.unit.ledger.arrangements.telling import (
    Step,
    Story,
    Subject,
    bill,
    day,
    see,
    stops,
    sums,
    tell,
)
from tests.unit.ledger.arrangements.told import (
    Told,
    credited,
    disputed,
    hold,
    invoice,
    paid,
    plan,
    promise,
    registered,
    resolved,
    settlement,
    voided,
)

each_subject = pytest.mark.parametrize("subject", [Oracle, Engine])
New = Callable[[], Subject]


def account(*steps: Told | Step) -> Story:
    return (registered(), invoice("I1", 10000), day("01-20"), *steps)


HALVES = (("02-01", 5000), ("03-01", 5000))


@each_subject
def test_invoice_disputed_in_part_then_a_plan(subject: New) -> None:
    story = account(
        disputed("D1", "I1", "01-20 09:00", 4000),
        plan("L1", "01-20 10:00", ("I1",), ("02-01", 6000)),
        sums(collectable=0, arranged=10000),
        resolved("D1", "I1", "01-25", "rejected"),
        paid("P1", 6000, "01-30"),
        see("plan", "L1", state="completed", paid=6000),
        sums(balance=4000, collectable=4000),
    )
    tell(story, subject())


@each_subject
def test_credit_note_in_a_plan_shortens_it_from_the_last_instalment(subject: New) -> None:
    story = account(
        plan("L1", "01-20", ("I1",), *HALVES),
        credited("K1", 7000, "01-25", "I1"),
        paid("P1", 3000, "01-30"),
        see("plan", "L1", state="completed", paid=3000, parts=["paid", "paid"]),
    )
    tell(story, subject())


@each_subject
def test_credit_note_in_a_settlement_lowers_what_is_conceded(subject: New) -> None:
    story = account(
        settlement("T1", "01-20", 10000, ("01-29", 8000)),
        credited("K1", 1500, "01-25", "I1"),
        paid("P1", 8000, "01-28"),
        see("settlement", "T1", state="completed", paid=8000, conceded=500),
        bill("I1", status="paid", balance=0),
    )
    tell(story, subject())


@each_subject
def test_void_in_a_settlement_ends_it(subject: New) -> None:
    story = account(
        settlement("T1", "01-20", 10000, ("01-29", 8000)),
        voided("I1", "01-25"),
        see("settlement", "T1", state="lapsed", because="nothing-left", conceded=0),
    )
    tell(story, subject())


@each_subject
def test_credit_note_under_a_promise_lowers_what_is_asked(subject: New) -> None:
    story = account(
        promise("R1", 8000, "01-25", "01-20"),
        credited("K1", 7000, "01-21", "I1"),
        paid("P1", 2900, "01-22"),
        day("01-29"),
        see("promise", "R1", state="kept", asked=3000, received=2900),
    )
    tell(story, subject())


@each_subject
def test_void_under_a_promise_leaves_nothing(subject: New) -> None:
    story = account(
        promise("R1", 8000, "01-25", "01-20 10:00"),
        voided("I1", "01-21"),
        see("promise", "R1", state="cancelled", because="nothing-left"),
    )
    tell(story, subject())


@each_subject
def test_void_under_a_promise_on_which_was_paid_keeps_it(subject: New) -> None:
    story = account(
        promise("R1", 8000, "01-25", "01-20 10:00"),
        paid("P1", 1000, "01-21"),
        voided("I1", "01-22"),
        see("promise", "R1", state="kept", received=1000),
        sums(unapplied=1000),
    )
    tell(story, subject())


@each_subject
def test_hold_told_after_a_promise_and_a_plan_were_made(subject: New) -> None:
    story = account(
        invoice("I2", 3000),
        plan("L1", "01-20 09:00", ("I1",), *HALVES),
        promise("R1", 3000, "01-25", "01-20 10:00", ("I2",)),
        hold("H1", "hardship", "01-21", "02-19", told="01-24"),
        see("promise", "R1", state="cancelled", because="hold H1"),
        day("02-10"),
        see("plan", "L1", state="active", parts=["open", "open"]),
    )
    tell(story, subject())


@each_subject
@pytest.mark.parametrize("kind", ["deceased", "bankruptcy"])
def test_deceased_or_bankruptcy_in_a_plan(subject: New, kind: str) -> None:
    story = account(
        plan("L1", "01-20", ("I1",), *HALVES),
        hold("H1", kind, "01-25"),
        day("06-01"),
        see("plan", "L1", state="active", parts=["open", "open"], arrears=10000),
        stops(("plan", None), ("hold", None)),
    )
    tell(story, subject())


@each_subject
def test_settlement_accepted_while_a_plan_runs(subject: New) -> None:
    story = account(
        plan("L1", "01-20", ("I1",), *HALVES),
        paid("P1", 5000, "01-22"),
        settlement("T1", "01-25", 5000, ("02-10", 4000)),
        see("plan", "L1", state="cancelled", because="settlement T1", parts=["paid", "open"]),
        see("settlement", "T1", state="accepted", paid=0),
    )
    tell(story, subject())


@each_subject
def test_plan_over_the_debts_of_an_accepted_settlement(subject: New) -> None:
    story = account(
        settlement("T1", "01-20", 10000, ("01-29", 8000)),
        plan("L1", "01-22", ("I1",), *HALVES, replaces="T1"),
        see("settlement", "T1", state="lapsed", conceded=0),
        see("plan", "L1", state="active"),
        sums(balance=10000),
    )
    tell(story, subject())


@each_subject
def test_default_that_is_refuted_after_a_newer_arrangement_began(subject: New) -> None:
    story = account(
        plan("L1", "01-20", ("I1",), ("02-01", 5000), ("02-03", 5000)),
        day("02-10"),
        see("plan", "L1", state="defaulted", because="missed"),
        plan("L2", "02-10", ("I1",), ("03-01", 10000)),
        paid("P1", 5000, "02-02"),
        see("plan", "L1", state="cancelled", because="plan L2"),
        see("plan", "L2", state="active"),
    )
    tell(story, subject())


@each_subject
def test_lapse_that_is_refuted_after_a_newer_arrangement_began(subject: New) -> None:
    story = account(
        settlement("T1", "01-20", 10000, ("01-25", 4000), ("02-25", 4000)),
        day("01-29"),
        see("settlement", "T1", state="lapsed", because="not-paid"),
        plan("L2", "01-30", ("I1",), ("03-01", 6000)),
        paid("P1", 4000, "01-26"),
        see("settlement", "T1", state="lapsed", because="plan L2", conceded=0),
        see("plan", "L2", state="active"),
    )
    tell(story, subject())

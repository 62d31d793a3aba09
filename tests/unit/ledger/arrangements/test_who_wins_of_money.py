"""Who wins, of money: taken back, aimed elsewhere, written off, placed (docs/ledger/)."""

from collections.abc import Callable

import pytest

from services.ledger.domain.agreements import Approval
from tests.unit.ledger.arrangements.engine import Engine
from tests.unit.ledger.arrangements.subjects import Oracle
from tests.unit.ledger.arrangements.telling import (
    Commission,
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
    amended,
    decided,
    disputed,
    invoice,
    on,
    paid,
    placed,
    plan,
    promise,
    registered,
    settlement,
    settlement_accepted,
    taken_back,
    voided,
    written_off,
)

each_subject = pytest.mark.parametrize("subject", [Oracle, Engine])
New = Callable[[], Subject]


def account(*steps: Told | Step) -> Story:
    return (registered(), invoice("I1", 10000), day("01-20"), *steps)


HALVES = (("02-01", 5000), ("03-01", 5000))


@each_subject
@each_subject
def test_chargeback_after_a_settlement_was_completed(subject: New) -> None:
    story = account(
        settlement("T1", "01-20", 10000, ("01-29", 8000)),
        paid("P1", 8000, "01-22"),
        see("settlement", "T1", state="completed", conceded=2000),
        taken_back("X1", "P1", "01-23"),
        see("settlement", "T1", state="accepted", conceded=0),
        day("02-10"),
        see("settlement", "T1", state="lapsed"),
        sums(balance=10000, collectable=10000),
    )
    tell(story, subject())


@each_subject
def test_chargeback_after_a_plan_was_completed(subject: New) -> None:
    story = account(
        plan("L1", "01-20", ("I1",), *HALVES),
        paid("P1", 10000, "01-22"),
        see("plan", "L1", state="completed"),
        day("02-20"),
        taken_back("X1", "P1", "02-20", 6000),
        see("plan", "L1", state="active", paid=4000, parts=["missed", "open"]),
    )
    tell(story, subject())


@each_subject
def test_chargeback_after_a_promise_was_kept(subject: New) -> None:
    story = account(
        promise("R1", 4000, "01-22", "01-20 10:00"),
        paid("P1", 4000, "01-21"),
        day("02-01"),
        see("promise", "R1", state="kept", asked=4000),
        taken_back("X1", "P1", "02-01", 2000),
        see("promise", "R1", state="partly_kept", asked=4000, received=2000),
    )
    tell(story, subject())


@each_subject
def test_chargeback_of_money_older_than_the_arrangement(subject: New) -> None:
    story = account(
        paid("P0", 2000, "01-19"),
        plan("L1", "01-20", ("I1",), ("02-01", 4000), ("03-01", 4000)),
        taken_back("X0", "P0", "01-25"),
        paid("P1", 8000, "01-30"),
        see("plan", "L1", state="completed", paid=8000),
        sums(balance=2000, collectable=2000),
    )
    tell(story, subject())


@each_subject
def test_payment_aimed_at_an_invoice_outside_while_an_instalment_is_due(subject: New) -> None:
    story = account(
        invoice("I2", 5000),
        plan("L1", "01-20", ("I1",), *HALVES),
        day("02-02"),
        paid("P1", 5000, "02-02", ("I2", 5000)),
        bill("I2", status="paid", balance=0),
        see("plan", "L1", paid=0, arrears=5000),
    )
    tell(story, subject())


@each_subject
def test_payment_on_a_written_off_a_sold_and_a_placed_invoice(subject: New) -> None:
    story = account(
        invoice("I2", 5000),
        invoice("I3", 2000),
        written_off("W1", "01-20 09:00", invoices=("I1",)),
        written_off("S1", "01-20 10:00", "sold", invoices=("I2",)),
        placed("G1", "01-20 11:00", ("I3",)),
        stops(("written-off", None), ("placed", None)),
        paid("P1", 100, "01-21", ("I1", 100)),
        paid("P2", 100, "01-22", ("I2", 100)),
        paid("P3", 100, "01-23", ("I3", 100)),
        bill("I1", status="written_off", balance=0, recoverable=9900),
        bill("I2", status="written_off", balance=0, recoverable=0),
        bill("I3", status="open", balance=1900),
        sums(unapplied=100, recoverable=9900),
        Commission("P3", 18),
    )
    tell(story, subject())


@each_subject
def test_payment_after_default_revives_nothing(subject: New) -> None:
    story = account(
        invoice("I0", 1000, due="01-05"),
        plan("L1", "01-20", ("I1",), ("02-01", 5000), ("02-03", 5000)),
        day("02-10"),
        see("plan", "L1", state="defaulted"),
        paid("P1", 6000, "02-11"),
        see("plan", "L1", state="defaulted", paid=0),
        bill("I0", balance=0),
        bill("I1", balance=5000),
    )
    tell(story, subject())


@each_subject
def test_payment_after_lapse_revives_nothing(subject: New) -> None:
    story = account(
        settlement("T1", "01-20", 10000, ("01-25", 8000)),
        day("01-30"),
        see("settlement", "T1", state="lapsed"),
        paid("P1", 8000, "01-30"),
        see("settlement", "T1", state="lapsed", conceded=0),
        sums(balance=2000, collectable=2000),
    )
    tell(story, subject())


@each_subject
def test_write_off_of_all_over_promised_and_arranged_debts(subject: New) -> None:
    story = account(
        invoice("I2", 5000),
        plan("L1", "01-20 09:00", ("I1",), *HALVES),
        promise("R1", 5000, "01-29", "01-20 10:00", ("I2",)),
        written_off("W1", "01-21"),
        see("plan", "L1", state="cancelled", because="write-off W1"),
        see("promise", "R1", state="cancelled"),
        see("write-off", "W1", state="made", amount=15000),
        sums(balance=0, recoverable=15000, promised=0, arrears=0),
    )
    tell(story, subject())


@each_subject
def test_write_off_of_all_ends_an_accepted_settlement(subject: New) -> None:
    story = account(
        settlement("T1", "01-20", 10000, ("01-25", 8000)),
        written_off("W1", "01-21"),
        see("settlement", "T1", state="lapsed", because="write-off W1", conceded=0),
    )
    tell(story, subject())


@each_subject
def test_placement_over_promised_and_arranged_debts(subject: New) -> None:
    story = account(
        invoice("I2", 5000),
        settlement("T1", "01-20 09:00", 10000, ("01-25", 8000)),
        promise("R1", 5000, "01-29", "01-20 10:00", ("I2",)),
        placed("G1", "01-21", ("I1", "I2")),
        see("settlement", "T1", state="lapsed", because="placement G1"),
        see("promise", "R1", state="cancelled", because="placement G1"),
        stops(("placed", None)),
        sums(collectable=0, arranged=15000),
    )
    tell(story, subject())


@each_subject
def test_new_due_date_of_an_invoice_in_a_plan(subject: New) -> None:
    story = account(
        plan("L1", "01-20", ("I1",), *HALVES),
        amended("I1", "01-21", "04-01"),
        day("02-10"),
        see("plan", "L1", state="active", parts=["missed", "open"], arrears=5000),
        sums(overdue=0, collectable=5000),
    )
    tell(story, subject())


@each_subject
def test_approval_given_when_the_debts_are_paid(subject: New) -> None:
    asked = Approval("supervisor", on("02-10"))
    story = account(
        plan("L1", "01-20", ("I1",), *HALVES, approval=asked),
        stops(("plan", "02-10")),
        paid("P1", 10000, "01-22"),
        decided("plan:L1", "01-25", role="supervisor"),
        see("plan", "L1", state="completed", paid=10000),
    )
    tell(story, subject())


@each_subject
def test_approval_given_when_nothing_is_left(subject: New) -> None:
    asked = Approval("supervisor", on("02-10"))
    story = account(
        plan("L1", "01-20", ("I1",), *HALVES, approval=asked),
        voided("I1", "01-22"),
        decided("plan:L1", "01-25", role="supervisor"),
        see("plan", "L1", state="cancelled", paid=0),
    )
    tell(story, subject())


@each_subject
def test_back_dated_invoice_below_a_promise_over_the_account(subject: New) -> None:
    story = account(
        promise("R1", 9000, "01-25", "01-20 10:00"),
        paid("P1", 1000, "01-21"),
        invoice("I0", 500, due="01-05"),
        voided("I1", "01-22"),
        see("promise", "R1", state="kept"),  # of I0 nothing is owed: the money lies there
        bill("I0", balance=0),
    )
    tell(story, subject())


# ── Rows of states ──────────────────────────────────────────────────────────────────────────────


@each_subject
def test_an_offer_stops_nothing_until_it_is_accepted(subject: New) -> None:
    story = account(
        settlement(
            "T1", "01-20", 10000, ("01-29", 8000), kind="offer", verdict="offered",
            valid_until="01-27",
        ),
        stops(),
        sums(collectable=10000),
        settlement_accepted("T1", "01-21"),
        stops(("settlement", "02-02")),
        sums(collectable=0),
    )  # fmt: skip
    tell(story, subject())


@each_subject
def test_a_dispute_of_all_stops_and_of_a_part_does_not(subject: New) -> None:
    story = account(
        disputed("D1", "I1", "01-20 10:00", 4000),
        stops(),
        sums(collectable=6000),
        disputed("D2", "I1", "01-20 11:00"),
        stops(("disputed", None)),
        sums(collectable=0),
    )
    tell(story, subject())


@each_subject
def test_a_promise_stops_to_the_end_of_grace_and_changes_no_amount(subject: New) -> None:
    story = account(
        promise("R1", 4000, "01-25", "01-20"),
        stops(("promise", "01-27")),
        sums(collectable=10000, promised=4000),
    )
    tell(story, subject())


@each_subject
def test_what_is_unapplied_is_not_collectable_beside_a_placement(subject: New) -> None:
    story = account(
        invoice("I2", 500),
        written_off("S1", "01-20 10:00", "sold", invoices=("I2",)),
        paid("P1", 300, "01-21", ("I2", 300)),
        sums(unapplied=300, collectable=9700),
    )
    tell(story, subject())

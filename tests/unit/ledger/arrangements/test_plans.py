"""Plans: what is announced of them, and the edges of each comparison."""

from typing import Any

from services.ledger.domain.agreements import Approval, DefaultRule
from services.ledger.domain.arrangements import frozen
from tests.unit.ledger.arrangements.engine import Engine
from tests.unit.ledger.arrangements.told import (
    Told,
    amended,
    credited,
    decided,
    disputed,
    hold,
    invoice,
    on,
    paid,
    plan,
    plan_cancelled,
    promise,
    registered,
    resolved,
    taken_back,
)

THIRDS = (("02-01", 10000), ("03-01", 10000), ("04-01", 10000))


def _account(*facts: Told) -> Engine:
    """I1 of 30000 and, on 01-20, the plan L1 over it: three instalments, grace 3 business days."""
    engine = Engine(begun=on("01-20"))
    engine.record(registered(), invoice("I1", 30000))
    engine.record(*(facts or (plan("L1", "01-20", ("I1",), *THIRDS),)))
    return engine


def _states(engine: Engine) -> list[str]:
    return engine.figures("plan", "L1")["parts"]  # type: ignore[no-any-return]


def test_agreed_it_is_announced_and_its_invoice_is_not_collectable() -> None:
    engine = _account()
    assert engine.news("plan-", "instalment-") == ["plan-agreed L1"]
    event = engine.event("plan-agreed")
    assert [each.amount_minor for each in event.instalments] == [10000, 10000, 10000]
    assert event.amounts[0].collectable_minor == 0
    assert engine.amounts("EUR")["arranged"] == 30000


def test_a_cent_short_is_missed_and_the_cent_is_asked_for() -> None:
    engine = _account()
    engine.record(paid("P1", 9999, "02-04"))
    engine.start_day(on("02-05"))
    assert engine.news("instalment-") == ["instalment-missed L1/1"]
    assert engine.figures("plan", "L1")["short"] == [1, 0, 0]
    assert engine.amounts("EUR")["collectable"] == 1
    engine.record(paid("P2", 1, "02-06"))
    assert engine.news("instalment-") == ["instalment-paid L1/1"]
    event = engine.event("instalment-paid")
    assert (event.paid_on, event.days_late) == (on("02-06"), 5)


def test_enough_to_the_cent_is_paid() -> None:
    engine = _account()
    engine.record(paid("P1", 10000, "02-04 22:59:59"))
    engine.start_day(on("02-05"))
    assert engine.news("instalment-missed") == []
    assert _states(engine) == ["paid", "open", "open"]


def test_money_of_midnight_comes_too_late() -> None:
    engine = _account()
    engine.start_day(on("02-05"))
    engine.record(paid("P1", 10000, "02-04 23:00:00"))
    assert engine.news("instalment-") == ["instalment-paid L1/1"]
    engine.record(paid("P0", 1, "02-04 22:59:59"))
    assert engine.figures("plan", "L1")["paid"] == 10001


def test_of_two_days_at_once_only_the_last_state_is_announced() -> None:
    engine = _account()
    engine.start_day(on("03-05"))
    assert engine.news("instalment-", "plan-") == [
        "instalment-missed L1/1",
        "instalment-missed L1/2",
        "plan-defaulted L1",
    ]
    missed: list[Any] = [said.data for said in engine.last if said.type == "instalment-missed"]
    counts = [data.missed_count for data in missed]
    assert counts == [1, 2]


def test_thirty_days_missed_is_a_default_and_a_day_less_is_not() -> None:
    engine = _account(plan("L1", "01-20", ("I1",), *THIRDS, default=DefaultRule(None, 30)))
    engine.start_day(on("03-06"))
    assert engine.figures("plan", "L1")["state"] == "active"
    engine.start_day(on("03-07"))  # missed since 02-05
    assert engine.news("plan-") == ["plan-defaulted L1"]
    event = engine.event("plan-defaulted")
    assert (event.because, event.arrears_minor) == ("days", 20000)


def test_a_missed_down_payment_is_a_default_at_once() -> None:
    parts = (("01-20", 6000), ("02-20", 24000))
    engine = _account(plan("L1", "01-20", ("I1",), *parts, has_down_payment=True))
    engine.start_day(on("01-26"))
    assert engine.figures("plan", "L1")["because"] == "first"


def test_late_payment_refutes_the_default_and_says_each_once() -> None:
    engine = _account()
    engine.start_day(on("03-05"))
    engine.record(paid("P1", 10000, "02-04"))
    assert engine.news("instalment-", "plan-") == [
        "instalment-rejudged L1/1 missed→paid",
        "instalment-rejudged L1/2 missed→missed",  # less is short
        "plan-rejudged L1 defaulted→active",
    ]
    assert engine.figures("plan", "L1")["short"] == [0, 10000, 0]
    engine.record(paid("P2", 10000, "03-04"))
    assert engine.news("instalment-", "plan-") == ["instalment-rejudged L1/2 missed→paid"]


def test_a_default_stays_however_much_is_paid_later() -> None:
    engine = _account()
    engine.start_day(on("03-05"))
    engine.record(paid("P1", 30000, "03-06"))
    assert engine.news("plan-", "instalment-") == []
    assert engine.figures("plan", "L1")["state"] == "defaulted"
    assert engine.amounts("EUR")["balance"] == 0


def test_a_reversal_after_the_judgement_is_missed_at_once() -> None:
    engine = _account()
    engine.record(paid("P1", 10000, "02-01"))
    engine.start_day(on("02-10"))
    engine.record(taken_back("X1", "P1", "02-10 10:00", 1))
    assert engine.news("instalment-") == ["instalment-rejudged L1/1 paid→missed"]
    assert engine.figures("plan", "L1")["short"] == [1, 0, 0]


def test_completed_it_is_active_again_by_a_reversal() -> None:
    engine = _account()
    engine.record(paid("P1", 30000, "02-01"))
    assert engine.news("plan-", "instalment-") == [
        *(f"instalment-paid L1/{n}" for n in (1, 2, 3)),
        "plan-completed L1",
    ]
    engine.record(taken_back("X1", "P1", "02-02", 1))
    assert engine.news("plan-", "instalment-") == [
        "instalment-rejudged L1/3 paid→open",
        "plan-rejudged L1 completed→active",
    ]


def test_completed_it_stays_if_another_has_begun() -> None:
    engine = _account()
    engine.record(paid("P1", 30000, "02-01"))
    engine.record(invoice("I2", 5000), plan("L2", "02-02", ("I2",), ("02-20", 5000)))
    engine.record(taken_back("X1", "P1", "02-03", 1))
    assert engine.figures("plan", "L1")["state"] == "completed"
    assert engine.amounts("EUR")["balance"] == 5001


def test_money_older_than_the_plan_does_not_count_and_taken_back_is_owed_beside_it() -> None:
    engine = _account(paid("P0", 5000, "01-19"), plan("L1", "01-20", ("I1",), ("02-01", 25000)))
    assert engine.figures("plan", "L1")["paid"] == 0
    engine.record(paid("P1", 25000, "02-01"))
    assert engine.news("plan-") == ["plan-completed L1"]
    engine.record(taken_back("X0", "P0", "02-02"))
    assert engine.news("plan-", "instalment-") == []
    assert engine.amounts("EUR")["balance"] == 5000


def test_a_newer_arrangement_ends_it_and_it_does_not_come_back() -> None:
    engine = _account()
    engine.record(plan("L2", "01-25", ("I1",), ("02-01", 30000), replaces="L1"))
    assert engine.news("plan-") == ["plan-agreed L2", "plan-cancelled L1"]
    engine.record(plan_cancelled("L2", "01-26"))
    assert engine.news("plan-") == ["plan-cancelled L2"]
    assert engine.figures("plan", "L1")["because"] == "plan L2"
    assert engine.amounts("EUR")["collectable"] == 30000


def test_default_refuted_after_a_newer_one_began_is_a_cancellation() -> None:
    engine = _account()
    engine.start_day(on("03-05"))
    engine.record(plan("L2", "03-06", ("I1",), ("04-01", 30000)))
    engine.record(paid("P1", 20000, "02-01"))
    assert "plan-rejudged L1 defaulted→cancelled" in engine.news("plan-")
    assert engine.figures("plan", "L1")["because"] == "plan L2"
    assert engine.figures("plan", "L2")["state"] == "active"


def test_what_is_credited_shortens_it_from_the_last_instalment() -> None:
    engine = _account()
    engine.record(credited("K1", 15000, "01-25", "I1"))
    engine.record(paid("P1", 10000, "02-01"), paid("P2", 5000, "03-01"))
    assert engine.figures("plan", "L1")["state"] == "completed"


def test_nothing_left_without_money_is_a_cancellation() -> None:
    engine = _account()
    engine.record(credited("K1", 30000, "01-25", "I1"))
    assert engine.figures("plan", "L1")["because"] == "nothing-left"


def test_a_dispute_lowers_what_is_short_and_rejected_it_is_missed_now() -> None:
    engine = _account()
    engine.record(disputed("D1", "I1", "01-25", 30000))
    engine.start_day(on("02-05"))
    assert _states(engine) == ["open", "open", "open"]
    engine.record(resolved("D1", "I1", "02-06", "rejected"))
    assert engine.news("instalment-") == ["instalment-missed L1/1"]


def test_one_that_waits_begins_at_the_decision() -> None:
    engine = _account(
        plan("L1", "01-20", ("I1",), *THIRDS, approval=Approval("supervisor", on("01-27")))
    )
    assert engine.news("plan-", "approval-") == ["approval-needed plan:L1"]
    assert engine.amounts("EUR")["collectable"] == 30000
    assert engine.stops() == {("plan", on("01-27"))}
    engine.record(paid("P1", 10000, "01-21"))
    engine.record(decided("plan:L1", "01-22", role="supervisor"))
    assert engine.news("plan-", "approval-", "instalment-") == [
        "plan-agreed L1",
        "approval-closed plan:L1",
        "instalment-paid L1/1",
    ]
    assert engine.figures("plan", "L1")["paid"] == 10000


def test_one_that_waits_too_long_is_refused() -> None:
    engine = _account(
        plan("L1", "01-20", ("I1",), *THIRDS, approval=Approval("supervisor", on("01-27")))
    )
    engine.start_day(on("01-27"))
    assert engine.figures("plan", "L1")["state"] == "pending_approval"
    engine.start_day(on("01-28"))
    assert engine.news("approval-", "plan-") == ["approval-closed plan:L1"]
    assert engine.figures("plan", "L1")["state"] == "refused"


def test_a_newer_one_that_waits_withdraws_the_older() -> None:
    waits = Approval("supervisor", on("01-27"))
    engine = _account(plan("L1", "01-20", ("I1",), *THIRDS, approval=waits))
    engine.record(plan("L2", "01-21", ("I1",), *THIRDS, approval=waits))
    assert engine.figures("plan", "L1")["because"] == "withdrawn"
    engine.record(plan_cancelled("L2", "01-21 13:00"))
    assert engine.figures("plan", "L2")["state"] == "refused"


def test_a_new_invoice_that_reaches_the_stage_is_a_default() -> None:
    rule = DefaultRule(None, None, new_invoice_stage=1)
    engine = _account(plan("L1", "01-20", ("I1",), ("06-01", 30000), default=rule))
    engine.record(invoice("I2", 100, due="02-10", issued="01-25"))
    engine.start_day(on("02-10"))
    assert engine.figures("plan", "L1")["state"] == "active"
    engine.start_day(on("02-11"))
    assert engine.figures("plan", "L1")["because"] == "new-invoice"
    engine.record(amended("I2", "02-11 10:00", "02-11"))
    assert engine.news("plan-") == ["plan-rejudged L1 defaulted→active"]
    engine.start_day(on("02-12"))
    assert engine.news("plan-") == ["plan-defaulted L1"]


def test_a_new_invoice_that_is_paid_or_older_than_the_plan_is_none() -> None:
    rule = DefaultRule(None, None, new_invoice_stage=1)
    engine = _account(
        invoice("I0", 100, due="02-05", issued="01-19"),
        plan("L1", "01-20", ("I1",), ("06-01", 30000), default=rule),
        invoice("I2", 100, due="02-10", issued="01-25"),
        paid("P1", 100, "02-01", ("I2", 100)),
    )
    engine.start_day(on("03-01"))
    assert engine.figures("plan", "L1")["state"] == "active"


def test_free_money_serves_the_instalment_due_next_and_then_the_oldest() -> None:
    engine = _account(invoice("I0", 4000, due="01-05"), plan("L1", "01-20", ("I1",), *THIRDS))
    engine.record(paid("P1", 12000, "02-02"))  # instalment 2 is due next: up to 20000
    assert engine.invoice("I1")["balance"] == 18000
    engine.record(paid("P2", 9000, "03-01"))
    assert engine.invoice("I1")["balance"] == 10000
    assert engine.invoice("I0")["balance"] == 3000


def test_an_aim_at_another_invoice_wins() -> None:
    engine = _account(invoice("I0", 4000, due="01-05"), plan("L1", "01-20", ("I1",), *THIRDS))
    engine.record(paid("P1", 4000, "02-01", ("I0", 4000)))
    assert engine.figures("plan", "L1")["paid"] == 0


def test_no_cent_counts_for_a_promise_and_an_instalment() -> None:
    engine = _account(
        invoice("I0", 4000, due="01-05"),
        plan("L1", "01-20", ("I1",), *THIRDS),
        promise("R1", 4000, "02-10", "01-21"),
    )
    engine.record(paid("P1", 11000, "02-01"))
    assert engine.figures("promise", "R1")["received"] == 1000
    assert engine.figures("plan", "L1")["paid"] == 10000


def test_due_soon_is_announced_once_by_the_begun_day_alone() -> None:
    engine = _account()
    assert engine.news("instalment-due-soon") == []
    engine.start_day(on("01-24"))
    assert engine.news("instalment-due-soon") == []
    engine.start_day(on("01-27"))
    assert engine.news("instalment-due-soon") == ["instalment-due-soon L1/1"]
    (event,) = [said for said in engine.last if said.type == "instalment-due-soon"]
    assert event.day == on("01-25")
    engine.start_day(on("01-28"))
    engine.record(paid("P1", 10000, "01-28"), taken_back("X1", "P1", "01-29"))
    engine.start_day(on("01-30"))
    assert engine.news("instalment-due-soon") == []


def test_due_soon_is_not_announced_of_days_that_have_passed_or_of_what_is_paid() -> None:
    engine = _account()
    engine.record(paid("P1", 20000, "01-21"))
    engine.start_day(on("02-01"))
    assert engine.news("instalment-due-soon") == []
    engine.start_day(on("04-02"))
    assert engine.news("instalment-due-soon") == []


def test_nothing_is_charged_from_the_day_after_to_the_day_before_its_end() -> None:
    engine = _account()
    engine.record(plan_cancelled("L1", "02-10"))
    days = {day: frozen(engine.account, "I1", on(day), "fees") for day in ("01-20", "01-21")}
    days |= {day: frozen(engine.account, "I1", on(day), "interest") for day in ("02-09", "02-10")}
    assert days == {"01-20": False, "01-21": True, "02-09": True, "02-10": False}
    assert not frozen(engine.account, "I9", on("01-21"), "fees")


def test_a_hold_told_late_takes_back_what_was_missed_and_defaulted() -> None:
    engine = _account()
    engine.start_day(on("03-05"))
    engine.record(hold("H1", "hardship", "02-01", "02-28", told="03-05"))
    assert engine.news("instalment-", "plan-") == [
        "instalment-rejudged L1/1 missed→open",
        "instalment-rejudged L1/2 missed→open",
        "plan-rejudged L1 defaulted→active",
    ]
    engine.start_day(on("03-15"))
    assert engine.news("plan-") == ["plan-defaulted L1"]

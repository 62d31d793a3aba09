"""Settlements: what is announced of them, and the edges of each comparison."""

from typing import Any

from services.ledger.domain.agreements import Approval
from services.ledger.domain.arrangements import frozen
from tests.unit.ledger.arrangements.engine import Engine
from tests.unit.ledger.arrangements.told import (
    Told,
    charged,
    credited,
    decided,
    disputed,
    invoice,
    on,
    paid,
    plan,
    registered,
    settlement,
    settlement_accepted,
    settlement_declined,
    taken_back,
    voided,
)

BID = settlement("T1", "01-20", 20000, ("01-29", 16000))
OFFER = settlement(
    "T1", "01-20", 20000, ("01-29", 16000), kind="offer", verdict="offered", valid_until="01-25"
)


def _account(*facts: Told) -> Engine:
    """I1 of 20000 and, on 01-20, a bid of 16000 that is accepted at once: grace until 02-02."""
    engine = Engine(begun=on("01-20"))
    engine.record(registered(), invoice("I1", 20000))
    engine.record(*(facts or (BID,)))
    return engine


def _is(engine: Engine, name: str = "T1") -> tuple[Any, ...]:
    seen = engine.figures("settlement", name)
    return (seen["state"], seen["because"], seen["conceded"])


def test_a_bid_that_is_accepted_says_how() -> None:
    engine = _account()
    assert engine.news("settlement-") == ["settlement-accepted T1"]
    event = engine.event("settlement-accepted")
    assert (event.how, event.conceded_minor, event.base_minor) == ("policy", 4000, 20000)
    assert event.amounts[0].collectable_minor == 0


def test_a_cent_short_lapses_and_enough_completes() -> None:
    engine = _account()
    engine.record(paid("P1", 15999, "01-28"))
    engine.start_day(on("02-02"))
    assert _is(engine)[0] == "accepted"
    engine.start_day(on("02-03"))
    assert engine.news("settlement-", "instalment-") == [
        "instalment-missed T1/1",
        "settlement-lapsed T1",
    ]
    assert engine.amounts("EUR")["collectable"] == 4001
    engine.record(paid("P2", 1, "02-02 22:59"))
    assert engine.news("settlement-", "instalment-", "invoice-paid", "allocation") == [
        "allocation-changed C1",
        "instalment-rejudged T1/1 missed→paid",
        "settlement-rejudged T1 lapsed→completed",
        "invoice-paid I1",
    ]
    assert _is(engine) == ("completed", "payment P2", 4000)


def test_completed_it_carries_the_concession_and_the_invoice_is_paid() -> None:
    engine = _account()
    engine.record(paid("P1", 16000, "01-28"))
    assert engine.news() == [
        "payment-received P1",
        "instalment-paid T1/1",
        "settlement-completed T1",
        "invoice-paid I1",
    ]
    event = engine.event("settlement-completed")
    (piece,) = event.allocations
    assert (piece.source_kind, piece.source_id, piece.amount_minor) == ("concession", "T1", 4000)
    assert (event.paid_minor, event.conceded_minor) == (16000, 4000)


def test_more_than_the_amount_finds_the_concession_made() -> None:
    engine = _account(invoice("I2", 3000, due="03-01"), BID)
    engine.record(paid("P1", 17500, "01-28", ("I1", 17500)))
    assert _is(engine) == ("completed", "payment P1", 4000)
    assert engine.invoice("I2")["balance"] == 1500
    assert engine.figures("settlement", "T1")["paid"] == 16000


def test_a_reversal_before_the_last_judgement_lets_it_be_accepted_again() -> None:
    engine = _account()
    engine.record(paid("P1", 16000, "01-28"))
    engine.record(taken_back("X1", "P1", "01-29", 1))
    assert engine.news("settlement-", "invoice-reopened") == [
        "settlement-rejudged T1 completed→accepted",
        "invoice-reopened I1",
    ]
    assert engine.amounts("EUR")["balance"] == 4001
    engine.record(paid("P2", 1, "01-30"))
    assert engine.news("settlement-") == ["settlement-completed T1"]


def test_a_reversal_after_it_lets_it_lapse_and_repaying_completes_nothing() -> None:
    engine = _account()
    engine.record(paid("P1", 16000, "01-28"))
    engine.start_day(on("02-10"))
    engine.record(taken_back("X1", "P1", "02-10 10:00", 1))
    assert engine.news("settlement-", "instalment-") == [
        "instalment-rejudged T1/1 paid→missed",
        "settlement-rejudged T1 completed→lapsed",
    ]
    engine.record(paid("P2", 1, "02-10 11:00"))
    assert _is(engine) == ("lapsed", "not-paid", 0)
    assert engine.amounts("EUR")["balance"] == 4000


def test_what_is_unapplied_fills_the_amount_again() -> None:
    engine = _account()
    engine.record(paid("P1", 16000, "01-28"), paid("P2", 500, "01-28 13:00"))
    assert engine.amounts("EUR")["unapplied"] == 500
    engine.start_day(on("02-10"))
    engine.record(taken_back("X1", "P1", "02-10 10:00", 500))
    assert _is(engine) == ("completed", "payment P1", 4000)
    assert (engine.amounts("EUR")["balance"], engine.amounts("EUR")["unapplied"]) == (0, 0)


def test_a_credit_note_takes_concession_back_before_cash() -> None:
    engine = _account()
    engine.record(paid("P1", 16000, "01-28"))
    engine.record(credited("K1", 3000, "01-30", "I1"))
    assert engine.news("settlement-") == ["settlement-rejudged T1 completed→completed"]
    assert _is(engine) == ("completed", "payment P1", 1000)
    assert engine.amounts("EUR")["unapplied"] == 0


def test_a_void_leaves_nothing_conceded_and_completed() -> None:
    engine = _account(
        invoice("I2", 10000),
        settlement("T1", "01-20", 30000, ("01-29", 24000), invoices=("I1", "I2")),
    )
    engine.record(paid("P1", 24000, "01-28"))
    assert _is(engine)[2] == 6000
    engine.record(voided("I1", "01-29"))
    assert _is(engine) == ("completed", "payment P1", 0)
    assert (engine.amounts("EUR")["balance"], engine.amounts("EUR")["unapplied"]) == (0, 14000)


def test_disputes_change_nothing_in_it() -> None:
    engine = _account(disputed("D1", "I1", "01-19"), BID)
    engine.record(paid("P1", 16000, "01-28"))
    assert _is(engine) == ("completed", "payment P1", 4000)
    assert engine.amounts("EUR")["disputed"] == 0


def test_what_is_credited_lowers_what_is_conceded() -> None:
    engine = _account()
    engine.record(credited("K1", 3000, "01-25", "I1"), paid("P1", 16000, "01-28"))
    assert _is(engine) == ("completed", "payment P1", 1000)


def test_nothing_left_without_money_lapses() -> None:
    engine = _account()
    engine.record(credited("K1", 20000, "01-25", "I1"))
    assert _is(engine) == ("lapsed", "nothing-left", 0)


def test_an_offer_is_accepted_by_command_or_lapses() -> None:
    engine = _account(OFFER)
    assert engine.news("settlement-") == ["settlement-offered T1"]
    assert engine.stops() == set()
    engine.record(settlement_accepted("T1", "01-25 22:59"))
    event = engine.event("settlement-accepted")
    assert event.how == "debtor"
    other = _account(OFFER)
    other.start_day(on("01-26"))
    assert other.news("settlement-") == ["settlement-lapsed T1"]
    assert _is(other) == ("lapsed", "not-accepted", 0)
    other.record(settlement_accepted("T1", "01-26 10:00"))
    assert other.news("settlement-") == []


def test_paying_is_accepting() -> None:
    engine = _account(OFFER)
    engine.record(paid("P1", 15999, "01-22"))
    assert _is(engine)[0] == "offered"
    engine.record(paid("P2", 1001, "01-23"))
    assert engine.news("settlement-") == ["settlement-accepted T1", "settlement-completed T1"]
    event = engine.event("settlement-accepted")
    assert event.how == "payment"
    assert _is(engine)[2] == 4000
    assert engine.amounts("EUR")["unapplied"] == 1000


def test_a_newer_offer_supersedes_and_a_refusal_declines() -> None:
    engine = _account(OFFER)
    newer = settlement(
        "T2", "01-21", 20000, ("01-29", 17000), kind="offer", verdict="offered", valid_until="01-25"
    )
    engine.record(newer)
    assert _is(engine) == ("lapsed", "superseded", 0)
    engine.record(settlement_declined("T2", "01-22"))
    assert engine.news("settlement-") == ["settlement-declined T2"]
    assert _is(engine, "T2") == ("declined", "debtor", 0)


def test_a_bid_declined_by_the_policy_says_the_counter() -> None:
    engine = _account(
        settlement("T0", "01-20", 20000, ("01-29", 5000), verdict="declined", counter_minor=16000)
    )
    assert engine.news("settlement-") == ["settlement-declined T0"]
    event = engine.event("settlement-declined")
    assert (event.because, event.counter_minor) == ("policy", 16000)


def test_one_that_waits_is_declined_or_accepted_by_the_decision() -> None:
    waits = settlement(
        "T1",
        "01-20",
        20000,
        ("01-29", 12000),
        verdict="pending_approval",
        approval=Approval("supervisor", on("01-27")),
    )
    refused = _account(waits)
    refused.record(decided("settlement:T1", "01-21", "refuse"))
    assert _is(refused) == ("declined", "approval", 0)
    assert refused.news("settlement-", "approval-") == [
        "approval-closed settlement:T1",
        "settlement-declined T1",
    ]
    withdrawn = _account(waits)
    withdrawn.record(settlement_declined("T1", "01-21", "withdrawn"))
    assert _is(withdrawn) == ("declined", "withdrawn", 0)
    begun = _account(waits)
    begun.record(plan("L1", "01-21", ("I1",), ("02-01", 20000)))
    assert _is(begun) == ("declined", "withdrawn", 0)
    approved = _account(waits)
    approved.record(decided("settlement:T1", "01-21", role="supervisor"))
    event = approved.event("settlement-accepted")
    assert event.how == "approval"


def test_a_plan_over_its_debts_lets_it_lapse_and_nothing_is_conceded() -> None:
    engine = _account()
    engine.record(paid("P1", 8000, "01-22"))
    engine.record(plan("L1", "01-25", ("I1",), ("02-01", 12000), replaces="T1"))
    assert _is(engine) == ("lapsed", "plan L1", 0)
    assert engine.figures("plan", "L1")["paid"] == 0


def test_each_instalment_is_judged_and_one_paid_early_counts() -> None:
    engine = _account(settlement("T1", "01-20", 20000, ("01-25", 8000), ("02-08", 8000)))
    engine.record(paid("P1", 8000, "01-24"))
    engine.start_day(on("01-28"))
    assert _is(engine)[0] == "accepted"
    assert engine.amounts("EUR")["arrears"] == 0
    engine.start_day(on("02-09"))
    assert engine.amounts("EUR")["arrears"] == 8000
    engine.start_day(on("02-11"))
    assert _is(engine) == ("lapsed", "not-paid", 0)


def test_a_completion_that_never_was_is_said_with_nothing_conceded() -> None:
    engine = _account()
    engine.record(paid("P1", 16000, "02-02 22:00"))
    engine.start_day(on("02-05"))
    engine.record(taken_back("X1", "P1", "02-02 22:30"))
    assert engine.news("settlement-") == ["settlement-rejudged T1 completed→lapsed"]
    assert engine.amounts("EUR")["balance"] == 20000


def test_a_completed_one_is_undone_by_a_plan_that_was_told_late() -> None:
    engine = _account()
    engine.record(paid("P1", 16000, "01-28"))
    engine.record(plan("L1", "01-25", ("I1",), ("02-01", 20000)))
    assert "settlement-rejudged T1 completed→lapsed" in engine.news("settlement-")
    emptied = [
        (piece.source_id, piece.amount_minor)
        for said in engine.last
        for piece in getattr(said.data, "allocations", ())
        if piece.source_kind == "concession"
    ]
    assert emptied == [("T1", 0)]
    assert engine.amounts("EUR")["balance"] == 4000


def test_nothing_is_charged_while_it_is_in_force() -> None:
    engine = _account()
    assert not frozen(engine.account, "I1", on("01-20"), "interest")
    assert frozen(engine.account, "I1", on("01-21"), "interest")
    engine.start_day(on("02-03"))
    assert frozen(engine.account, "I1", on("02-02"), "fees")
    assert not frozen(engine.account, "I1", on("02-03"), "fees")


def test_charges_are_conceded_before_principal_and_come_back_with_it() -> None:
    engine = _account(
        charged("B1", 500, "01-15"), settlement("T1", "01-20", 20500, ("01-29", 16000))
    )
    engine.record(paid("P1", 16000, "01-28", ("I1", 16000)))
    assert _is(engine) == ("completed", "payment P1", 4500)
    assert [each for each in engine.news("charge-")] == ["charge-waived B1"]
    assert engine.account.credits["concession", "T1"].amount_minor == 4000
    engine.start_day(on("02-05"))
    engine.record(taken_back("X1", "P1", "02-05 10:00", 1))
    assert _is(engine)[2] == 0
    (amounts,) = [a for a in engine.event("settlement-rejudged").amounts]
    assert (amounts.balance_minor, amounts.charges_minor) == (4001, 500)


def test_no_more_than_the_difference_is_conceded() -> None:
    engine = _account(paid("P0", 2000, "01-19"), settlement("T1", "01-20", 18000, ("01-29", 15000)))
    engine.record(taken_back("X0", "P0", "01-22"), paid("P1", 15000, "01-28"))
    assert _is(engine) == ("completed", "payment P1", 3000)
    assert engine.amounts("EUR")["balance"] == 2000  # older money, owed beside it
    engine.record(paid("P2", 2000, "01-29"))
    assert engine.amounts("EUR")["balance"] == 0

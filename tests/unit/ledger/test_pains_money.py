"""What users of other systems complain about, 16 to 28: part payments, fees, interest.

What of 1 to 40 is not here, and why: test_pains_overdue.
"""

from datetime import date
from typing import Any

import pytest

from services.ledger.domain.charge_events import members
from services.ledger.domain.charges import charge_of
from shared.errors import Invalid
from tests.unit.ledger.arrangements.engine import Engine
from tests.unit.ledger.arrangements.told import (
    Told,
    amended,
    charged,
    credited,
    disclosed,
    invoice,
    on,
    paid,
    plan,
    registered,
    taken_back,
)

ALWAYS = date(2020, 1, 1)
# 7.3 percent a year are 20 a day on 100000.
TWENTY_A_DAY = {"id": "interest", "kind": "interest", "rate": {"percent": "7.3"}}
CIVIL_CODE = {
    "scope": "invoice",
    "targets": "order",
    "order": ["cost", "interest", "fee", "principal"],
}


def fee(amount: str = "10", step: int = 31, **more: Any) -> dict[str, Any]:
    return {
        "id": "fee",
        "kind": "late_fee",
        "step": step,
        "amount": {"fixed": {"EUR": amount}},
        **more,
    }


def an_engine(*facts: Told, rules: Any = (), order: Any = None, limits: Any = ()) -> Engine:
    document = {"rules": list(rules), **({"limits": limits} if limits else {})}
    policies: dict[str, Any] = {"charges": [(ALWAYS, document)]}
    if order is not None:
        policies["allocation"] = [(ALWAYS, order)]
    engine = Engine(policies=policies)
    engine.record(registered("UTC", kind="business"), *facts)
    return engine


def charge(engine: Engine, name: str) -> tuple[int, int, int] | None:
    known = engine.charge(name)
    return (known["amount"], known["waived"], known["paid"]) if known is not None else None


def test_pain_16_charges_stay_collectable_when_the_principal_is_paid() -> None:
    """Dunning is marked resolved, and interest and fee are uncollectable, once only the principal
    is paid."""
    engine = an_engine(invoice(amount=100000), rules=[fee(), TWENTY_A_DAY])
    engine.start_day(on("02-10"))
    engine.record(paid("P1", 100000, "02-10 12:00"))
    known = engine.amounts("EUR")
    assert engine.invoice("I1")["status"] == "paid"
    assert (known["charges"], known["collectable"]) == (1000 + 31 * 20, 1000 + 31 * 20)
    engine.record(paid("P2", 1620, "02-11 12:00"))
    assert charge(engine, "late-fee:I1:31") == (1000, 0, 1000)
    assert charge(engine, "interest:I1") == (620, 0, 620)


def test_pain_17_interest_runs_from_a_part_payment_on_what_is_left() -> None:
    """Interest must run from the last part payment on the reduced outstanding."""
    engine = an_engine(invoice(amount=100000), rules=[TWENTY_A_DAY])
    engine.start_day(on("01-20"))
    engine.record(paid("P1", 50000, "01-20 12:00"))
    engine.start_day(on("01-30"))
    known = charge_of(engine.account, "interest:I1")
    posted = known.amount_minor if known is not None else 0
    assert posted + engine.amounts("EUR")["accrued"] == 10 * 20 + 10 * 10


def test_pain_18_charges_are_booked_to_receivables_and_cleared_in_the_order_of_the_law() -> None:
    """Book the dunning amount to receivables; clear costs, then interest, then principal."""
    engine = an_engine(
        invoice(amount=100000),
        charged("court", 3000, "01-20", kind="cost"),
        rules=[TWENTY_A_DAY],
        order=CIVIL_CODE,
    )
    engine.start_day(on("02-10"))
    assert engine.amounts("EUR")["charges"] == 3000 + 620
    assert engine.booked["charges-receivable"] == 3620
    assert (engine.booked["cost-recovery"], engine.booked["interest-income"]) == (-3000, -620)
    engine.record(paid("P1", 10000, "02-10 12:00"))
    assert charge(engine, "court") == (3000, 0, 3000)
    assert charge(engine, "interest:I1") == (620, 0, 620)
    assert engine.invoice("I1")["balance"] == 100000 - (10000 - 3620)


def test_pain_19_what_is_overdue_is_what_is_open_and_never_on_the_due_day() -> None:
    """Dunning must use the latest outstanding, and must not dun on the due date itself."""
    engine = an_engine(invoice(), rules=[fee(step=1)])
    engine.start_day(on("01-10"))
    assert (engine.news("invoice-overdue"), engine.amounts("EUR")["overdue"]) == ([], 0)
    assert charge(engine, "late-fee:I1:1") is None
    engine.record(paid("P1", 4000, "01-10 12:00"))
    engine.start_day(on("01-11"))
    assert engine.event("invoice-overdue").balance_minor == 6000
    engine.record(paid("P2", 1000, "01-11 12:00"))
    assert engine.amounts("EUR")["overdue"] == 5000


def test_pain_20_interest_comes_by_itself() -> None:
    """Automatic interest on past-due invoices."""
    engine = an_engine(invoice(amount=100000), rules=[TWENTY_A_DAY])
    for day, accrued in (("01-10", 0), ("01-11", 20), ("01-12", 40), ("02-09", 600)):
        engine.start_day(on(day))
        assert engine.amounts("EUR")["accrued"] == accrued
    engine.start_day(on("02-10"))
    assert engine.news("interest-charged") == ["interest-charged interest:I1"]
    assert charge(engine, "interest:I1") == (620, 0, 0)


def test_pain_22_a_fee_is_charged_once_however_often_the_day_begins() -> None:
    """The late fee was added every hour, because the job ran every hour."""
    engine = an_engine(invoice(), rules=[fee()])
    for _ in range(24):
        engine.start_day(on("02-10"))
    engine.record(amended("I1", "02-10 12:00", "01-10"))
    for hour in range(10):
        engine.record(paid(f"P{hour}", 1, f"02-10 0{hour}:00"))
    engine.start_day(on("02-11"))
    said = [event for event in engine.said if event.type == "fee-charged"]
    assert [event.entity for event in said] == ["late-fee:I1:31"]
    assert charge(engine, "late-fee:I1:31") == (1000, 0, 0)


def test_pain_23_interest_shows_its_days_rate_and_basis() -> None:
    """The late fee is not as the directive asks: no days late × rate, no text of the formula."""
    engine = an_engine(invoice(amount=100000), rules=[TWENTY_A_DAY])
    engine.start_day(on("01-20"))
    engine.record(paid("P1", 50000, "01-20 12:00"))
    engine.start_day(on("02-10"))
    known = charge_of(engine.account, "interest:I1")
    assert known is not None
    shown = members(engine.account, known)
    assert [
        (part.days, part.basis_minor, part.percent, part.day_count) for part in shown["segments"]
    ] == [(10, 100000, "7.3", "act/365"), (21, 50000, "7.3", "act/365")]
    assert shown["amount_minor"] == 200 + 210


def test_pain_24_a_fee_is_charged_for_a_debt_that_is_told_late() -> None:
    """The fee is not applied on a reminder sent by hand, or retrospectively."""
    engine = an_engine(rules=[fee()])
    engine.start_day(on("03-01"))
    engine.record(invoice())
    assert engine.event("fee-charged").charged_on == on("02-10")
    assert charge(engine, "late-fee:I1:31") == (1000, 0, 0)


def test_pain_24_a_fee_of_nothing_is_no_rule_and_a_limit_of_nothing_charges_nothing() -> None:
    """A fee was applied although 0 was configured."""
    with pytest.raises(Invalid) as refused:
        an_engine(invoice(), rules=[fee("0")])
    assert [error.pointer for error in refused.value.errors] == ["/rules/0/amount/fixed/EUR"]
    engine = an_engine(invoice(), rules=[fee()], limits=[{"max_fee": {"EUR": 0}}])
    engine.start_day(on("02-15"))
    assert (charge(engine, "late-fee:I1:31"), engine.amounts("EUR")["charges"]) == (None, 0)
    assert engine.skipped("late-fee:I1:31") == "limit"


def test_pain_24_a_fee_needs_its_disclosure() -> None:
    """A fee that nobody was told of is not applied; told before the step, it is."""
    engine = an_engine(invoice(), rules=[fee(disclosure={"texts": ["late-fee"]})])
    engine.start_day(on("02-15"))
    assert charge(engine, "late-fee:I1:31") is None
    assert engine.skipped("late-fee:I1:31") == "not_disclosed"
    engine.record(disclosed("K1", "01-09 09:00", "late-fee"))
    assert charge(engine, "late-fee:I1:31") == (1000, 0, 0)


def test_pain_25_a_part_paid_invoice_ages_on_and_its_history_stays() -> None:
    """Partly paid invoices are silently not reminded, and the history of reminders vanishes."""
    engine = an_engine(invoice())
    engine.start_day(on("01-11"))
    engine.record(paid("P1", 9999, "01-12 12:00"))
    engine.start_day(on("02-10"))
    overdue = engine.published("invoice-overdue")
    assert [(data.stage, data.balance_minor) for data in overdue] == [(1, 10000), (31, 1)]
    engine.record(taken_back("X1", "P1", "02-11 12:00"))
    (piece,) = engine.event("payment-reversed").allocations
    assert (piece.amount_minor, piece.applied_on, piece.released_on) == (
        9999,
        on("01-12"),
        on("02-11"),
    )


def test_pain_26_open_credit_counts_against_what_is_overdue() -> None:
    """Include open credit notes in the overdue amount."""
    engine = an_engine(credited("K1", 4000, "2026-12-12"), invoice())
    engine.start_day(on("01-11"))
    known = engine.amounts("EUR")
    assert (known["overdue"], known["unapplied"], known["collectable"]) == (6000, 0, 6000)
    assert engine.event("invoice-overdue").balance_minor == 6000


def test_pain_27_a_plan_is_overdue_by_its_instalment() -> None:
    """Invoices of several instalments are overdue by the line of the terms, not as a whole."""
    lines = (("02-01", 3000), ("03-01", 3000), ("04-01", 4000))
    engine = an_engine(invoice(), plan("L1", "01-05", ("I1",), *lines))
    for day, arrears in (("02-01", 0), ("02-02", 3000), ("03-01", 3000), ("03-02", 6000)):
        engine.start_day(on(day))
        known = engine.amounts("EUR")
        assert (known["arrears"], known["collectable"]) == (arrears, arrears)
    engine.record(paid("P1", 5000, "03-02 12:00"))
    assert engine.amounts("EUR")["collectable"] == 1000
    assert engine.figures("plan", "L1")["parts"] == ["paid", "open", "open"]


@pytest.mark.parametrize("money", [0, 11000])
def test_pain_28_a_fee_is_on_the_balance_of_the_account(money: int) -> None:
    """Is the dunning fee ever charged to the customer's balance?"""
    engine = an_engine(invoice(), rules=[fee()])
    engine.start_day(on("02-10"))
    if money:
        engine.record(paid("P1", money, "02-10 12:00"))
    known, left = engine.amounts("EUR"), 0 if money else 1000
    assert (known["charges"], known["collectable"]) == (left, 0 if money else 11000)
    assert (engine.booked["fee-income"], engine.booked["charges-receivable"]) == (-1000, left)
    (event,) = engine.published("payment-received" if money else "fee-charged")
    (shown,) = event.amounts
    assert (shown.charges_minor, shown.balance_minor) == (left, 0 if money else 10000)

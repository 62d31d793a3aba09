"""Placements, commissions, sales and small balances: what is so, what is announced and posted."""

from typing import Any

import pytest

from services.ledger.domain.agreements import AccountWrittenOff, Approval, By, SalePaid
from services.ledger.domain.rules import Rules
from tests.unit.ledger.arrangements.engine import Engine
from tests.unit.ledger.arrangements.told import (
    Told,
    at,
    credited,
    decided,
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
    taken_back,
    write_off_reversed,
    written_off,
)

FINANCE = Approval("finance", on("03-15"))


def account(*facts: Told, rules: Rules | None = None, day: str = "01-20") -> Engine:
    """Registered, the day begun, and these facts."""
    engine = Engine(rules=rules) if rules is not None else Engine()
    engine.record(registered())
    engine.start_day(on(day))
    for fact in facts:
        engine.record(fact)
    return engine


def booked(engine: Engine) -> dict[str, int]:
    """The balance of each ledger account by all that was posted."""
    return {name: minor for name, minor in engine.booked.items() if minor}


def invoiced(engine: Engine) -> tuple[Any, ...]:
    """Status, balance and what can be recovered of I1."""
    known = engine.invoice("I1")
    return (known["status"], known["balance"], known["recoverable"])


def said(engine: Engine, *beginnings: str) -> list[str]:
    return engine.news(*beginnings)


# ── Placements ──────────────────────────────────────────────────────────────────────────────────


def test_a_placement_is_announced_with_each_debt_and_ends_a_plan_and_a_promise() -> None:
    engine = account(
        invoice("I1", 10000),
        invoice("I2", 5000),
        plan("L1", "01-20 09:00", ("I1",), ("02-01", 10000)),
        promise("R1", 5000, "01-29", "01-20 10:00", ("I2",)),
        placed("G1", "01-20 11:00", ("I1", "I2")),
    )
    assert said(engine) == ["account-placed G1", "plan-cancelled L1", "promise-cancelled R1"]
    data: Any = engine.last[0].data
    assert [(debt.invoice_id, debt.amount_minor) for debt in data.invoices] == [
        ("I1", 10000),
        ("I2", 5000),
    ]
    assert (data.placed_minor, data.kind, data.to) == (15000, "agency", "Sample Agency")
    assert engine.figures("plan", "L1")["because"] == "placement G1"
    assert engine.amounts("EUR")["collectable"] == 0


def test_one_that_waits_is_announced_when_it_is_approved_and_begins_then() -> None:
    engine = account(invoice(), placed("G1", "01-20", ("I1",), approval=FINANCE))
    assert said(engine) == ["approval-needed placement:G1"]
    engine.record(paid("P1", 4000, "01-21"))
    engine.record(decided("placement:G1", "01-22"))
    assert said(engine, "account", "approval") == [
        "account-placed G1",
        "approval-closed placement:G1",
    ]
    assert engine.figures("placement", "G1")["placed"] == 6000
    assert engine.commission("P1") is None


@pytest.mark.parametrize("ending", ["refused", "withdrawn", "expired"])
def test_one_that_is_not_approved_is_refused(ending: str) -> None:
    engine = account(invoice(), placed("G1", "01-20", ("I1",), approval=FINANCE))
    if ending == "refused":
        engine.record(decided("placement:G1", "01-22", "refuse"))
    elif ending == "withdrawn":
        engine.record(recalled("G1", "01-22"))
    else:
        engine.start_day(on("03-16"))
    figures = engine.figures("placement", "G1")
    assert (figures["state"], figures["because"]) == ("refused", ending)
    assert engine.stops() == set()


def test_it_comes_back_after_its_last_day() -> None:
    engine = account(invoice(), placed("G1", "01-20", ("I1",), until_on=on("02-10")))
    assert engine.stops() == {("placed", on("02-10"))}
    engine.start_day(on("02-10"))
    assert engine.figures("placement", "G1")["state"] == "placed"
    engine.start_day(on("02-11"))
    assert engine.figures("placement", "G1")["because"] == "expired"
    assert "account-recalled G1" in said(engine)
    assert engine.history("placement", "G1")[-1] == ("recalled", at("02-10 23:00"))
    assert engine.amounts("EUR")["collectable"] == 10000


def test_what_comes_back_is_announced_with_each_balance_and_again_when_that_changes() -> None:
    """Readers count what an agency collected from what it got to what it gave back."""
    engine = account(
        invoice("I1", 10000),
        invoice("I2", 5000),
        placed("G1", "01-20", ("I1", "I2"), until_on=on("02-10")),
        paid("P1", 4000, "01-25", ("I1", 4000)),
    )
    engine.start_day(on("02-11"))
    back = engine.event("account-recalled")
    assert back.to == "Sample Agency"
    assert [(debt.invoice_id, debt.amount_minor) for debt in back.invoices] == [
        ("I1", 6000),
        ("I2", 5000),
    ]
    engine.record(paid("P2", 1000, "02-01", ("I2", 1000)))  # comes late
    again = engine.event("account-recalled")
    assert [debt.amount_minor for debt in again.invoices] == [6000, 4000]


def test_it_comes_back_paid_and_is_out_again_when_the_money_is_refuted() -> None:
    engine = account(
        invoice(), placed("G1", "01-20", ("I1",)), paid("P1", 10000, "01-22", ("I1", 10000))
    )
    assert engine.figures("placement", "G1")["because"] == "paid"
    engine.record(taken_back("X1", "P1", "01-22"))  # a later fact: it stays recalled
    assert engine.figures("placement", "G1")["state"] == "recalled"
    other = account(invoice(), placed("G1", "01-20", ("I1",)), credited("K1", 10000, "01-22", "I1"))
    assert other.figures("placement", "G1")["because"] == "paid"
    other.record(invoice("I0", 1, due="01-01"))
    assert other.figures("placement", "G1")["because"] == "paid"


def test_a_hold_told_late_ends_it_earlier_and_commission_ends_with_its_tail() -> None:
    engine = account(
        invoice(),
        placed("G1", "01-20", ("I1",), tail_days=2),
        paid("P1", 1000, "01-25", ("I1", 1000)),
        paid("P2", 1000, "01-30", ("I1", 1000)),
    )
    assert engine.commission("P2") == 180
    engine.record(hold("H1", "deceased", "01-24", told="01-31"))
    assert "account-recalled G1" in said(engine)
    assert engine.figures("placement", "G1")["because"] == "hold H1"
    assert (engine.commission("P1"), engine.commission("P2")) == (180, None)
    again: list[Any] = [event.data for event in engine.last if event.type == "commission-due"]
    assert [(data.payment_id, data.commission_minor) for data in again] == [("P2", 0)]


def test_a_second_placement_takes_what_is_free_only() -> None:
    engine = account(
        invoice("I1"),
        invoice("I2", 500),
        placed("G1", "01-20 10:00", ("I1",)),
        placed("G2", "01-20 11:00", ("I1", "I2")),
        placed("G3", "01-20 12:00", ("I1",)),
    )
    assert engine.figures("placement", "G2")["invoices"] == ("I2",)
    figures = engine.figures("placement", "G3")
    assert (figures["state"], figures["because"]) == ("recalled", "placement G1")


def test_written_off_debts_can_be_placed_and_recoveries_cost_commission() -> None:
    engine = account(
        invoice(),
        written_off("W1", "01-20 10:00"),
        placed("G1", "01-20 11:00", ("I1",), percent="12.5"),
        paid("P1", 1004, "01-22"),
    )
    assert engine.figures("placement", "G1")["placed"] == 10000
    assert engine.commission("P1") == 126  # 125.5, half up
    assert engine.amounts("EUR")["recoverable"] == 8996
    assert engine.stops() == {("placed", None), ("written-off", None)}


# ── Commission ──────────────────────────────────────────────────────────────────────────────────


def test_net_is_withheld_from_cash_and_direct_money_is_owed_to_the_agency() -> None:
    engine = account(
        invoice("I1", 20000),
        placed("G1", "01-20", ("I1",), direct_commission_percent="5"),
        remitted("P1", "G1", "net"),
        paid("P1", 1000, "01-22", ("I1", 1000)),
        paid("P2", 1000, "01-23", ("I1", 1000)),
    )
    assert (engine.commission("P1"), engine.commission("P2")) == (180, 50)
    assert booked(engine) == {
        "receivable": 18000,
        "revenue-clearing": -20000,
        "cash": 1820,
        "agency-commission": 230,
        "agency-payable": -50,
    }
    engine.record(taken_back("X1", "P1", "01-25", 400))
    assert engine.commission("P1") == 108
    due: Any = next(event.data for event in engine.last if event.type == "commission-due")
    assert (due.base_minor, due.commission_minor, due.settled) == (600, 108, "net")
    engine.record(taken_back("X2", "P1", "01-26"))
    assert engine.commission("P1") == 0
    assert booked(engine)["cash"] == 1000
    assert booked(engine)["agency-commission"] == 50


def test_that_the_agency_took_it_may_be_told_after_the_payment() -> None:
    facts = (
        invoice("I1", 20000),
        placed("G1", "01-20", ("I1",), direct_commission_percent="5"),
        paid("P1", 1000, "01-22", ("I1", 1000)),
    )
    first, late = account(remitted("P1", "G1", "gross"), *facts), account(*facts)
    late.record(remitted("P1", "G1", "gross"))
    assert said(late) == ["commission-due G1 P1"]
    assert first.commission("P1") == late.commission("P1") == 180
    assert booked(first) == booked(late)


def test_commission_follows_money_to_where_it_lies() -> None:
    engine = account(
        invoice("I1", 1000, due="01-10"),
        placed("G1", "01-20", ("I1",)),
        paid("P1", 1000, "01-22"),
    )
    assert engine.commission("P1") == 180
    engine.record(invoice("I0", 400, due="01-05"))  # older: it takes of the money that is free
    assert engine.commission("P1") == 108


# ── Sale ────────────────────────────────────────────────────────────────────────────────────────


def sold(name: str = "S1", when: str = "01-20", price: int = 1500) -> Told:
    data = AccountWrittenOff(
        account_id="C1",
        write_off_id=name,
        kind="sold",
        currency="EUR",
        invoice_ids=("I1",),
        to="Buyer",
        price_minor=price,
        by=By("collector", "U1"),
    )
    return Told("account-written-off", name, at(when), data)


def sale_paid(amount: int, when: str = "01-30", name: str = "S1") -> Told:
    data = SalePaid(account_id="C1", write_off_id=name, amount_minor=amount)
    return Told("sale-paid", name, at(when), data)


def test_a_sale_is_a_write_off_for_a_price() -> None:
    engine = account(invoice(), sold())
    assert said(engine) == ["account-written-off S1", "account-placed S1"]
    handed: Any = engine.last[1].data
    assert (handed.kind, handed.to, handed.price_minor) == ("sale", "Buyer", 1500)
    assert engine.figures("write-off", "S1")["state"] == "sold"
    assert (engine.amounts("EUR")["balance"], engine.amounts("EUR")["recoverable"]) == (0, 0)
    assert booked(engine) == {"revenue-clearing": -10000, "suspense": 1500, "bad-debt": 8500}
    engine.record(sale_paid(1500))
    assert booked(engine) == {"revenue-clearing": -10000, "cash": 1500, "bad-debt": 8500}


def test_money_aimed_at_what_was_sold_waits_for_the_buyer_and_other_money_passes_it_by() -> None:
    engine = account(
        invoice(),
        sold(),
        paid("P1", 300, "01-22", ("I1", 300)),
        paid("P2", 200, "01-23"),
        invoice("I2", 1000, due="02-10", issued="01-24"),
    )
    assert engine.amounts("EUR")["unapplied"] == 300
    assert engine.invoice("I2")["balance"] == 800
    engine.record(write_off_reversed("S1", "01-28"))
    assert engine.invoice("I1")["balance"] == 9700
    assert engine.amounts("EUR")["unapplied"] == 0
    assert said(engine, "write-off", "account", "invoice-re") == [
        "write-off-reversed S1",
        "account-recalled S1",
        "invoice-reopened I1",
    ]
    (released,) = engine.event("write-off-reversed").allocations
    assert (released.source_kind, released.released_at) == ("write_off", at("01-28"))


def test_a_sale_that_was_paid_and_is_returned_leaves_what_is_owed_to_the_buyer() -> None:
    engine = account(invoice(), sold(), sale_paid(1500, "01-22"), write_off_reversed("S1", "01-28"))
    assert booked(engine) == {
        "revenue-clearing": -10000,
        "receivable": 10000,
        "cash": 1500,
        "suspense": -1500,
    }


# ── Small balances ──────────────────────────────────────────────────────────────────────────────

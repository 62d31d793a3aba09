"""Charges, and what is conceded, written off or discounted, in the figures."""

from datetime import date
from typing import Any

import pytest
from msgspec import structs

from shared.events import Received, ledger
from tests.metrics_figures import Memory, an_event, at
from tests.unit.metrics.test_story import (
    YEAR,
    a_payment,
    an_invoice,
    figures,
    overdue,
    put,
    recovery,
)


def said(type_: str, data: Any, when: str) -> Received:
    return an_event(type_, data, time=at(when))


OF: dict[str, Any] = {"account_id": "C1", "currency": "EUR", "invoice_ids": ("I1",)}


def a_write_off(*puts: ledger.Allocation, when: str = "2026-04-01") -> Received:
    data = ledger.AccountWrittenOff(
        **OF, write_off_id="W1", kind="uncollectable", amount_minor=60, allocations=puts
    )
    return said("account-written-off", data, when)


def receivables(memory: Memory, end: date = YEAR[1]) -> Any:
    return memory.ask("dso", YEAR[0], end)["numerator"]


def aged(memory: Memory, end: date = YEAR[1]) -> Any:
    return memory.ask("aging", YEAR[0], end)["value"]


def test_what_is_written_off_is_no_longer_open_and_no_less_was_sold() -> None:
    given_up = a_write_off(put("W1", 60, "2026-04-01", kind="write_off"))
    paid = a_payment("P1", 40, "2026-03-20", put("P1", 40, "2026-03-20"))
    memory = figures(an_invoice(), overdue(), paid, given_up)
    assert aged(memory, date(2026, 3, 31)) == 60
    assert aged(memory) == 0
    assert recovery(memory) == (40, 100)
    assert memory.ask("dso", *YEAR)["denominator"] == 100  # sales


def test_a_write_off_that_is_reversed_gives_its_amount_back() -> None:
    """It is its own event that says it: no `allocation-changed` follows."""
    given_up = a_write_off(put("W1", 60, "2026-04-01", kind="write_off"))
    back = put("W1", 60, "2026-04-01", released="2026-05-01", kind="write_off")
    data = ledger.WriteOffReversed(**OF, write_off_id="W1", because="paid", allocations=(back,))
    memory = figures(
        an_invoice(), overdue(), given_up, said("write-off-reversed", data, "2026-05-01")
    )
    assert aged(memory, date(2026, 4, 30)) == 40
    assert aged(memory) == 100


def test_a_recovery_is_cash_on_the_invoice_and_leaves_its_balance_at_nothing() -> None:
    given_up = a_write_off(put("W1", 100, "2026-04-01", kind="write_off"))
    recovered = structs.replace(put("P1", 30, "2026-05-01"), use="recovery")
    back = structs.replace(put("P2", 20, "2026-05-02", released="2026-05-09"), use="recovery")
    memory = figures(
        an_invoice(),
        overdue(),
        given_up,
        a_payment("P1", 30, "2026-05-01", recovered),
        a_payment("P2", 20, "2026-05-02", back),
    )
    assert recovery(memory) == (30, 100)
    assert recovery(memory, end=date(2026, 5, 8)) == (50, 100)
    assert aged(memory) == 0
    assert receivables(memory) == 0
    assert memory.ask("received", *YEAR)["value"] == 50


def test_a_write_off_of_the_name_of_a_credit_note_is_another_source() -> None:
    note = ledger.CreditNoteIssued(
        credit_note_id="W1",
        account_id="C1",
        currency="EUR",
        amount_minor=10,
        issued_on=date(2026, 3, 20),
        allocations=(put("W1", 10, "2026-03-20", kind="credit_note"),),
        amounts=(),
    )
    given_up = a_write_off(put("W1", 60, "2026-04-01", kind="write_off"))
    memory = figures(an_invoice(), said("credit-note-issued", note, "2026-03-20"), given_up)
    assert aged(memory) == 30
    less = ledger.AllocationChanged(
        account_id="C1",
        because="payment P1",
        allocations=(put("W1", 25, "2026-04-01", kind="write_off"),),
        amounts=(),
    )
    memory = figures(
        an_invoice(),
        said("credit-note-issued", note, "2026-03-20"),
        given_up,
        said("allocation-changed", less, "2026-04-02"),
    )
    assert aged(memory) == 65
    assert receivables(memory) == 65


@pytest.mark.parametrize("kind", ["concession", "discount"])
def test_what_is_conceded_or_discounted_is_neither_cash_nor_credit(kind: str) -> None:
    paid = a_payment("P1", 80, "2026-03-20", put("P1", 80, "2026-03-20"))
    source = "T1" if kind == "concession" else "discount:I1"
    granted = put(source, 20, "2026-03-20", kind=kind)
    data: Any = (
        ledger.SettlementCompleted(
            **OF, settlement_id="T1", paid_minor=80, conceded_minor=20, allocations=(granted,)
        )
        if kind == "concession"
        else ledger.DiscountGranted(**OF, invoice_id="I1", amount_minor=20, allocations=(granted,))
    )
    type_ = "settlement-completed" if kind == "concession" else "discount-granted"
    memory = figures(an_invoice(), overdue(), paid, said(type_, data, "2026-03-20"))
    assert aged(memory) == receivables(memory) == 0
    assert recovery(memory) == (80, 100)
    assert memory.ask("dso", *YEAR)["denominator"] == 100


def a_charge(*postings: tuple[str, int], waived: tuple[str, int] | None = None) -> Received:
    posted = tuple(ledger.Posting(date.fromisoformat(on), amount) for on, amount in postings)
    waivers = (ledger.Waiver("V1", date.fromisoformat(waived[0]), waived[1]),) if waived else ()
    fields: dict[str, Any] = {
        **OF,
        "charge_id": "late-fee:I1:1",
        "kind": "fee",
        "status": "open",
        "invoice_id": "I1",
        "amount_minor": sum(amount for _, amount in postings),
        "balance_minor": 0,
        "charged_on": date(2026, 3, 16),
        "posted": posted,
        "waivers": waivers,
    }
    if waived is not None:
        data: Any = ledger.ChargeWaived(**fields, because="waived")
        return said("charge-waived", data, waived[0])
    return said("fee-charged", ledger.FeeCharged(**fields), postings[-1][0])


def test_charges_are_receivables_and_neither_sales_nor_debts_of_an_age() -> None:
    memory = figures(an_invoice(), overdue(), a_charge(("2026-03-16", 10)))
    assert receivables(memory) == 110
    assert receivables(memory, date(2026, 3, 15)) == 100
    assert aged(memory) == 100
    assert memory.ask("dso", *YEAR)["denominator"] == 100
    assert memory.ask("best_possible_dso", *YEAR)["numerator"] == 0  # never not yet due
    assert recovery(memory) == (0, 100)


def test_a_charge_is_what_was_announced_of_it_last() -> None:
    memory = figures(
        an_invoice(),
        a_charge(("2026-03-16", 10)),
        a_charge(("2026-03-16", 10), ("2026-04-16", 5)),
        a_charge(("2026-03-16", 10), ("2026-04-16", 5), waived=("2026-05-01", 12)),
    )
    assert receivables(memory, date(2026, 4, 30)) == 115
    assert receivables(memory) == 103
    gone = a_charge(("2026-03-16", 10), ("2026-03-16", -10))
    assert receivables(figures(an_invoice(), a_charge(("2026-03-16", 10)), gone)) == 100


def test_money_on_a_charge_is_not_on_its_invoice() -> None:
    fee = structs.replace(put("P1", 10, "2026-03-20"), charge_id="late-fee:I1:1")
    paid = a_payment("P1", 50, "2026-03-20", fee, put("P1", 40, "2026-03-20"))
    memory = figures(an_invoice(), overdue(), a_charge(("2026-03-16", 10)), paid)
    assert aged(memory) == receivables(memory) == 60
    assert recovery(memory) == (40, 100)


def test_credit_that_pays_a_charge_no_longer_waits() -> None:
    loose = structs.replace(
        put("K1", 4, "2026-03-20", kind="credit_note"), charge_id="bounce-fee:R1", invoice_id=None
    )
    note = ledger.CreditNoteIssued(
        credit_note_id="K1",
        account_id="C1",
        currency="EUR",
        amount_minor=6,
        issued_on=date(2026, 3, 20),
        allocations=(loose,),
        amounts=(),
    )
    charge = ledger.FeeCharged(
        account_id="C1",
        currency="EUR",
        invoice_ids=None,
        charge_id="bounce-fee:R1",
        kind="fee",
        status="open",
        invoice_id=None,
        amount_minor=10,
        balance_minor=10,
        charged_on=date(2026, 3, 18),
        posted=(ledger.Posting(date(2026, 3, 18), 10),),
    )
    memory = figures(
        an_invoice(),
        said("fee-charged", charge, "2026-03-18"),
        said("credit-note-issued", note, "2026-03-20"),
    )
    assert receivables(memory) == 100 + (10 - 4) - 2

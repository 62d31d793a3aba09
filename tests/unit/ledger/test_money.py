"""Where money goes: targets, order, credit notes, reversals, voids (docs/ledger.md)."""

from typing import Any

import pytest

from services.ledger import domain
from tests.unit.ledger.ledger_factories import (
    Ledger,
    at,
    brief,
    credited,
    failed,
    invoice,
    paid,
    registered,
    reversed_,
    types,
    voided,
)


@pytest.mark.parametrize(
    ("amount", "balance", "unapplied", "status"),
    [(1, 9999, 0, "open"), (9999, 1, 0, "open"), (10000, 0, 0, "paid"), (10001, 0, 1, "paid")],
)
def test_a_payment_serves_up_to_the_open_balance(
    amount: int, balance: int, unapplied: int, status: str
) -> None:
    ledger = Ledger(registered(), invoice(), paid("P1", amount, "2026-03-05"))
    assert ledger.balance() == balance
    assert ledger.amounts.unapplied_minor == unapplied
    assert ledger.account.invoices["I1"].status == status


def test_money_goes_to_the_oldest_due_first_also_if_nothing_is_due_yet() -> None:
    ledger = Ledger(
        registered(),
        invoice("A", 100, due="2026-05-02"),
        invoice("B", 100, due="2026-05-01", issued="2026-03-02"),
        invoice("C", 100, due="2026-05-01", issued="2026-03-02"),
        invoice("D", 100, due="2026-05-01", issued="2026-03-01"),
        paid("P1", 350, "2026-03-05"),
    )
    assert ledger.pieces("P1") == [
        ("D", 100, True),
        ("B", 100, True),
        ("C", 100, True),
        ("A", 50, True),
    ]


def test_targets_are_served_up_to_their_balance_and_the_rest_goes_oldest_first() -> None:
    ledger = Ledger(
        registered(),
        invoice("A", 100, due="2026-05-01"),
        invoice("B", 100, due="2026-06-01"),
        paid("P1", 180, "2026-03-05", ("B", 150)),
    )
    assert ledger.pieces("P1") == [("B", 100, True), ("A", 80, True)]


def test_only_the_part_aimed_at_an_unknown_invoice_waits() -> None:
    ledger = Ledger(
        registered(), invoice("A", 100), paid("P1", 150, "2026-03-05", ("X", 60), ("A", 10))
    )
    assert ledger.balance("A") == 10
    assert ledger.amounts.unapplied_minor == 60
    told = ledger.record(invoice("X", 50, issued="2026-03-07", due="2026-04-01"))
    assert ledger.balance("X") == 0
    assert ledger.balance("A") == 0, "what the target left is free again"
    assert types(told) == [
        "invoice-issued",
        "allocation-changed",
        "invoice-paid",
        "invoice-paid",
    ]
    assert told[2].time == told[3].time == at("2026-03-06T23:00Z")


def test_a_target_in_another_currency_is_an_unknown_invoice() -> None:
    ledger = Ledger(registered(), invoice("A", 100, currency="JPY"), invoice("B", 100))
    ledger.record(paid("P1", 100, "2026-03-05", ("A", 100)))
    assert (ledger.balance("A"), ledger.balance("B")) == (100, 100)


def test_at_an_invoices_instant_aimed_notes_come_first_then_aimed_payments_then_the_rest() -> None:
    ledger = Ledger(
        registered(),
        paid("P0", 100, "2026-03-02"),
        paid("P1", 30, "2026-03-03", ("X", 30)),
        credited("K1", 20, "2026-03-04", "X"),
        invoice("X", 60, issued="2026-03-07"),
    )
    assert ledger.pieces("K1", "credit_note") == [("X", 20, True)]
    assert ledger.pieces("P1") == [("X", 30, True)]
    assert ledger.pieces("P0") == [("X", 10, True)]


def test_unapplied_credit_goes_before_cash_oldest_fact_first() -> None:
    ledger = Ledger(
        registered(),
        paid("P1", 50, "2026-03-02"),
        credited("K2", 50, "2026-03-04"),
        credited("K1", 50, "2026-03-03"),
        invoice("X", 120, issued="2026-03-07"),
    )
    assert ledger.pieces("K1", "credit_note") == [("X", 50, True)]
    assert ledger.pieces("K2", "credit_note") == [("X", 50, True)]
    assert ledger.pieces("P1") == [("X", 20, True)]
    assert (ledger.amounts.unapplied_minor, ledger.amounts.unapplied_credit_minor) == (30, 0)


def test_a_credit_note_frees_only_the_cash_that_no_longer_fits_last_allocation_first() -> None:
    ledger = Ledger(
        registered(),
        invoice("A", 100),
        paid("P1", 70, "2026-03-05"),
        paid("P2", 30, "2026-03-06"),
    )
    (note, moved) = ledger.record(credited("K1", 40, "2026-03-10", "A"))
    data: Any = note.data
    assert [(a.invoice_id, a.amount_minor) for a in data.allocations] == [("A", 40)]
    assert moved.type == "allocation-changed"
    moved_data: Any = moved.data
    assert moved_data.because == "credit note K1"
    assert ledger.pieces("P2") == [("A", 30, False)]
    assert ledger.pieces("P1") == [("A", 60, True), ("A", 10, False)]
    kept = ledger.account.credits["payment", "P1"].allocations[0]
    assert kept.applied_at == at("2026-03-05"), "what stays keeps its applied_at"
    assert ledger.amounts.unapplied_minor == 40
    assert ledger.amounts.unapplied_credit_minor == 0


def test_a_credit_note_takes_no_more_than_the_amount_less_earlier_notes() -> None:
    ledger = Ledger(registered(), invoice("A", 100), credited("K1", 70, "2026-03-05", "A"))
    ledger.record(credited("K2", 70, "2026-03-06", "A"))
    assert ledger.balance("A") == 0
    assert ledger.amounts.unapplied_credit_minor == 40


def test_a_credit_that_clears_the_balance_clears_the_overdue_state_too() -> None:
    ledger = Ledger(registered(), invoice("A", 100))
    ledger.start_day("2026-03-20")
    assert ledger.amounts.collectable_minor == 100
    told = ledger.record(credited("K1", 100, "2026-03-20", "A"))
    assert types(told) == ["credit-note-issued", "invoice-paid"]
    assert ledger.amounts.collectable_minor == 0
    assert ledger.account.invoices["A"].stage is None


def test_a_void_frees_all_cash_and_credit_and_both_are_allocated_again() -> None:
    ledger = Ledger(
        registered(),
        invoice("A", 100, due="2026-03-15"),
        invoice("B", 100, due="2026-04-15"),
        credited("K1", 30, "2026-03-02", "A"),
        paid("P1", 70, "2026-03-05"),
    )
    told = ledger.record(voided("A", "2026-03-10T12:00Z"))
    assert types(told) == ["invoice-voided", "invoice-paid"]
    data: Any = told[0].data
    assert [(a.source_id, a.invoice_id, a.released_at is None) for a in data.allocations] == [
        ("P1", "A", False),
        ("P1", "B", True),
        ("K1", "A", False),
        ("K1", "B", True),
    ]
    assert ledger.account.invoices["A"].status == "void"
    assert ledger.balance("B") == 0


def test_two_partial_refunds_take_unapplied_money_first_then_the_latest_due() -> None:
    ledger = Ledger(
        registered(),
        invoice("A", 100, due="2026-03-15"),
        invoice("B", 100, due="2026-04-15"),
        paid("P1", 230, "2026-03-05"),
    )
    (first, again) = ledger.record(reversed_("R1", "P1", "2026-03-10", 50))
    assert (first.type, again.type) == ("payment-reversed", "invoice-reopened")
    assert (ledger.balance("A"), ledger.balance("B"), ledger.amounts.unapplied_minor) == (0, 20, 0)
    ledger.record(reversed_("R2", "P1", "2026-03-11", 90))
    assert (ledger.balance("A"), ledger.balance("B")) == (10, 100)


def test_a_reversal_takes_at_most_what_is_left_and_the_excess_is_noticed() -> None:
    ledger = Ledger(registered(), invoice("A", 100), paid("P1", 100, "2026-03-05"))
    assert ledger.decide(reversed_("R1", "P1", "2026-03-10", 60)).rejections == []
    decision = ledger.decide(reversed_("R2", "P1", "2026-03-12", 41))
    (notice,) = decision.rejections
    assert (notice.fact.fact_id, notice.errors[0].pointer) == ("R2", "/data/amount_minor")
    data: Any = decision.announcements[0].data
    assert data.amount_minor == 40
    assert ledger.decide(reversed_("R3", "P1", "2026-03-13")).rejections == []


def test_a_back_dated_reversal_leaves_less_for_a_later_one_which_is_said_again() -> None:
    ledger = Ledger(registered(), paid("P1", 100, "2026-03-05"))
    ledger.record(reversed_("R1", "P1", "2026-03-10", 60))
    decision = ledger.decide(reversed_("R0", "P1", "2026-03-07", 80))
    amounts: list[Any] = [event.data for event in decision.announcements]
    assert [(data.reversal_id, data.amount_minor) for data in amounts] == [("R0", 80), ("R1", 20)]
    assert [notice.fact.fact_id for notice in decision.rejections] == ["R1"]


def test_paying_charging_back_and_paying_again_ends_paid() -> None:
    ledger = Ledger(registered(), invoice("A", 100))
    ledger.record(paid("P1", 100, "2026-03-05"))
    ledger.record(reversed_("R1", "P1", "2026-03-08"))
    told = ledger.record(paid("P2", 100, "2026-03-09"))
    assert types(told) == ["payment-received", "invoice-paid"]
    assert brief(ledger.said)[2:] == [
        "payment-received P1",
        "invoice-paid A",
        "payment-reversed R1",
        "invoice-reopened A None",
        "payment-received P2",
        "invoice-paid A",
    ]


def test_an_invoice_of_nothing_is_paid_at_once() -> None:
    ledger = Ledger(registered())
    told = ledger.record(invoice("A", 0))
    assert types(told) == ["invoice-issued", "invoice-paid"]
    assert told[1].time == at("2026-02-28T23:00Z")


def test_a_back_dated_payment_moves_the_later_one_and_says_so() -> None:
    ledger = Ledger(registered(), invoice("A", 100), paid("P2", 100, "2026-03-06"))
    told = ledger.record(paid("P1", 100, "2026-03-05"))
    assert types(told) == ["payment-received", "allocation-changed"]
    moved: Any = told[1].data
    assert [(a.source_id, a.amount_minor) for a in moved.allocations] == [("P2", 0)]
    assert ledger.amounts.unapplied_minor == 100


def test_only_the_net_change_of_unapplied_cash_posts_on_a_back_dated_fact() -> None:
    ledger = Ledger(registered(), invoice("A", 100), paid("P2", 100, "2026-03-06"))
    (entry,) = ledger.decide(paid("P1", 30, "2026-03-05")).entries
    assert entry.postings == (("cash", 30), ("unapplied-cash", -30))
    (entry,) = ledger.decide(invoice("B", 100)).entries
    assert dict(entry.postings) == {
        "receivable": 70,
        "unapplied-cash": 30,
        "revenue-clearing": -100,
    }


def test_money_of_one_currency_never_pays_another() -> None:
    ledger = Ledger(
        registered(),
        invoice("A", 100, currency="EUR"),
        paid("P1", 100, "2026-03-05", currency="JPY"),
    )
    euro, yen = domain.amounts(ledger.account, ledger.begun)
    assert (euro.balance_minor, euro.unapplied_minor) == (100, 0)
    assert (yen.balance_minor, yen.unapplied_minor) == (0, 100)


def test_a_failed_payment_moves_nothing() -> None:
    ledger = Ledger(registered(), invoice("A", 100))
    decision = ledger.decide(failed("P1", 100, "2026-03-05"))
    assert types(decision.announcements) == ["payment-failed"]
    assert (decision.entries, ledger.balance("A")) == ([], 100)

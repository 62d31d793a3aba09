"""Disputes hold amounts; resolutions release them and may post a credit note (docs/ledger.md)."""

from collections import Counter
from itertools import permutations
from typing import Any

import pytest

from tests.unit.ledger.ledger_factories import (
    Ledger,
    at,
    brief,
    credited,
    disputed,
    invoice,
    on,
    paid,
    registered,
    resolved,
    types,
)


def held(ledger: Ledger, invoice_id: str = "A") -> int:
    return ledger.account.invoices[invoice_id].disputed_minor


@pytest.mark.parametrize(("amount", "expected"), [(1, 1), (99, 99), (100, 100), (101, 100)])
def test_a_dispute_holds_its_amount_but_never_more_than_the_balance(
    amount: int, expected: int
) -> None:
    ledger = Ledger(registered(), invoice("A", 100), disputed("D1", "A", "2026-03-03", amount))
    assert held(ledger) == expected


def test_a_dispute_without_an_amount_holds_the_balance_whatever_it_becomes() -> None:
    ledger = Ledger(registered(), invoice("A", 100), disputed("D1", "A", "2026-03-03"))
    assert held(ledger) == 100
    ledger.record(paid("P1", 30, "2026-03-04"))
    assert held(ledger) == 70


def test_undisputed_parts_are_served_before_disputed_ones() -> None:
    ledger = Ledger(
        registered(),
        invoice("A", 100, due="2026-03-10"),
        invoice("B", 100, due="2026-03-20"),
        disputed("D1", "A", "2026-03-03", 60),
    )
    ledger.record(paid("P1", 150, "2026-03-04"))
    assert ledger.pieces("P1") == [("A", 50, True), ("B", 100, True)]
    assert (ledger.balance("A"), held(ledger)) == (50, 50)


def test_only_the_disputed_part_of_what_is_overdue_is_not_collectable() -> None:
    ledger = Ledger(
        registered(),
        invoice("A", 100, due="2026-03-10"),
        invoice("B", 100, due="2026-06-20"),
        disputed("D1", "A", "2026-03-03", 30),
        disputed("D2", "B", "2026-03-03", 80),
    )
    ledger.start_day("2026-03-11")
    amounts = ledger.amounts
    assert (amounts.overdue_minor, amounts.disputed_minor) == (100, 110)
    assert amounts.collectable_minor == 70


def test_a_dispute_does_not_stop_ageing() -> None:
    ledger = Ledger(registered(), invoice("A", 100), disputed("D1", "A", "2026-03-03"))
    assert brief(ledger.start_day("2026-03-16")) == ["invoice-overdue A 1"]


def test_a_resolution_posts_its_credit_note_at_its_own_instant() -> None:
    ledger = Ledger(registered(), invoice("A", 100), disputed("D1", "A", "2026-03-03"))
    told = ledger.record(resolved("D1", "A", "2026-03-09T10:00Z", 40, "partly"))
    assert brief(told) == ["dispute-resolved D1", "credit-note-issued dispute:D1"]
    assert told[1].time == at("2026-03-09T10:00Z")
    assert told[1].day == on("2026-03-09")
    assert (ledger.balance("A"), held(ledger)) == (60, 0)


def test_a_note_of_the_platform_that_names_the_dispute_replaces_it_for_the_whole_history() -> None:
    ledger = Ledger(registered(), invoice("A", 100), disputed("D1", "A", "2026-03-03"))
    ledger.record(resolved("D1", "A", "2026-03-09T10:00Z", 40, "partly"))
    told = ledger.record(credited("K1", 50, "2026-03-12", "A", "D1"))
    data: Any = told[0].data
    assert (types(told)[0], data.replaces) == ("credit-note-issued", "dispute:D1")
    assert ledger.balance("A") == 50
    assert ("credit_note", "dispute:D1") not in ledger.account.credits


def test_a_note_of_the_platform_that_came_first_leaves_no_note_to_replace() -> None:
    ledger = Ledger(registered(), invoice("A", 100), disputed("D1", "A", "2026-03-03"))
    note = ledger.record(credited("K1", 50, "2026-03-12", "A", "D1"))
    data: Any = note[0].data
    assert data.replaces is None
    told = ledger.record(resolved("D1", "A", "2026-03-09T10:00Z", 40, "partly"))
    assert brief(told) == ["dispute-resolved D1"]
    assert ledger.balance("A") == 50


@pytest.mark.parametrize("currency", ["EUR", "JPY"])
def test_a_note_of_the_platform_with_the_own_note_s_id_replaces_it_whatever_it_names(
    currency: str,
) -> None:
    base = (registered(), invoice("A", 100), disputed("D1", "A", "2026-03-03", 10))
    facts = [
        resolved("D1", "A", "2026-03-09T10:00Z", 140, "partly"),
        credited("dispute:D1", 20, "2026-03-04", "A", "D2", currency),
        credited("K1", 100, "2026-03-02", "A"),
    ]
    for order in permutations(facts):
        ledger = Ledger(*base)
        for fact in order:
            ledger.record(fact)
        assert ledger.account.credits["credit_note", "dispute:D1"].amount_minor == 20
        assert ledger.balance("A") == 0
        booked: Counter[tuple[str, str]] = Counter()
        for entry in ledger.entries:
            for name, minor in entry.postings:
                booked[entry.currency, name] += minor
        for code, sums in ledger.account.currencies.items():
            assert -booked[code, "unapplied-credit"] == sums.unapplied_credit_minor


def test_a_rejected_dispute_only_lets_go() -> None:
    ledger = Ledger(registered(), invoice("A", 100), disputed("D1", "A", "2026-03-03", 20))
    told = ledger.record(resolved("D1", "A", "2026-03-09", outcome="rejected"))
    assert brief(told) == ["dispute-resolved D1"]
    assert (ledger.balance("A"), held(ledger)) == (100, 0)


def test_two_disputes_hold_together_and_are_released_one_by_one() -> None:
    ledger = Ledger(
        registered(),
        invoice("A", 100),
        disputed("D1", "A", "2026-03-03", 70),
        disputed("D2", "A", "2026-03-04", 70),
    )
    assert held(ledger) == 100
    ledger.record(resolved("D1", "A", "2026-03-09", outcome="rejected"))
    assert held(ledger) == 70

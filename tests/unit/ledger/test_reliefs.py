"""Reliefs: what is forgone of invoices lies on them like money, and is never unapplied."""

from services.ledger import domain
from services.ledger.domain.allocation import distribute, relieve, withdraw
from services.ledger.domain.credits import Credit
from services.ledger.domain.ranks import Rank
from tests.unit.ledger.ledger_factories import (
    Ledger,
    at,
    credited,
    invoice,
    paid,
    registered,
    voided,
)

NOW = at("2026-03-20T10:00Z")


def _relieved(*facts: domain.Fact) -> Ledger:
    """An account whose invoice I1 of 10000 is paid with 6000, and 4000 of it are conceded."""
    ledger = Ledger(registered(), invoice("I1", 10000), paid("P1", 6000, "2026-03-10T09:00Z"))
    _act(ledger, lambda: relieve(ledger.account, "concession", "T1", {"I1": 4000}, NOW))
    ledger.record(*facts)
    return ledger


def _act(ledger: Ledger, act: object) -> None:
    state = ledger.account
    state.forget()
    state.position = (NOW, Rank.RECALL, "x")
    act()  # type: ignore[operator]
    distribute(state, "EUR", NOW)
    state.settle(None, "test", state.position)
    assert domain.invariants(state) == []


def _relief(ledger: Ledger) -> Credit:
    return ledger.account.credits["concession", "T1"]


def test_it_lowers_the_balance_and_counts_in_the_journal() -> None:
    ledger = _relieved()
    known = ledger.account.invoices["I1"]
    assert (known.balance_minor, known.relieved_minor, known.status) == (0, 4000, "paid")
    assert ledger.account.currencies["EUR"].counted == {"concession_minor": 4000}
    assert ledger.amounts.balance_minor == 0


def test_taken_back_it_is_owed_again_and_given_again_it_is_one_relief() -> None:
    ledger = _relieved()
    _act(ledger, lambda: withdraw(ledger.account, "concession", "T1", NOW))
    assert (ledger.balance(), _relief(ledger).amount_minor) == (4000, 0)
    _act(ledger, lambda: relieve(ledger.account, "concession", "T1", {"I1": 1000}, NOW))
    assert (ledger.balance(), _relief(ledger).amount_minor) == (3000, 1000)


def test_a_credit_note_takes_it_back_before_cash() -> None:
    ledger = _relieved(credited("K1", 5000, "2026-03-25", "I1"))
    assert (ledger.balance(), _relief(ledger).amount_minor) == (0, 0)
    assert ledger.amounts.unapplied_minor == 1000
    assert ledger.entries[-1].postings == (
        ("unapplied-cash", -1000),
        ("revenue-clearing", 5000),
        ("settlement-concession", -4000),
    )


def test_a_void_frees_it_and_the_cash() -> None:
    ledger = _relieved(voided("I1", "2026-03-25T10:00Z"))
    assert (_relief(ledger).amount_minor, ledger.amounts.unapplied_minor) == (0, 6000)


def test_undone_it_never_was() -> None:
    ledger = _relieved()
    ledger.account.undo_entry(ledger.account.undo[-1])
    assert (ledger.balance(), ledger.account.currencies["EUR"].counted) == (4000, {})
    assert ("concession", "T1") not in ledger.account.credits

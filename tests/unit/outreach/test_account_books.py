"""What outreach knows of invoices and money is what the ledger says of them, after any facts."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ledger import domain
from services.ledger.domain import AccountState, Fact
from services.outreach.debtors.domain.account_books import BOOKED_TYPES, AccountBooks
from services.outreach.debtors.domain.invoices import Invoice
from shared.business_time import Begun
from shared.events import Received
from tests.unit.ledger.announced import received, tell
from tests.unit.ledger.ledger_factories import (
    BERLIN,
    amended,
    credited,
    disputed,
    invoice,
    on,
    paid,
    registered,
    resolved,
    reversed_,
    voided,
)
from tests.unit.ledger.test_convergence import begun_days, some_facts


def take(books: AccountBooks, events: list[Received]) -> None:
    for event in events:
        if event.type in BOOKED_TYPES:
            books.fold(event, event.decode())


def _as_the_ledger(account: AccountState) -> dict[str, Any]:
    return {
        key: (known.status, known.balance_minor, known.disputed_minor, known.due_on, known.stage)
        for key, known in account.invoices.items()
    }


def _as_outreach(books: AccountBooks) -> dict[str, Any]:
    return {
        key: (
            known.state,
            known.balance_minor,
            known.disputed_minor,
            known.due_on,
            known.stage if known.state == "open" else None,
        )
        for key, known in books.invoices.items()
    }


@settings(max_examples=300)
@given(some_facts, st.integers(0, 14), st.lists(begun_days, max_size=3))
def test_the_copy_is_the_ledgers_statement_after_any_facts(
    facts: list[Fact], registered_after: int, passed: list[str | None]
) -> None:
    facts.insert(min(registered_after, len(facts)), registered())
    account, begun, books = domain.new_account("C1", BERLIN), Begun(), AccountBooks()
    starts = sorted(day for day in passed if day)
    for fact in facts:
        said = domain.record(account, [fact], begun).announcements
        if starts:
            begun = Begun(day=on(starts.pop(0)))
            said += domain.begin(account, begun).announcements
        take(books, received(said))
        if account.registered:
            assert _as_outreach(books) == _as_the_ledger(account)


@settings(max_examples=150)
@given(some_facts, st.data())
def test_any_order_of_arrival_ends_in_the_same(facts: list[Fact], data: Any) -> None:
    facts = [registered(), *facts]
    last, copies = date(2026, 7, 1), []
    for order in (facts, data.draw(st.permutations(facts))):
        books = AccountBooks()
        take(books, tell(order, last=last)[1])
        copies.append((_as_outreach(books), _kept(books)))
    assert copies[0] == copies[1]


def _kept(books: AccountBooks) -> dict[str, Any]:
    return {source: dict(standing) for source, standing in books.money.items() if standing}


def _told(*facts: Fact, last: str = "2026-03-10") -> Invoice:
    books = AccountBooks()
    take(books, tell([registered(), invoice(amount_minor=100), *facts], last=on(last))[1])
    return books.invoices["I1"]


P60 = paid("P1", 60, "2026-03-05T10:00Z", ("I1", 60))
D40 = disputed("D1", "I1", "2026-03-06T10:00Z", 40)


@pytest.mark.parametrize(
    ("facts", "balance", "held", "is_disputed"),
    [
        ([P60, D40], 40, 40, True),
        ([P60, D40, reversed_("R1", "P1", "2026-03-07T10:00Z")], 100, 40, False),
        ([P60, D40, reversed_("R1", "P1", "2026-03-07T10:00Z", 20)], 60, 40, False),
        ([D40, disputed("D2", "I1", "2026-03-07T10:00Z", 60)], 100, 100, True),
        (
            [
                D40,
                disputed("D2", "I1", "2026-03-07T10:00Z", 60),
                resolved("D2", "I1", "2026-03-08T10:00Z", outcome="rejected"),
            ],
            100,
            40,
            False,
        ),
        ([disputed("D1", "I1", "2026-03-06T10:00Z", 400)], 100, 100, True),
        ([disputed("D1", "I1", "2026-03-06T10:00Z")], 100, 100, True),
        (
            [
                disputed("D1", "I1", "2026-03-06T10:00Z"),
                disputed("D2", "I1", "2026-03-07", 10),
                resolved("D1", "I1", "2026-03-08T10:00Z", outcome="rejected"),
            ],
            100,
            10,
            False,
        ),
        ([D40, resolved("D1", "I1", "2026-03-08T10:00Z", 30, outcome="partly")], 70, 0, False),
        ([D40, credited("K1", 70, "2026-03-07", "I1")], 30, 30, True),
        ([credited("K1", 70, "2026-03-02", "I1"), D40, voided("I1", "2026-03-08")], 0, 0, False),
        ([D40, amended("I1", "2026-03-07", due_on=on("2026-04-01"))], 100, 40, False),
        ([P60, invoice("I0", 60, due="2026-03-02")], 40, 0, False),
        ([paid("P1", 60, "2026-03-05T10:00Z"), invoice("I0", 60, due="2026-03-02")], 100, 0, False),
    ],
)
def test_what_is_open_and_held_follows_every_event(
    facts: list[Fact], balance: int, held: int, is_disputed: bool
) -> None:
    known = _told(*facts)
    assert (known.balance_minor, known.disputed_minor) == (balance, held)
    assert known.is_disputed is is_disputed


def test_a_bounce_that_frees_a_held_invoice_lets_the_ladder_go_on_from_its_day() -> None:
    known = _told(P60, D40, reversed_("R1", "P1", "2026-03-07T10:00Z"))
    assert [each.day for each in known.resumes] == [on("2026-03-07")]


def test_what_was_never_held_is_not_resumed() -> None:
    known = _told(D40, P60, paid("P2", 10, "2026-03-04T10:00Z"))
    assert known.resumes == ()
    assert known.is_disputed


def test_money_that_others_make_room_for_within_one_fact_holds_nothing() -> None:
    """A late payment takes the place of another: in between both lie on the invoice."""
    first, late = paid("P1", 90, "2026-03-05T10:00Z"), paid("P0", 60, "2026-03-04T10:00Z")
    more = invoice("I2", 100, due="2026-03-20")
    known = _told(more, disputed("D1", "I1", "2026-03-03T10:00Z", 10), first, late)
    assert known.resumes == ()


def test_a_history_in_parts_is_put_together() -> None:
    many = [invoice(f"N{number:04}", 1, due="2026-03-10") for number in range(2100)]
    facts = [registered(), *many, paid("P1", 2100, "2026-03-05T10:00Z")]
    books = AccountBooks()
    account, events = tell(facts)
    take(books, events)
    assert _as_outreach(books) == _as_the_ledger(account)
    assert {event.type for event in events} >= {"payment-received", "allocation-changed"}

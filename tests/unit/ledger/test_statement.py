"""The statement of an account: lines, totals, what is open; one window follows the other."""

from datetime import timedelta
from importlib import import_module
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ledger import domain
from services.ledger.domain import AccountState, Fact
from services.ledger.domain.kinds import Noun
from services.ledger.domain.movements import LINE_KINDS, TOTALS, Movement, OpenCharge
from services.ledger.domain.objects import AccountObject
from services.ledger.domain.references import reference_of, spaced
from services.ledger.domain.registry import KINDS
from shared.clock import day_start
from shared.errors import Invalid
from tests.unit.ledger.ledger_factories import (
    BERLIN,
    Ledger,
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
from tests.unit.ledger.test_convergence import some_facts


@settings(max_examples=100, deadline=None)
@given(some_facts, st.lists(st.integers(0, 150), min_size=2, max_size=5, unique=True))
def test_windows_follow_each_other_and_close_with_what_is_owed(
    facts: list[Fact], cuts: list[int]
) -> None:
    account = domain.load_account("C1", BERLIN, [registered(), *facts])
    first = on("2026-02-20")
    days = [first, *(first + timedelta(days=cut + 1) for cut in sorted(cuts))]
    closing: dict[str, int] = {}
    for from_on, next_on in pairwise(days):
        to_on = next_on - timedelta(days=1)
        then = domain.as_of(account, to_on)
        amounts = {each.currency: each for each in domain.amounts_at(then, to_on)}
        for part in domain.statement(account, from_on, to_on):
            assert part.opening_minor == closing.get(part.currency, 0)
            added = sum(line.amount_minor for line in part.lines)
            assert part.closing_minor == part.opening_minor + added
            assert sum(part.totals.values()) == added
            assert [line.on for line in part.lines] == sorted(line.on for line in part.lines)
            closing[part.currency] = part.closing_minor
            owed = amounts.get(part.currency)
            balance = owed.balance_minor if owed else 0
            assert part.closing_minor == balance - (owed.unapplied_minor if owed else 0)
            assert sum(item.principal_minor for item in part.open_items) == balance
            disputed_minor = owed.disputed_minor if owed else 0
            assert sum(item.disputed_minor for item in part.open_items) == disputed_minor


def _busy() -> Ledger:
    return Ledger(
        registered(),
        invoice("A", 10000),
        amended("A", "2026-03-02T09:00Z", number="INV-1"),
        paid("P1", 4000, "2026-03-05", ("A", 4000)),
        reversed_("R1", "P1", "2026-03-06", 1000),
        credited("K1", 500, "2026-03-07", "A"),
        disputed("D1", "A", "2026-03-08", 2000),
        invoice("B", 700, issued="2026-03-09", due="2026-04-20"),
        voided("B", "2026-03-10T09:00Z"),
        resolved("D1", "A", "2026-03-11", 300),
        paid("P2", 50, "2026-03-12", currency="JPY"),
    )


def test_lines_name_what_they_are_about_in_fact_order() -> None:
    account = _busy().account
    euro, yen = domain.statement(account, on("2026-03-01"), on("2026-03-31"))
    assert [
        (line.kind, line.id, line.invoice_id, line.number, line.variant, line.of_id)
        for line in euro.lines
    ] == [
        ("invoice-issued", "A", "A", "INV-1", None, None),
        ("payment-received", "P1", "A", "INV-1", None, None),
        ("payment-reversed", "R1", None, None, "chargeback", "P1"),
        ("credit-note-issued", "K1", "A", "INV-1", None, None),
        ("invoice-issued", "B", "B", None, None, None),
        ("invoice-voided", "B", "B", None, None, None),
        ("credit-note-issued", "dispute:D1", "A", "INV-1", "dispute", None),
    ]
    assert euro.totals == {
        "invoiced": 10000,
        "credited": -800,
        "paid": -3000,
        "charged": 0,
        "waived": 0,
        "other": 0,
    }
    assert (yen.currency, yen.closing_minor, yen.open_items) == ("JPY", -50, ())


def test_what_is_open_is_as_of_the_windows_end() -> None:
    account = _busy().account
    (early,) = domain.statement(account, on("2026-03-01"), on("2026-03-09"), "EUR")
    assert [(i.invoice_id, i.principal_minor, i.disputed_minor) for i in early.open_items] == [
        ("A", 6500, 2000),
        ("B", 700, 0),
    ]
    (late,) = domain.statement(account, on("2026-03-01"), on("2026-03-31"), "EUR")
    (item,) = late.open_items
    assert (item.number, item.days_past_due, item.principal_minor) == ("INV-1", 16, 6200)


def test_a_credit_note_of_a_resolution_stands_in_fact_order_within_its_day() -> None:
    ledger = Ledger(
        registered(),
        invoice("A", 100),
        disputed("D1", "A", "2026-03-08T08:00Z"),
        resolved("D1", "A", "2026-03-08T09:00Z", 30),
        paid("P1", 70, "2026-03-08T10:00Z"),
    )
    (part,) = domain.statement(ledger.account, on("2026-03-08"), on("2026-03-08"))
    assert [line.id for line in part.lines] == ["dispute:D1", "P1"]


def test_one_currency_alone_and_one_that_the_account_never_had() -> None:
    account = _busy().account
    window = (on("2026-03-01"), on("2026-03-31"))
    assert [part.currency for part in domain.statement(account, *window, "JPY")] == ["JPY"]
    assert domain.statement(account, *window, "USD") == ()


def test_too_many_lines_are_refused_and_not_cut_off() -> None:
    account = domain.load_account("C1", BERLIN, [registered(), *(invoice(f"I{n}") for n in "1234")])
    window = (on("2026-03-01"), on("2026-03-31"))
    (whole,) = domain.run(domain.statement_in_slices(account, *window, None, 4))
    assert len(whole.lines) == 4
    with pytest.raises(Invalid) as refused:
        domain.run(domain.statement_in_slices(account, *window, None, 3))
    assert refused.value.errors[0].pointer == "/query/from"


def test_every_kind_that_moves_money_is_a_kind_of_line() -> None:
    moving = {kind.type for kind in KINDS.values() if kind.movement is not None}
    assert moving <= LINE_KINDS.keys()
    assert set(LINE_KINDS.values()) == set(TOTALS)


def test_a_reference_is_the_same_for_ever() -> None:
    assert spaced(reference_of("demo", "C1")) == "RF41 M6C6 K2N7 QSCM"
    assert reference_of("demo", "C1", "I1") != reference_of("demo", "C1")


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=20), st.text(max_size=20))
def test_a_references_check_digits_are_right(account_id: str, invoice_id: str) -> None:
    reference = reference_of("demo", account_id, invoice_id)
    moved = reference[4:] + reference[:4]
    assert int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1


statements = import_module("services.ledger.domain.statement")  # its name is a function's too


class Toll(AccountObject, frozen=True, kw_only=True):
    """A charge as some noun may keep it."""

    amount_minor: int


def _toll_moves(state: AccountState, toll: Toll) -> list[Movement]:
    at = day_start(on("2026-03-05"), state.zone)
    return [
        Movement(on("2026-03-05"), (at, 0, "toll"), "fee", "T1", "EUR", toll.amount_minor, "A"),
        Movement(on("2026-03-20"), (at, 0, "toll"), "waiver", "T1", "EUR", -100, "A"),
    ]


def _toll_charge(state: AccountState, toll: Toll) -> OpenCharge:
    open_minor = toll.amount_minor - 100
    return OpenCharge(
        "T1", "fee", "EUR", "A", on("2026-03-05"), toll.amount_minor, open_minor, "because"
    )


def test_what_a_noun_moves_stands_in_the_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    noun = Noun(name="toll", value=Toll, order=99, movements=_toll_moves, open_charge=_toll_charge)
    monkeypatch.setattr(statements, "NOUNS", {"toll": noun})
    account = domain.load_account(
        "C1", BERLIN, [registered(), invoice("A", 1000), paid("P1", 1000, "2026-03-05")]
    )
    account.objects.set(("toll", "T1"), Toll(currency="EUR", amount_minor=300))
    (part,) = domain.statement(account, on("2026-03-02"), on("2026-03-31"))
    assert [(line.kind, line.amount_minor, line.balance_minor) for line in part.lines] == [
        ("fee", 300, 1300),
        ("payment-received", -1000, 300),
        ("waiver", -100, 200),
    ]
    assert (part.totals["charged"], part.totals["waived"], part.closing_minor) == (300, -100, 200)
    (item,) = part.open_items  # paid, and yet something is open on it
    assert (item.principal_minor, item.charges_minor, item.days_past_due) == (0, 200, 0)
    assert [(charge.charge_id, charge.open_minor) for charge in part.open_charges] == [("T1", 200)]
    assert statements.open_charges(account, "B") == []

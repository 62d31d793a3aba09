"""Facts that wait for others, and accounts whose facts come before they are registered."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from services.ledger import domain
from services.ledger.domain import Fact
from services.ledger.domain.slices import SLICE_ENTRIES
from services.ledger.domain.waiting import waits
from shared.business_time import Begun
from shared.events import billing
from tests.unit.ledger.ledger_factories import (
    BERLIN,
    RECORDED,
    Ledger,
    amended,
    at,
    brief,
    credited,
    disputed,
    failed,
    invoice,
    on,
    paid,
    registered,
    resolved,
    reversed_,
    types,
    updated,
    voided,
)


@pytest.mark.parametrize(
    ("early", "late", "word"),
    [
        (voided("A", "2026-03-05T10:00Z"), invoice("A", 100), "invoice-voided"),
        (disputed("D1", "A", "2026-03-05T10:00Z"), invoice("A", 100), "dispute-opened"),
        (reversed_("R1", "P1", "2026-03-05"), paid("P1", 100, "2026-03-04"), "payment-reversed"),
        (amended("A", "2026-03-05T10:00Z", number="N"), invoice("A", 100), "invoice-amended"),
    ],
)
def test_a_fact_that_waits_is_kept_and_said_after_what_it_waited_for(
    early: Fact, late: Fact, word: str
) -> None:
    ledger = Ledger(registered())
    assert ledger.record(early) == []
    told = ledger.record(late)
    assert types(told)[:2] == [late.kind, word]


def test_a_waiting_fact_acts_at_the_later_instant_of_the_two() -> None:
    ledger = Ledger(registered(), voided("A", "2026-02-05T10:00Z"))
    told = ledger.record(invoice("A", 100))
    assert told[1].time == at("2026-02-28T23:00Z")
    ledger.record(reversed_("R1", "P1", "2026-03-01T10:00Z"))
    told = ledger.record(paid("P1", 100, "2026-03-04T10:00Z"))
    assert [event.time for event in told] == [at("2026-03-04T10:00Z")] * 2


def test_a_resolution_waits_for_its_dispute_and_the_dispute_for_its_invoice() -> None:
    ledger = Ledger(registered(), resolved("D1", "A", "2026-03-05T10:00Z", 40))
    assert ledger.record(disputed("D1", "A", "2026-03-04T10:00Z")) == []
    told = ledger.record(invoice("A", 100))
    assert brief(told) == [
        "invoice-issued A",
        "dispute-opened D1",
        "dispute-resolved D1",
        "credit-note-issued dispute:D1",
    ]
    assert ledger.balance("A") == 60


def test_what_waited_is_said_with_the_recording_of_the_fact_that_let_it_act() -> None:
    ledger = Ledger(registered(), voided("A", "2026-03-05T10:00Z"))
    late = invoice("A", 100)
    later = RECORDED + timedelta(days=3)
    late = Fact(
        late.kind, late.fact_id, "C1", late.source, late.event_id, late.time, later, late.data
    )
    told = ledger.record(late)
    assert [event.recordedtime for event in told] == [later, later]


def test_a_reversal_of_another_currency_waits() -> None:
    ledger = Ledger(registered(), paid("P1", 100, "2026-03-04"))
    assert ledger.record(reversed_("R1", "P1", "2026-03-05", currency="JPY")) == []
    assert ledger.amounts.unapplied_minor == 100


# ── Not registered yet ──────────────────────────────────────────────────────────────────────────


def test_an_unregistered_account_says_nothing_and_keeps_its_money_unapplied() -> None:
    ledger = Ledger(invoice("A", 100), paid("P1", 60, "2026-03-04"), tenant_zone="Asia/Tokyo")
    assert ledger.said == []
    assert (ledger.account.registered, ledger.account.zone) == (False, "Asia/Tokyo")
    assert (ledger.amounts.balance_minor, ledger.amounts.unapplied_minor) == (0, 60)
    assert ledger.start_day("2026-05-01") == []
    assert domain.next_on(ledger.account) is None


def test_an_update_alone_does_not_register() -> None:
    ledger = Ledger(updated("Europe/Berlin", "2026-03-05T10:00Z"))
    assert (ledger.account.registered, ledger.said) == (False, [])


def test_at_registration_the_account_is_said_and_then_its_facts_in_fact_order() -> None:
    ledger = Ledger(
        paid("P1", 40, "2026-03-20T10:00Z"),
        failed("P9", 40, "2026-03-02T10:00Z"),
        invoice("B", 100, issued="2026-03-05", due="2026-05-05"),
        invoice("A", 100),
        voided("X", "2026-03-05T10:00Z"),
        begun="2026-04-20",
    )
    registration = registered()
    told = ledger.record(registration)
    assert brief(told) == [
        "account-registered C1",
        "invoice-issued A",
        "payment-failed P9",
        "invoice-issued B",
        "invoice-overdue A 1",
        "payment-received P1",
        "invoice-overdue A 31",
    ]
    assert {event.recordedtime for event in told} == {registration.recordedtime}
    first: Any = told[1].data
    assert first.amounts[0].balance_minor == 100, "amounts are those after each fact"
    overdue: Any = told[4].data
    assert overdue.balance_minor == 100


def test_nothing_is_said_at_registration_that_another_known_fact_refutes() -> None:
    ledger = Ledger(
        invoice("A", 100),
        paid("P1", 100, "2026-03-10"),
        reversed_("R1", "P1", "2026-05-02"),
        begun="2026-05-20",
    )
    assert brief(ledger.record(registered())) == [
        "account-registered C1",
        "invoice-issued A",
        "payment-received P1",
        "invoice-paid A",
        "payment-reversed R1",
        "invoice-reopened A 31",
        "invoice-overdue A 61",
    ]


def test_the_newest_record_holds_whichever_comes_first_and_ties_go_to_the_id() -> None:
    ledger = Ledger(registered("Europe/Berlin", time="2026-03-05T10:00Z"))
    told = ledger.record(updated("Asia/Tokyo", "2026-03-04T10:00Z", "u1"))
    data: Any = told[0].data
    assert (ledger.account.zone, data.timezone) == ("Europe/Berlin", "Europe/Berlin")
    ledger.record(updated("Asia/Tokyo", "2026-03-06T10:00Z", "u2"))
    ledger.record(updated("Asia/Kolkata", "2026-03-06T10:00Z", "u3"))
    assert ledger.account.zone == "Asia/Kolkata"


def test_events_of_an_account_carry_no_personal_data() -> None:
    ledger = Ledger()
    (told,) = ledger.record(registered(email="ada@example.com", tags=("vip",)))
    assert "ada" not in repr(told.data).lower()
    data: Any = told.data
    assert data.tags == ("vip",)


# ── Reads ───────────────────────────────────────────────────────────────────────────────────────


def test_as_of_counts_what_was_effective_by_the_end_of_the_day() -> None:
    ledger = Ledger(
        registered(),
        invoice("A", 100),
        paid("P1", 40, "2026-03-20T22:59:59Z"),
        voided("A", "2026-03-22T10:00Z"),
        begun="2026-06-01",
    )
    for day, balance, late in [
        ("2026-02-28", None, 0),
        ("2026-03-01", 100, 0),
        ("2026-03-19", 100, 4),
        ("2026-03-20", 60, 5),
        ("2026-03-21", 60, 6),
        ("2026-03-22", 0, 0),
    ]:
        then = domain.as_of(ledger.account, on(day))
        shown = domain.amounts_at(then, on(day))
        if balance is None:
            assert shown == ()
            continue
        assert (shown[0].balance_minor, shown[0].days_past_due) == (balance, late)
    assert domain.as_of(ledger.account, on("2026-03-20")).invoices["A"].stage == 1


def test_facts_after_the_begun_day_count_at_once() -> None:
    ledger = Ledger(registered(), invoice("A", 100), begun="2026-03-16")
    ledger.record(paid("P1", 100, "2026-12-24"))
    assert ledger.amounts.collectable_minor == 0


def test_a_long_statement_gives_way_while_it_is_made() -> None:
    facts = [invoice(f"I{number}", 1) for number in range(3 * SLICE_ENTRIES)]
    account = domain.load_account("C1", BERLIN, [registered(), *facts])
    work = domain.statement_in_slices(account, on("2026-03-01"), on("2026-03-31"))
    assert sum(1 for _ in work) >= 3 * 3  # arranged, read and added up


def test_the_closing_balance_of_one_statement_opens_the_next() -> None:
    ledger = Ledger(
        registered(),
        invoice("A", 100),
        paid("P1", 130, "2026-03-20"),
        reversed_("R1", "P1", "2026-03-25", 50),
        credited("K1", 10, "2026-03-28", "A"),
        invoice("B", 70, issued="2026-04-02", due="2026-05-01"),
        voided("B", "2026-04-20T10:00Z"),
    )
    (march,) = domain.statement(ledger.account, on("2026-03-01"), on("2026-03-31"))
    (april,) = domain.statement(ledger.account, on("2026-04-01"), on("2026-04-30"))
    assert [(line.id, line.amount_minor, line.balance_minor) for line in march.lines] == [
        ("A", 100, 100),
        ("P1", -130, -30),
        ("R1", 50, 20),
        ("K1", -10, 10),
    ]
    assert (march.opening_minor, march.closing_minor) == (0, 10)
    assert (april.opening_minor, april.closing_minor) == (10, 10)
    assert [line.kind for line in april.lines] == ["invoice-issued", "invoice-voided"]
    net = ledger.amounts.balance_minor - ledger.amounts.unapplied_minor
    assert april.closing_minor == net


def test_the_begun_day_is_the_later_of_day_and_instant() -> None:
    begun = Begun(day=on("2026-03-10"), at=at("2026-03-10T23:30Z"))
    assert begun.on("Europe/Berlin") == on("2026-03-11")
    assert begun.on("America/New_York") == on("2026-03-10")
    assert Begun().on("UTC") is None


def test_a_dispute_of_a_charge_waits_for_the_charge() -> None:
    ledger = Ledger(registered(), invoice("A", 100))
    for fact in (disputed("D1", "A", "2026-03-05T10:00Z"), resolved("D1", "A", "2026-03-06")):
        data = structs.replace(fact.data, charge_id="fee")  # the invoice then counts for nothing
        assert ledger.record(structs.replace(fact, data=data)) == []
    waiting = {(wait.kind, wait.needs, wait.needs_id) for wait in waits(ledger.account)}
    assert waiting == {("dispute-opened", "charge", "fee"), ("dispute-resolved", "dispute", "D1")}


def test_money_waits_for_the_charge_that_it_is_aimed_at() -> None:
    ledger = Ledger(registered(), invoice("A", 100))
    payment = paid("P1", 70, "2026-03-05")
    targets = (billing.Target(charge_id="late-fee:A:1", amount_minor=20),)
    ledger.record(structs.replace(payment, data=structs.replace(payment.data, allocations=targets)))
    (wait,) = waits(ledger.account)
    assert (wait.kind, wait.fact_id) == ("payment-received", "P1")
    assert (wait.needs, wait.needs_id) == ("charge", "late-fee:A:1")

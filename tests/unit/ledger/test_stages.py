"""Stages: when they begin, what refutes them, and when a debt is open again (docs/ledger.md)."""

from typing import Any

import pytest

from services.ledger import domain
from shared.business_time import Begun
from tests.unit.ledger.ledger_factories import (
    Ledger,
    amended,
    at,
    brief,
    credited,
    invoice,
    on,
    paid,
    registered,
    reversed_,
    types,
    updated,
    voided,
)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-03-15", []),
        ("2026-03-16", [1]),
        ("2026-04-14", [1]),
        ("2026-04-15", [1, 31]),
        ("2026-05-15", [1, 31, 61]),
        ("2026-06-14", [1, 31, 61, 91]),
        ("2026-07-14", [1, 31, 61, 91, 121]),
        ("2027-07-14", [1, 31, 61, 91, 121]),
    ],
)
def test_a_run_over_many_days_says_all_missed_stages_in_order(
    day: str, expected: list[int]
) -> None:
    ledger = Ledger(registered(), invoice())
    told = [event for event in ledger.start_day(day) if event.type == "invoice-overdue"]
    stages: list[Any] = [event.data for event in told]
    assert [data.stage for data in stages] == expected
    assert ledger.start_day(day) == [], "nothing is said twice"


def test_a_stage_sees_everything_before_its_instant_and_nothing_at_it() -> None:
    before = Ledger(registered(), invoice(), paid("P1", 10000, "2026-03-15T22:59:59Z"))
    assert before.start_day("2026-03-16") == []
    exactly = Ledger(registered(), invoice(), paid("P1", 10000, "2026-03-15T23:00:00Z"))
    assert brief(exactly.start_day("2026-03-16")) == ["invoice-overdue I1 1"]


@pytest.mark.parametrize(
    ("zone", "due", "day", "instant"),
    [
        ("Europe/Berlin", "2026-03-28", "2026-03-29", "2026-03-28T23:00Z"),
        ("Europe/Berlin", "2026-03-29", "2026-03-30", "2026-03-29T22:00Z"),
        ("Europe/Berlin", "2026-10-25", "2026-10-26", "2026-10-25T23:00Z"),
        ("America/Havana", "2026-10-31", "2026-11-01", "2026-11-01T04:00Z"),  # 00:00 comes twice
        ("Africa/Cairo", "2026-04-23", "2026-04-24", "2026-04-23T22:00Z"),  # 00:00 is skipped
        ("Pacific/Kiritimati", "2026-03-15", "2026-03-16", "2026-03-15T10:00Z"),
        ("Asia/Kathmandu", "2026-03-15", "2026-03-16", "2026-03-15T18:15Z"),
    ],
)
def test_a_stage_begins_at_midnight_of_the_accounts_own_zone(
    zone: str, due: str, day: str, instant: str
) -> None:
    ledger = Ledger(registered(zone), invoice(due=due))
    overdue = [said for said in ledger.start_day(day) if said.type == "invoice-overdue"]
    assert [said.time for said in overdue] == [at(instant)]


def test_begun_by_an_instant_each_zone_has_its_own_day() -> None:
    begun = Begun(at=at("2026-03-15T23:30Z"))
    for zone, expected in [("Europe/Berlin", 1), ("America/New_York", 0)]:
        account = domain.new_account("C1", zone)
        domain.record(account, [registered(zone), invoice()], Begun())
        said = [
            e for e in domain.begin(account, begun).announcements if e.type == "invoice-overdue"
        ]
        assert len(said) == expected


def test_days_past_due_count_from_the_due_day() -> None:
    ledger = Ledger(registered(), invoice())
    for day, late, overdue in [("2026-03-15", 0, 0), ("2026-03-16", 1, 10000)]:
        ledger.start_day(day)
        assert (ledger.amounts.days_past_due, ledger.amounts.overdue_minor) == (late, overdue)
        assert ledger.amounts.oldest_due_on == on("2026-03-15")


def test_an_invoice_that_comes_late_is_overdue_at_once_with_all_its_stages() -> None:
    ledger = Ledger(registered(), begun="2026-04-20")
    told = ledger.record(invoice(issued="2026-03-01", due="2026-03-15"))
    assert brief(told) == ["invoice-issued I1", "invoice-overdue I1 1", "invoice-overdue I1 31"]


def test_stages_before_the_invoices_own_instant_are_reached_there() -> None:
    ledger = Ledger(registered(), begun="2026-04-20")
    told = ledger.record(invoice(issued="2026-04-16", due="2026-03-01"))
    assert brief(told)[1:] == ["invoice-overdue I1 1", "invoice-overdue I1 31"]
    for event in told[1:]:
        data: Any = event.data
        assert (event.time, data.since_on) == (at("2026-04-15T22:00Z"), on("2026-04-16"))
    told = ledger.record(paid("P1", 10000, "2026-04-15T22:00:00Z"))
    assert brief(told)[1:3] == ["overdue-corrected I1 31→None", "overdue-corrected I1 1→None"]


def test_corrections_come_highest_stage_first_and_name_the_fact() -> None:
    ledger = Ledger(registered(), invoice())
    ledger.start_day("2026-05-20")
    told = ledger.record(paid("P1", 10000, "2026-03-10"))
    assert brief(told) == [
        "payment-received P1",
        "overdue-corrected I1 61→None",
        "overdue-corrected I1 31→None",
        "overdue-corrected I1 1→None",
        "invoice-paid I1",
    ]


def test_a_stage_that_has_stood_stays_when_the_debt_is_paid_later() -> None:
    ledger = Ledger(registered(), invoice())
    ledger.start_day("2026-03-20")
    assert types(ledger.record(paid("P1", 10000, "2026-03-18"))) == [
        "payment-received",
        "invoice-paid",
    ]


def test_a_new_due_date_corrects_what_was_said_for_the_old_one() -> None:
    ledger = Ledger(registered(), invoice())
    ledger.start_day("2026-04-20")
    told = ledger.record(amended("I1", "2026-04-20T10:00Z", due_on=on("2026-04-01")))
    assert brief(told) == [
        "invoice-amended I1",
        "overdue-corrected I1 31→1",
        "overdue-corrected I1 1→1",
        "invoice-overdue I1 1",
    ]
    assert brief(ledger.start_day("2026-05-02")) == ["invoice-overdue I1 31"]


def test_the_newest_amendment_that_carries_a_field_wins_whatever_comes_first() -> None:
    ledger = Ledger(registered(), invoice())
    ledger.record(amended("I1", "2026-03-05T10:00Z", "a2", due_on=on("2026-04-01")))
    ledger.record(amended("I1", "2026-03-04T10:00Z", "a1", due_on=on("2026-05-01"), number="N7"))
    ledger.record(amended("I1", "2026-03-06T10:00Z", "a3"))
    amended_now = ledger.account.invoices["I1"]
    assert (amended_now.due_on, amended_now.number) == (on("2026-04-01"), "N7")


def test_a_corrected_stage_that_holds_again_is_said_as_open_again() -> None:
    ledger = Ledger(registered(), invoice())
    ledger.start_day("2026-04-20")
    ledger.record(paid("P1", 10000, "2026-03-10"))
    told = ledger.record(reversed_("R1", "P1", "2026-03-12"))
    assert brief(told) == ["payment-reversed R1", "invoice-reopened I1 31"]
    assert ledger.account.invoices["I1"].stage == 31


def test_a_reversal_that_arrived_first_opens_the_debt_again_when_its_payment_comes() -> None:
    ledger = Ledger(registered(), invoice())
    ledger.start_day("2026-05-02")
    ledger.record(amended("I1", "2026-03-02T10:00Z", number="N1"))
    assert ledger.record(reversed_("R1", "P1", "2026-05-02T12:00Z")) == []
    told = ledger.record(paid("P1", 10000, "2026-03-10"))
    assert brief(told) == [
        "payment-received P1",
        "payment-reversed R1",
        "overdue-corrected I1 31→31",
        "overdue-corrected I1 1→31",
        "invoice-reopened I1 31",
    ]


def test_a_reopening_that_never_was_is_corrected_like_a_stage() -> None:
    ledger = Ledger(registered(), invoice())
    ledger.record(paid("P1", 10000, "2026-03-10"))
    ledger.start_day("2026-05-02")
    ledger.record(reversed_("R1", "P1", "2026-05-02T12:00Z"))
    told = ledger.record(paid("P0", 10000, "2026-03-09"))
    assert brief(told) == [
        "payment-received P0",
        "allocation-changed C1",
        "overdue-corrected I1 31→None",
        "invoice-paid I1",
    ]
    corrected: Any = told[2].data
    assert (corrected.since_on, told[2].time) == (on("2026-05-02"), at("2026-05-02T12:00Z"))


def test_an_older_invoice_that_comes_late_opens_a_paid_one_again() -> None:
    ledger = Ledger(registered(), invoice("B", 100, due="2026-03-15"))
    ledger.record(paid("P1", 100, "2026-03-20"))
    ledger.start_day("2026-03-25")
    told = ledger.record(invoice("A", 100, due="2026-03-10"))
    assert brief(told) == [
        "invoice-issued A",
        "allocation-changed C1",
        "invoice-reopened B 1",
        "invoice-overdue A 1",
        "invoice-paid A",
    ]


def test_a_void_leaves_the_stages_that_had_stood_and_refutes_the_others() -> None:
    ledger = Ledger(registered(), invoice())
    ledger.start_day("2026-04-20")
    told = ledger.record(voided("I1", "2026-03-20T10:00Z"))
    assert brief(told) == ["invoice-voided I1", "overdue-corrected I1 31→None"]


def test_a_zone_that_is_known_later_holds_for_the_whole_history() -> None:
    ledger = Ledger(registered("America/New_York"), invoice())
    ledger.start_day("2026-03-16")
    payment = paid("P1", 10000, "2026-03-16T01:00Z")  # the 15th in New York
    assert "overdue-corrected" in types(ledger.record(payment))
    told = ledger.record(updated("Europe/Berlin", "2026-03-17T10:00Z"))
    assert types(told)[:2] == ["account-updated", "allocation-changed"]
    assert brief(told)[2:] == ["invoice-reopened I1 1", "invoice-paid I1"]


# ── Due soon ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("day", "said"), [("2026-03-07", 0), ("2026-03-08", 1), ("2026-03-15", 1), ("2026-03-16", 0)]
)
def test_due_soon_is_said_from_the_seventh_day_before_until_the_due_date(
    day: str, said: int
) -> None:
    ledger = Ledger(registered(), invoice())
    told = [event for event in ledger.start_day(day) if event.type == "invoice-due-soon"]
    assert [event.time for event in told] == [at("2026-03-07T23:00Z")] * said


def test_due_soon_waits_for_the_invoice_and_is_not_said_by_facts_nor_of_what_is_paid() -> None:
    ledger = Ledger(registered(), begun="2026-03-12")
    assert types(ledger.record(invoice(issued="2026-03-13"))) == ["invoice-issued"]
    assert ledger.start_day("2026-03-12") == []
    (soon,) = ledger.start_day("2026-03-13")
    assert soon.time == at("2026-03-12T23:00Z")
    other = Ledger(registered(), invoice(), paid("P1", 10000, "2026-03-02"))
    assert other.start_day("2026-03-10") == []


def test_next_on_is_the_day_on_which_there_is_something_to_say() -> None:
    ledger = Ledger(registered())
    assert domain.next_on(ledger.account) is None
    ledger.record(invoice())
    for day, following in [
        ("2026-03-08", "2026-03-16"),
        ("2026-03-16", "2026-04-15"),
        ("2026-07-14", None),
    ]:
        following_on = domain.next_on(ledger.account)
        assert following_on is not None
        assert following_on <= on(day)
        assert ledger.start_day(day)
        assert domain.next_on(ledger.account) == (on(following) if following else None)


def test_a_paid_account_has_nothing_more_to_say() -> None:
    ledger = Ledger(registered(), invoice(), credited("K1", 10000, "2026-03-02", "I1"))
    assert domain.next_on(ledger.account) is None

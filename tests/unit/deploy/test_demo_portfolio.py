"""The demo's portfolio: it repeats, it is valid, and it reacts to being contacted."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from deploy.demo.people import customers
from deploy.demo.portfolio import FIRST_DAY, Portfolio
from deploy.demo.received import Received
from deploy.demo.source import midnight
from shared.clock import ONE_DAY, is_zone
from shared.events import billing

DAYS = 120
END = midnight(FIRST_DAY + DAYS * ONE_DAY)


def lived(portfolio: Portfolio, *, contacted: bool = False) -> list[dict[str, Any]]:
    """All events, day by day; everybody with an address gets a message every tenth day."""
    people = customers(3, portfolio.accounts, FIRST_DAY, DAYS)
    mails = [Received("email", each) for each in sorted({p.email for p in people if p.email})]
    events: list[dict[str, Any]] = []
    for number in range(DAYS):
        at = midnight(FIRST_DAY + number * ONE_DAY) + timedelta(hours=9)
        events += portfolio.until(at)
        if contacted and number % 10 == 9:
            portfolio.received(mails, at)
    return events + portfolio.until(END)


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    return lived(Portfolio(3, 200, DAYS), contacted=True)


def test_the_same_seed_makes_the_same_life(events: list[dict[str, Any]]) -> None:
    assert lived(Portfolio(3, 200, DAYS), contacted=True) == events


def test_another_seed_makes_another_life(events: list[dict[str, Any]]) -> None:
    assert lived(Portfolio(4, 200, DAYS), contacted=True) != events


def test_it_does_not_matter_in_how_many_steps_time_goes_on() -> None:
    at_once = Portfolio(3, 50, DAYS).until(END)
    assert lived(Portfolio(3, 50, DAYS)) == at_once


def test_events_come_in_the_order_of_their_time(events: list[dict[str, Any]]) -> None:
    times = [datetime.fromisoformat(event["time"]) for event in events]
    assert times == sorted(times)


def test_every_event_has_an_id_of_its_own(events: list[dict[str, Any]]) -> None:
    assert max(Counter(event["id"] for event in events).values()) == 1


def test_every_event_is_one_that_the_ledger_takes(events: list[dict[str, Any]]) -> None:
    for event in events:
        data: Any = msgspec.convert(event["data"], billing.TYPES[event["type"]])
        assert data.account_id == event["subject"]


def test_it_has_all_that_a_ledger_has_to_deal_with(events: list[dict[str, Any]]) -> None:
    assert {event["type"] for event in events} == {
        "account-registered",
        "invoice-issued",
        "invoice-amended",
        "invoice-voided",
        "credit-note-issued",
        "payment-received",
        "payment-failed",
        "payment-reversed",
        "dispute-opened",
        "dispute-resolved",
    }
    kinds = {e["data"]["kind"] for e in events if e["type"] == "payment-reversed"}
    assert kinds == {"chargeback", "refund"}


def test_a_payment_is_not_aimed_beyond_its_amount(events: list[dict[str, Any]]) -> None:
    payments = [event["data"] for event in events if event["type"] == "payment-received"]
    aimed = [payment for payment in payments if "allocations" in payment]
    assert aimed
    for payment in aimed:
        targets = sum(target["amount_minor"] for target in payment["allocations"])
        assert targets <= payment["amount_minor"]


def test_invoices_are_paid_in_parts_too(events: list[dict[str, Any]]) -> None:
    amounts = {
        e["data"]["invoice_id"]: e["data"]["amount_minor"]
        for e in events
        if e["type"] == "invoice-issued"
    }
    parts = [
        target
        for event in events
        if event["type"] == "payment-received"
        for target in event["data"].get("allocations", ())
        if target["amount_minor"] < amounts[target["invoice_id"]]
    ]
    assert parts


def test_who_is_contacted_pays_more() -> None:
    def paid(contacted: bool) -> int:
        events = lived(Portfolio(3, 200, DAYS), contacted=contacted)
        return sum(event["type"] == "payment-received" for event in events)

    assert paid(contacted=True) > paid(contacted=False)


def test_a_message_to_nobody_we_know_changes_nothing() -> None:
    portfolio = Portfolio(3, 20, DAYS)
    portfolio.received([Received("email", "nobody@mail.example")], midnight(FIRST_DAY))
    assert portfolio.until(END) == Portfolio(3, 20, DAYS).until(END)


def test_the_customers_are_of_many_kinds() -> None:
    people = customers(3, 500, FIRST_DAY, 365)
    assert {person.kind for person in people} == {"consumer", "business"}
    assert {person.place.currency for person in people} == {"EUR", "USD", "JPY"}
    zones = {person.place.timezone for person in people}
    assert zones >= {
        "Pacific/Auckland",
        "Europe/Berlin",
        "America/New_York",
        "America/Los_Angeles",
        "America/Sao_Paulo",
    }
    assert all(is_zone(name) for name in zones)
    assert any(person.email is None for person in people)
    assert len({person.account_id for person in people}) == 500


def test_some_debtors_have_two_accounts() -> None:
    people = customers(3, 500, FIRST_DAY, 365)
    accounts = Counter(person.debtor_id for person in people if person.debtor_id)
    assert accounts
    assert set(accounts.values()) == {2}
    for debtor in accounts:
        first, second = (person for person in people if person.debtor_id == debtor)
        assert (first.email, first.name) == (second.email, second.name)


def test_who_is_moved_may_promise_and_then_pays_as_promised() -> None:
    portfolio, other = Portfolio(3, 100, DAYS), Portfolio(3, 100, DAYS)
    lived(portfolio, contacted=True)
    lived(other, contacted=True)
    asked = portfolio.requests()
    assert portfolio.requests() == []
    assert [each.body for each in asked] == [each.body for each in other.requests()]
    assert {each.noun for each in asked} == {"promise", "plan", "settlement"}
    assert len({each.id for each in asked}) == len(asked)
    for each in asked:
        portfolio.answered(each, None)
    assert portfolio.until(END + 400 * ONE_DAY) == other.until(END + 400 * ONE_DAY)


def test_what_is_arranged_is_paid_as_arranged() -> None:
    portfolio = Portfolio(3, 100, DAYS)
    lived(portfolio, contacted=True)
    due_on = (FIRST_DAY + (DAYS + 20) * ONE_DAY).isoformat()
    instalments = [{"n": 1, "due_on": due_on, "amount_minor": 1234}]
    for each in portfolio.requests():
        portfolio.answered(each, {"state": "accepted", "instalments": instalments})
    later = portfolio.until(END + 30 * ONE_DAY)
    amounts = [event["data"].get("amount_minor") for event in later]
    assert amounts.count(1234) > 1

"""What is owed, seen from outside: paid, charged back, refunded, told late and in any order."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest

from tests.e2e.desk import Desk
from tests.e2e.facts import tangled_facts
from tests.e2e.log import Logged, produce, read_log, said_of
from tests.e2e.platform import Platform
from tests.factories import a_payment, a_reversal, an_account, an_invoice

Json = dict[str, Any]
BERLIN = {"timezone": "Europe/Berlin"}


def said(desk: Desk, account_id: str) -> list[Logged]:
    """What the ledger said about an account, once everything has arrived everywhere."""
    desk.platform.wait_quiet()
    return said_of(desk.platform, desk.tenant, account_id)


def test_pay_charge_back_pay(desk: Desk) -> None:
    desk.settle_in(**BERLIN).send(an_account(), an_invoice())
    desk.start_day("2026-03-20")
    desk.send(a_payment("P1", amount_minor=10000, received_at="2026-03-20T10:00:00Z"))
    assert desk.amounts("C1")["balance_minor"] == 0
    assert desk.invoice("I1")["status"] == "paid"
    desk.send(a_reversal("R1", reversed_at="2026-03-25T10:00:00Z"))
    desk.start_day("2026-03-26")
    amounts = desk.amounts("C1")
    assert (amounts["balance_minor"], amounts["overdue_minor"]) == (10000, 10000)
    assert (desk.invoice("I1")["status"], desk.invoice("I1")["stage"]) == ("open", 1)
    desk.send(a_payment("P2", amount_minor=10000, received_at="2026-03-27T10:00:00Z"))
    amounts = desk.amounts("C1")
    assert (amounts["balance_minor"], amounts["unapplied_minor"]) == (0, 0)
    assert desk.invoice("I1")["status"] == "paid"
    assert [(e.sequence, e.type) for e in said(desk, "C1")] == [
        (1, "account-registered"),
        (2, "invoice-issued"),
        (3, "invoice-overdue"),
        (4, "payment-received"),
        (5, "invoice-paid"),
        (6, "payment-reversed"),
        (7, "invoice-reopened"),
        (8, "payment-received"),
        (9, "invoice-paid"),
    ]
    assert desk.minor("received", "2026-03-01", "2026-03-31") == 10000
    assert desk.integrity() == {}


def test_the_story_of_the_events_page(desk: Desk) -> None:
    desk.settle_in(**BERLIN).send(an_account(), an_invoice())
    desk.start_day("2026-03-16")
    first = a_payment("P1", amount_minor=4000, received_at="2026-03-20T10:00:00Z")
    desk.send(first)
    desk.start_day("2026-04-15")
    desk.send(a_payment("P2", amount_minor=6000, received_at="2026-03-14T08:00:00Z"))
    again = desk.send({**first, "id": "again"})
    assert (again["accepted"], again["duplicates"]) == (0, 1)
    other = a_payment("P1", amount_minor=4100, received_at="2026-03-20T10:00:00Z")
    refused = desk.offer_one(other)
    assert refused.status_code == 422
    assert [e["pointer"] for e in refused.json()["errors"]] == ["/data/amount_minor"]
    assert desk.invoice("I1")["status"] == "paid"
    desk.send(a_reversal("R1", "P1", reversed_at="2026-05-02T12:00:00Z"))

    events = said(desk, "C1")
    shown = [(e.sequence, e.type, e.time) for e in events]
    assert shown == [
        (1, "account-registered", "2026-03-01T09:00:00Z"),
        (2, "invoice-issued", "2026-03-01T09:00:00Z"),
        (3, "invoice-overdue", "2026-03-15T23:00:00Z"),
        (4, "payment-received", "2026-03-20T10:00:00Z"),
        (5, "invoice-overdue", "2026-04-14T22:00:00Z"),
        (6, "payment-received", "2026-03-14T08:00:00Z"),
        (7, "overdue-corrected", "2026-04-14T22:00:00Z"),
        (8, "invoice-paid", "2026-03-20T10:00:00Z"),
        (9, "payment-reversed", "2026-05-02T12:00:00Z"),
        (10, "invoice-reopened", "2026-05-02T12:00:00Z"),
    ]
    by_number = {e.sequence: e.data for e in events}
    assert (by_number[3]["stage"], by_number[3]["since_on"]) == (1, "2026-03-16")
    assert (by_number[5]["stage"], by_number[5]["balance_minor"]) == (31, 6000)
    assert (by_number[7]["from_stage"], by_number[7].get("to_stage")) == (31, None)
    assert by_number[7]["because"] == "payment P2"
    assert by_number[10]["stage"] == 31
    # The reversal lies after the begun day: stage 61 is said when its day comes.
    assert desk.start_day("2026-05-15") == {"invoice-overdue": 1}
    last = said(desk, "C1")[-1]
    assert (last.type, last.data["stage"], last.data["balance_minor"]) == (
        "invoice-overdue", 61, 4000,
    )  # fmt: skip
    assert desk.amounts("C1")["balance_minor"] == 4000
    assert desk.integrity() == {}


def test_two_partial_refunds_of_one_payment(desk: Desk) -> None:
    desk.settle_in(**BERLIN).send(an_account(), an_invoice())
    desk.start_day("2026-04-01")
    desk.send(a_payment("P1", amount_minor=10000, received_at="2026-03-10T10:00:00Z"))
    for number, minor in ((1, 2500), (2, 3000)):
        at = f"2026-03-2{number}T10:00:00Z"
        desk.send(a_reversal(f"R{number}", reversed_at=at, kind="refund", amount_minor=minor))
    amounts = desk.amounts("C1")
    assert (amounts["balance_minor"], amounts["overdue_minor"]) == (5500, 5500)
    assert (amounts["unapplied_minor"], amounts["days_past_due"]) == (0, 17)
    assert desk.invoice("I1")["stage"] == 1
    # Six thousand more than is left of the payment: what is left is taken, the excess is listed.
    desk.send(
        a_reversal("R3", reversed_at="2026-03-23T10:00:00Z", kind="refund", amount_minor=10000)
    )
    assert desk.amounts("C1")["balance_minor"] == 10000
    assert len(list(desk.every("/v1/rejections", account_id="C1"))) == 1
    reversed_ = [e for e in said(desk, "C1") if e.type == "payment-reversed"]
    assert [e.data["amount_minor"] for e in reversed_][:2] == [2500, 3000]
    assert desk.minor("received", "2026-03-01", "2026-04-01") == 0
    assert desk.integrity() == {}


# ---------------------------------------------------------------------------- any order (item 3)


def picture(desk: Desk) -> Json:
    """Everything about what is owed that must not depend on the order of arrival."""
    accounts = sorted(row["account_id"] for row in desk.every("/v1/accounts"))
    invoices = sorted(row["invoice_id"] for row in desk.every("/v1/invoices"))
    return {
        "accounts": [desk.account(account_id) for account_id in accounts],
        "then": [desk.account(account_id, as_of="2026-03-10") for account_id in accounts],
        "invoices": [desk.invoice(invoice_id) for invoice_id in invoices],
        "aging": [desk.get("ledger", "/v1/aging", currency=c) for c in ("EUR", "USD")],
        "aged": desk.get("ledger", "/v1/aging", currency="EUR", as_of="2026-03-01"),
    }


def shuffled(facts: list[Json], random: Random) -> list[Json]:
    """Another order, 30 % of the facts a second time."""
    order = facts + random.sample(facts, k=len(facts) * 3 // 10)
    random.shuffle(order)
    return order


def twin(platform: Platform, facts: list[Json]) -> Json:
    desk = Desk(platform).settle_in(**BERLIN)
    desk.send(*facts)
    desk.start_day("2026-05-20")
    assert desk.integrity() == {}
    return picture(desk)


def one_shuffling(platform: Platform, facts: list[Json], seed: int, batch: int) -> Json:
    random = Random(seed)
    desk = Desk(platform).settle_in(**BERLIN)
    order = shuffled(facts, random)
    days = iter(("2026-02-10", "2026-03-15", "2026-05-20"))
    for start in range(0, len(order), batch):
        answer = desk.offer(order[start : start + batch])
        assert answer.status_code == 200, answer.text
        assert answer.json()["rejected"] == []
        if random.random() < 0.1 and (day := next(days, None)):
            desk.start_day(day)
    for day in days:
        desk.start_day(day)
    assert desk.integrity() == {}
    return picture(desk)


def check_shufflings(platform: Platform, seeds: range) -> None:
    facts = tangled_facts()
    expected = twin(platform, facts)
    assert sum(row["amounts"][0]["balance_minor"] for row in expected["accounts"]) > 0
    for seed in seeds:
        seen = one_shuffling(platform, facts, seed, (1, 7, 500)[seed % 3])
        for part, rows in expected.items():
            assert seen[part] == rows, f"{part} of shuffling {seed}"


def test_any_order_of_the_same_facts_gives_the_same_books(
    shared_platform: Callable[[str], Platform],
) -> None:
    check_shufflings(shared_platform("local"), range(6))


@pytest.mark.full
@pytest.mark.timeout(1200)
def test_twenty_orders_of_the_same_facts_give_the_same_books(
    shared_platform: Callable[[str], Platform],
) -> None:
    check_shufflings(shared_platform("local"), range(20))


def over_kafka_in_any_order(platform: Platform, seeds: range) -> None:
    facts = tangled_facts()
    expected = twin(platform, facts)
    for seed in seeds:
        random = Random(seed)
        desk = Desk(platform).settle_in(**BERLIN)
        for event in shuffled(facts, random):
            body = json.dumps({**event, "tenantid": desk.tenant}).encode()
            # Any key and none: order between partitions is nobody's.
            key = random.choice((None, event["subject"], str(random.random())))
            produce(
                platform.bootstrap, "billing.events", key, body,
                {"content-type": b"application/cloudevents+json"},
            )  # fmt: skip
        platform.wait_quiet()
        desk.start_day("2026-05-20")
        assert picture(desk) == expected, f"shuffling {seed}"
        assert desk.integrity() == {}


@pytest.mark.kafka
def test_any_order_in_kafka_gives_the_same_books(
    shared_platform: Callable[[str], Platform],
) -> None:
    over_kafka_in_any_order(shared_platform("kafka"), range(1))


@pytest.mark.kafka
@pytest.mark.full
@pytest.mark.timeout(1200)
def test_twenty_orders_in_kafka_give_the_same_books(
    shared_platform: Callable[[str], Platform],
) -> None:
    over_kafka_in_any_order(shared_platform("kafka"), range(20))


# ---------------------------------------------------------------------------- days (item 8)


def test_a_due_day_ends_in_each_zone_at_its_own_midnight(desk: Desk) -> None:
    desk.settle_in(timezone="UTC")
    for account_id, zone in (("AKL", "Pacific/Auckland"), ("LAX", "America/Los_Angeles")):
        desk.send(
            an_account(account_id, timezone=zone),
            an_invoice(f"I-{account_id}", account_id, due_on="2026-03-31"),
        )
    assert desk.start_day("2026-03-31T12:00:00Z")["invoice-overdue"] == 1
    assert desk.invoice("I-AKL")["stage"] == 1
    assert desk.invoice("I-LAX")["stage"] is None
    (overdue,) = [e for e in said(desk, "AKL") if e.type == "invoice-overdue"]
    # Auckland keeps summer time until April 5: its 1 April begins at 11:00 UTC the day before.
    assert (overdue.time, overdue.day) == ("2026-03-31T11:00:00Z", "2026-04-01")
    assert [e for e in said(desk, "LAX") if e.type == "invoice-overdue"] == []
    desk.start_day("2026-04-01T07:00:00Z")
    (overdue,) = [e for e in said(desk, "LAX") if e.type == "invoice-overdue"]
    assert overdue.time == "2026-04-01T07:00:00Z"


def eight_at_once(platform: Platform, invoices: int) -> None:
    desk = Desk(platform).settle_in(**BERLIN)
    events: list[Json] = []
    for number in range(invoices):
        account_id = f"C{number // 4:05}"
        if number % 4 == 0:
            events.append(an_account(account_id))
        # A third are paid before the first stage begins, a third between two stages.
        events.append(an_invoice(f"I{number:05}", account_id, due_on="2026-03-15"))
        if number % 3 < 2:
            at = ("2026-03-14T08:00:00Z", "2026-04-01T08:00:00Z")[number % 3]
            aim = [{"invoice_id": f"I{number:05}", "amount_minor": 10000}]
            events.append(
                a_payment(f"P{number}", account_id, 10000, received_at=at, allocations=aim)
            )
    for start in range(0, len(events), 2000):
        desk.send(*events[start : start + 2000])
    with ThreadPoolExecutor(8) as pool:
        counted = list(pool.map(lambda _: desk.start_day("2026-04-20"), range(8)))
    unpaid = sum(number % 3 > 0 for number in range(invoices))
    open_on_31 = sum(number % 3 == 2 for number in range(invoices))
    assert sum(c.get("invoice-overdue", 0) for c in counted) == unpaid + open_on_31
    platform.wait_quiet()
    stages = [
        (e.data["invoice_id"], e.data["stage"])
        for e in read_log(platform, desk.tenant)
        if e.type == "invoice-overdue"
    ]
    assert len(stages) == len(set(stages)) == unpaid + open_on_31
    assert desk.integrity() == {}


def test_eight_starts_of_a_day_at_once_say_each_stage_once(platform: Platform) -> None:
    eight_at_once(platform, 1200)


@pytest.mark.full
@pytest.mark.timeout(1200)
def test_eight_starts_of_a_day_at_once_over_ten_thousand_invoices(platform: Platform) -> None:
    eight_at_once(platform, 10_000)

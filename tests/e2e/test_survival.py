"""Killed again and again while events come in: nothing is lost, nothing is twice."""

import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import NewPlatform
from tests.e2e.desk import Desk
from tests.e2e.facts import CURRENCIES, Books, plain_books
from tests.e2e.log import produce, read_log
from tests.e2e.platform import Platform

Json = dict[str, Any]
CLIENTS = 4
BATCH = 5
VICTIMS = ("ledger app", "ledger worker", "metrics worker", "segmentation worker", "metrics app")
WINDOW = ("2026-01-01", "2026-06-30")
LAST_DAY = "2026-06-30"


def insist(desk: Desk, events: Sequence[Json], over: threading.Event) -> None:
    """Post a batch until it is answered, as a billing platform does."""
    while True:
        try:
            answer = desk.offer(events)
        except httpx.TransportError:
            assert not over.wait(0.05), "the test is over"
            continue
        if answer.status_code < 500:
            break
    receipt = answer.json()
    assert answer.status_code == 200, receipt
    assert receipt["accepted"] + receipt["duplicates"] == len(events), receipt


def feed(desk: Desk, books: Books, over: threading.Event) -> None:
    """Everything over HTTP; with Kafka, the payments there."""
    events = list(books.events)
    if desk.platform.over_kafka:
        for event in (e for e in events if e["type"] == "payment-received"):
            produce(
                desk.platform.bootstrap, "billing.events", event["subject"],
                json.dumps({**event, "tenantid": desk.tenant}).encode(), {},
            )  # fmt: skip
        events = [e for e in events if e["type"] != "payment-received"]
    batches = [events[start : start + BATCH] for start in range(0, len(events), BATCH)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        try:
            list(pool.map(lambda batch: insist(desk, batch, over), batches))
        except BaseException:
            over.set()
            pool.shutdown(cancel_futures=True)
            raise


def victims(platform: Platform) -> Iterator[str]:
    return cycle(VICTIMS if platform.over_kafka else ("everything",))


def kill_until(platform: Platform, over: threading.Event, every: float, most: int) -> int:
    """SIGKILL to one part after the other, until all events are in; how often."""
    for kills, victim in enumerate(victims(platform)):
        if kills == most or over.wait(every):
            return kills
        if platform.over_kafka:
            platform.kill_part(victim)  # its keeper starts it again
        else:
            platform.kill()
            platform.start()
    raise AssertionError("victims never end")


def check_survival(
    platform: Platform, books: Books, *, every: float, least: int, most: int
) -> None:
    desk = Desk(platform).settle_in(timezone="Europe/Berlin")
    desk.send(books.events[0])
    over = threading.Event()
    with ThreadPoolExecutor(1) as killer:
        killed = killer.submit(kill_until, platform, over, every, most)
        try:
            feed(desk, books, over)
        finally:
            over.set()
        assert killed.result() >= least, "the platform was hardly killed: more events are needed"
    platform.wait_ready()
    platform.wait_quiet(300)
    desk.start_day(LAST_DAY)
    platform.wait_quiet()
    check_sums(desk, books)
    check_log(desk)


def check_sums(desk: Desk, books: Books) -> None:
    for currency in CURRENCIES:
        assert desk.minor("invoiced", *WINDOW, currency) == books.invoiced[currency]
        assert desk.minor("received", *WINDOW, currency) == books.received[currency]
    owed = dict.fromkeys(CURRENCIES, 0)
    for account_id in books.accounts:
        for amounts in desk.account(account_id)["amounts"]:
            owed[amounts["currency"]] += amounts["balance_minor"] - amounts["unapplied_minor"]
    assert owed == {c: books.invoiced[c] - books.received[c] for c in CURRENCIES}
    for currency in CURRENCIES:
        aged = desk.get("ledger", "/v1/aging", currency=currency)["buckets"]
        seen = desk.kpi("aging", LAST_DAY, LAST_DAY, currency=currency, group_by="bucket")
        assert {b["bucket"]: b["amount_minor"] for b in aged if b["amount_minor"]} == {
            group["key"]["bucket"]: group["value"] for group in seen["groups"] if group["value"]
        }
    assert desk.integrity() == {}


def check_log(desk: Desk) -> None:
    numbers: dict[str, list[int]] = {}
    stages: list[tuple[str, int]] = []
    for event in read_log(desk.platform, desk.tenant):
        # The relay may repeat a wave that a crash cut off; whoever reads drops what is not new.
        given = numbers.setdefault(event.key, [])
        if desk.platform.over_kafka and event.sequence <= len(given):
            continue
        given.append(event.sequence)
        if event.type == "invoice-overdue":
            stages.append((event.data["invoice_id"], event.data["stage"]))
    for key, given in numbers.items():
        assert given == list(range(1, len(given) + 1)), key
    assert stages
    assert len(stages) == len(set(stages))


def test_kills_lose_nothing_and_double_nothing(new_platform: NewPlatform) -> None:
    platform = new_platform("local").start()
    check_survival(platform, plain_books(100, 10), every=0.5, least=2, most=3)


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("transport", ["local", pytest.param("kafka", marks=pytest.mark.kafka)])
def test_kills_every_two_seconds_under_twenty_thousand_events(
    new_platform: NewPlatform, transport: str
) -> None:
    books = plain_books(500, 22)
    assert len(books.events) > 20_000 * 0.95
    platform = new_platform(transport).start()
    check_survival(platform, books, every=2.0, least=5, most=10_000)

"""The log from outside: foreign transactions, foreign clients, garbage, a move to Kafka."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import asyncpg
import pytest

from deploy.local.databases import SERVICES, database_name, url_of
from tests.architecture.files import ROOT
from tests.conftest import not_run
from tests.e2e.conftest import NewPlatform
from tests.e2e.desk import Desk
from tests.e2e.log import produce, read_log
from tests.e2e.platform import Platform, wait_for
from tests.factories import a_payment, an_account, an_invoice
from tests.integration.outreach.webhook_peer import webhook_peer

Json = dict[str, Any]
VISIBLE_SECONDS_MAX = 2.0  # asked of the long form alone: it depends on the machine
PATIENCE_SECONDS = 120.0
MARCH = ("2026-03-01", "2026-03-31")


# ---------------------------------------------------------------------------- foreign transactions


async def open_foreign(platform: Platform) -> list[asyncpg.Connection]:
    """In each service's database a transaction with an id and a snapshot, idle from then on."""
    opened = []
    for service in SERVICES:
        connection = await asyncpg.connect(url_of(platform.postgres, database_name(service)))
        await connection.execute("create table if not exists a_foreign_table (n bigint)")
        await connection.execute("begin isolation level repeatable read")
        await connection.execute("insert into a_foreign_table values (1)")
        await connection.fetchval("select count(*) from outbox")
        opened.append(connection)
    return opened


def has_invoiced(desk: Desk, minor: int) -> bool:
    return desk.minor("invoiced", *MARCH) == minor


async def check_beside_foreign(platform: Platform, seconds: float, visible: float) -> None:
    desk = Desk(platform).settle_in()
    desk.send(an_account("C1"))
    platform.wait_quiet()
    opened = await open_foreign(platform)
    end, count = time.monotonic() + seconds, 0
    try:
        while time.monotonic() < end or count < 5:
            count += 1
            desk.send(an_invoice(f"I{count}", "C1", 100))
            wait_for(partial(has_invoiced, desk, count * 100), visible)
        ids = [await c.fetchval("select pg_current_xact_id()::text") for c in opened]
        assert len(ids) == len(SERVICES)  # they were open all the while
    finally:
        for connection in opened:
            await connection.close()


def test_events_reach_the_kpis_beside_an_open_foreign_transaction(platform: Platform) -> None:
    asyncio.run(check_beside_foreign(platform, 0.0, PATIENCE_SECONDS))


@pytest.mark.full
def test_events_reach_the_kpis_for_thirty_seconds_beside_one(platform: Platform) -> None:
    asyncio.run(check_beside_foreign(platform, 30.0, VISIBLE_SECONDS_MAX))


# ---------------------------------------------------------------------------- what metrics says


async def check_costs(platform: Platform) -> None:
    desk = Desk(platform)
    cost = {"cost_id": "K1", "kind": "legal", "amount_minor": 900, "currency": "EUR",
            "incurred_on": "2026-03-01"}  # fmt: skip
    async with webhook_peer() as peer:
        hook = {"url": f"{peer.url}/costs", "types": ["cost-recorded", "cost-withdrawn"]}
        await asyncio.to_thread(desk.post, "outreach", "/v1/webhooks", hook)
        taken = await asyncio.to_thread(desk.post, "metrics", "/v1/costs", {"items": [cost]})
        assert taken == {"recorded": 1, "duplicates": 0, "rejected": []}
        gone = await asyncio.to_thread(desk.call, "DELETE", "metrics", "/v1/costs/K1")
        assert gone.status_code == 204
        await asyncio.to_thread(wait_for, lambda: len(peer.seen) == 2, PATIENCE_SECONDS)
        types = [json.loads(each.body)["type"] for each in peer.seen]
    assert types == ["cost-recorded", "cost-withdrawn"]
    await asyncio.to_thread(platform.wait_quiet)
    said = await asyncio.to_thread(read_log, platform, desk.tenant, "metrics.events")
    assert [(each.key, each.type, each.sequence) for each in said] == [
        (f"{desk.tenant}/", "cost-recorded", 1),
        (f"{desk.tenant}/", "cost-withdrawn", 2),
    ]


def test_what_metrics_says_is_in_the_log_and_reaches_webhooks(platform: Platform) -> None:
    asyncio.run(check_costs(platform))


# ---------------------------------------------------------------------------- foreign clients


def by_confluent(bootstrap: str, event: Json, *, is_binary: bool) -> None:
    if is_binary:
        value, headers = in_binary_mode(event)
        raw: dict[str, str | bytes | None] = {name: text.encode() for name, text in headers.items()}
    else:
        value = json.dumps(event)
        raw = {"content-type": b"application/cloudevents+json; charset=utf-8"}
    produce(bootstrap, "billing.events", event["subject"], value.encode(), raw)


def by_kcat(bootstrap: str, event: Json, *, is_binary: bool) -> None:
    value, headers = in_binary_mode(event)
    if not is_binary:
        value, headers = json.dumps(event), {"content-type": "application/cloudevents+json"}
    options = [part for name, text in headers.items() for part in ("-H", f"{name}={text}")]
    try:
        subprocess.run(
            ["kcat", "-P", "-b", bootstrap, "-t", "billing.events", "-k", event["subject"],
             *options, "-q"],
            input=value, text=True, check=True, timeout=PATIENCE_SECONDS,
        )  # fmt: skip
    except FileNotFoundError:
        not_run("kcat is not installed")


def in_binary_mode(event: Json) -> tuple[str, dict[str, str]]:
    attributes = {f"ce_{name}": text for name, text in event.items() if name != "data"}
    return json.dumps(event["data"]), {"content-type": "application/json", **attributes}


@pytest.mark.kafka
@pytest.mark.parametrize("is_binary", [True, False], ids=["binary", "structured"])
@pytest.mark.parametrize("send", [by_kcat, by_confluent])
def test_a_bad_invoice_from_kafka_does_not_hold_up_the_payment_behind_it(
    shared_platform: Callable[[str], Platform], send: Callable[..., None], is_binary: bool
) -> None:
    platform = shared_platform("kafka")
    desk = Desk(platform).settle_in()
    desk.send(an_account("C1"), an_invoice("I1", "C1"))
    bad = {**an_invoice("I2", "C1", -5), "tenantid": desk.tenant}
    good = {**a_payment("P1", "C1", 4000), "tenantid": desk.tenant}
    for event in (bad, good):
        send(platform.bootstrap, event, is_binary=is_binary)
    platform.wait_quiet()
    assert desk.amounts("C1")["balance_minor"] == 6000
    (rejection,) = desk.every("/v1/rejections", account_id="C1")
    assert rejection["event_id"] == bad["id"]
    assert [error["pointer"] for error in rejection["errors"]] == ["/data/amount_minor"]
    assert rejection["origin"].startswith("billing.events/")
    assert desk.minor("received", *MARCH) == 4000


def dead_letters(platform: Platform, *arguments: str) -> str:
    """What `make dead-letters ARGS=…` prints."""
    done = subprocess.run(
        [sys.executable, "-m", "deploy.dead_letters", *arguments],
        cwd=ROOT, env={"RECOUP_DATA_DIR": str(platform.data), "COLUMNS": "400"},
        capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def parked(platform: Platform, service: str) -> int:
    items: Any = platform.lag(service)["items"]
    return sum(i["parked_accounts"] for i in items if i["topic"] == "ledger.events")


def has_parked(platform: Platform, service: str, accounts: int) -> bool:
    return parked(platform, service) == accounts


@pytest.mark.kafka
def test_garbage_under_one_accounts_key_parks_that_account_alone(
    shared_platform: Callable[[str], Platform],
) -> None:
    platform = shared_platform("kafka")
    desk = Desk(platform).settle_in()
    desk.send(an_account("BAD"), an_account("GOOD"), an_invoice("I1", "BAD", 100))
    platform.wait_quiet()
    readers = ("segmentation", "outreach", "metrics")
    before = {service: parked(platform, service) for service in readers}
    produce(platform.bootstrap, "ledger.events", f"{desk.tenant}/BAD", b"\x00garbage", {})
    for service in readers:
        wait_for(partial(has_parked, platform, service, before[service] + 1), PATIENCE_SECONDS)
    desk.send(an_invoice("I2", "BAD", 10), an_invoice("I3", "GOOD", 1))
    platform.wait_quiet()  # parked is not behind
    assert desk.minor("invoiced", *MARCH) == 101
    lines = [line for line in dead_letters(platform).splitlines() if f"{desk.tenant}/BAD" in line]
    ids = [line.replace("│", " ").split()[0] for line in lines]
    assert sorted(letter.partition(":")[0] for letter in ids) == sorted(readers)
    assert "GOOD" not in "".join(lines)
    dead_letters(platform, "skip", *ids, "--reason", "a test wrote it")
    for service in readers:
        wait_for(partial(has_parked, platform, service, before[service]), PATIENCE_SECONDS)
    assert desk.minor("invoiced", *MARCH) == 111
    assert f"{desk.tenant}/BAD" not in dead_letters(platform)


# ---------------------------------------------------------------------------- a move to Kafka


_NEEDS = {"arm": {"experiment": "first-call"}, "agency": {"per": "placement"}}  # of some splits


def figures(desk: Desk) -> dict[str, Any]:
    """Every KPI, by every dimension that it can be split by, and what the others say."""
    found: dict[str, Any] = {}
    for kpi in desk.get("metrics", "/v1/kpis")["items"]:
        for split in (None, *kpi["dimensions"]):
            query = {"group_by": split, **_NEEDS.get(split, {})} if split else {}
            found[f"{kpi['name']} by {split}"] = desk.figure(
                kpi["name"], "2026-03-01", "2026-04-30", currency="EUR", **query
            )
    for account_id in ("C1", "C2", "C3"):
        found[f"contacts of {account_id}"] = desk.contacts(account_id)
        score = desk.get("segmentation", f"/v1/accounts/{account_id}/score")
        found[f"score of {account_id}"] = score
    return found


@pytest.mark.kafka
def test_a_local_data_folder_moves_to_kafka(new_platform: NewPlatform) -> None:
    move_to_kafka(new_platform)


@pytest.mark.kafka
@pytest.mark.full
def test_a_local_data_folder_moves_to_kafka_and_back(new_platform: NewPlatform) -> None:
    desk, expected = move_to_kafka(new_platform)
    back = new_platform("local").start()
    back.wait_quiet()
    desk = Desk(back, desk.tenant)
    assert figures(desk) == expected
    check_numbers(desk)
    desk.send(a_payment("P3", "C3", 10000))
    back.wait_quiet()
    assert desk.minor("received", *MARCH) == 24000


def check_numbers(desk: Desk) -> None:
    numbers: dict[str, list[int]] = {}
    for event in read_log(desk.platform, desk.tenant):
        numbers.setdefault(event.key, []).append(event.sequence)
    for key, given in numbers.items():
        assert given == list(range(1, len(given) + 1)), key
    assert desk.integrity() == {}


def move_to_kafka(new_platform: NewPlatform) -> tuple[Desk, dict[str, Any]]:
    """The tenant, and its figures when Kafka was stopped."""
    local = new_platform("local").start()
    desk = Desk(local).settle_in(contact_from="2026-01-01")
    for account_id in ("C1", "C2", "C3"):
        desk.send(an_account(account_id), an_invoice(f"I-{account_id}", account_id))
    desk.send(a_payment("P1", "C1", 4000))
    desk.start_day("2026-03-20")
    local.wait_quiet()
    desk.run_due("2026-03-20T12:00:00Z")
    local.wait_quiet()
    before = figures(desk)
    assert before["received by None"]["value"] == 4000
    assert any(before[f"contacts of {account_id}"] for account_id in ("C1", "C2", "C3"))
    said = read_log(local, desk.tenant)
    assert local.stop() == 0

    moved = new_platform("kafka").start()
    moved.wait_quiet()
    desk = Desk(moved, desk.tenant)
    assert figures(desk) == before
    counts = desk.run_due("2026-03-20T12:00:00Z")["counts"]
    assert not any(counts.values()), "what was done before the move is done"
    in_kafka = read_log(moved, desk.tenant)
    assert {e.id for e in in_kafka} == {e.id for e in said}
    assert len(in_kafka) == len(said)
    desk.send(a_payment("P2", "C2", 10000))
    moved.wait_quiet()
    assert desk.minor("received", *MARCH) == 14000
    check_numbers(desk)
    after = figures(desk)
    assert moved.stop() == 0
    return desk, after

"""Costs through the door, the database and the outbox: recorded once, withdrawn, said in order."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from services.metrics.app import create_app
from services.metrics.settings import Settings
from shared.database import Database
from tests.integration.metrics.conftest import Deliver
from tests.integration.metrics.served import calling, with_manual_clock
from tests.integration.metrics.test_figures import an_account
from tests.integration.metrics.test_rebuild import take_all_in

URL = "/v1/costs"


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """With the manual clock."""
    async with calling(create_app(with_manual_clock(settings))) as client:
        yield client


def a_cost(cost_id: str = "K1", **changes: Any) -> dict[str, Any]:
    return {
        "cost_id": cost_id,
        "kind": "agency",
        "amount_minor": 1500,
        "currency": "EUR",
        "incurred_on": "2026-02-15",
        **changes,
    }


async def record(client: httpx.AsyncClient, *items: Any, **more: Any) -> httpx.Response:
    return await client.post(URL, json={"items": list(items)}, **more)


async def counts(client: httpx.AsyncClient, *items: Any) -> tuple[int, int, list[Any]]:
    answer = await record(client, *items)
    found = answer.json()
    assert answer.status_code == (422 if answer.is_error else 200), answer.text
    rejected = [
        (each["index"], each["cost_id"], [error["pointer"] for error in each["errors"]])
        for each in found["rejected"]
    ]
    return found["recorded"], found["duplicates"], rejected


async def said(db: Database) -> list[tuple[str, str, int, Any]]:
    """Key, type, number and id of the cost of what was announced."""
    rows = await db.fetch("select * from outbox order by seq")
    return [
        (
            row["aggregateid"],
            row["type"],
            row["sequence"],
            msgspec.json.decode(row["payload"])["cost_id"],
        )
        for row in rows
    ]


async def attributes(db: Database) -> list[dict[str, Any]]:
    return [msgspec.json.decode(row[0]) for row in await db.fetch("select headers from outbox")]


async def test_good_costs_are_recorded_when_others_are_bad(
    client: httpx.AsyncClient, metrics_db: Database
) -> None:
    assert await counts(
        client, a_cost("K2"), a_cost("K1", channel="letter"), a_cost("x", kind="bribe"), "no"
    ) == (2, 0, [(2, "x", ["/kind"]), (3, None, [""])])
    assert await said(metrics_db) == [
        ("demo/", "cost-recorded", 1, "K1"),
        ("demo/", "cost-recorded", 2, "K2"),
    ]
    assert await counts(client, a_cost("K1"), a_cost("K2"), a_cost("K3"), a_cost("K3")) == (
        1,
        2,
        [(0, "K1", ["/channel"])],
    )
    assert len(await said(metrics_db)) == 3


async def test_nothing_good_is_refused_as_a_whole_with_each_reason(
    client: httpx.AsyncClient, metrics_db: Database
) -> None:
    refused = await record(client, a_cost(amount_minor=-1), a_cost(currency="EURO"))
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    found = refused.json()
    assert (found["recorded"], found["duplicates"], len(found["rejected"])) == (0, 0, 2)
    assert (await record(client)).status_code == 422
    too_many = await record(client, *[a_cost(f"K{n}") for n in range(1001)])
    assert (too_many.status_code, too_many.json()["errors"][0]["pointer"]) == (422, "/items")
    assert await said(metrics_db) == []


async def test_the_same_id_twice_in_one_request_is_the_first_and_a_conflict(
    client: httpx.AsyncClient,
) -> None:
    items = [a_cost(), a_cost(amount_minor=7), a_cost()]
    assert await counts(client, *items) == (1, 1, [(1, "K1", ["/amount_minor"])])
    assert (await client.get(f"{URL}/K1")).json()["amount_minor"] == 1500


async def test_a_cost_is_withdrawn_once_and_may_be_recorded_anew(
    client: httpx.AsyncClient, metrics_db: Database
) -> None:
    await record(client, a_cost(account_id="C1"))
    for _ in range(2):
        assert (await client.delete(f"{URL}/K1")).status_code == 204
    assert (await client.get(f"{URL}/K1")).status_code == 404
    assert (await client.get(URL)).json()["items"] == []
    assert await counts(client, a_cost(amount_minor=1600)) == (1, 0, [])
    assert await counts(client, a_cost(amount_minor=1600)) == (0, 1, [])
    assert [row[1] for row in await said(metrics_db)] == [
        "cost-recorded",
        "cost-withdrawn",
        "cost-recorded",
    ]
    assert (await client.delete(f"{URL}/K9")).status_code == 404
    other = {"x-tenant": "other"}
    assert (await client.delete(f"{URL}/K1", headers=other)).status_code == 404
    assert len(await said(metrics_db)) == 3


async def test_requests_at_the_same_time_record_each_cost_once(
    client: httpx.AsyncClient, metrics_db: Database
) -> None:
    items = [a_cost(f"K{n}") for n in range(40)]
    answers = await asyncio.gather(
        *[record(client, *order) for order in (items, items[::-1], items[20:] + items[:20])]
    )
    assert sum(answer.json()["recorded"] for answer in answers) == 40
    assert sum(answer.json()["duplicates"] for answer in answers) == 80
    assert [row[2] for row in await said(metrics_db)] == list(range(1, 41))


async def test_an_idempotency_key_gives_the_first_answer_again(
    client: httpx.AsyncClient,
) -> None:
    key = {"idempotency-key": "one"}
    first = await record(client, a_cost(), headers=key)
    again = await record(client, a_cost(), headers=key)
    assert first.json() == again.json() == {"recorded": 1, "duplicates": 0, "rejected": []}
    assert (await record(client, a_cost("K2"), headers=key)).status_code == 422


async def test_costs_are_listed_by_day_in_pages(client: httpx.AsyncClient) -> None:
    days = ("2026-02-03", "2026-02-01", "2026-02-02", "2026-03-01")
    await record(client, *[a_cost(f"K{n}", incurred_on=day) for n, day in enumerate(days)])
    query = {"from": "2026-02-01", "to": "2026-02-28", "limit": "2"}
    first = (await client.get(URL, params=query)).json()
    assert [item["cost_id"] for item in first["items"]] == ["K1", "K2"]
    rest = (await client.get(URL, params={**query, "cursor": first["next_cursor"]})).json()
    assert [item["cost_id"] for item in rest["items"]] == ["K0"]
    assert rest["next_cursor"] is None
    bad = await client.get(URL, params={"from": "2026-02-02", "to": "2026-02-01"})
    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "/query/to")


async def test_business_time_is_what_was_taken_in_and_before_that_the_costs_own(
    client: httpx.AsyncClient, deliver: Deliver, metrics_db: Database
) -> None:
    """With the manual clock no figure and no event knows the machine's time."""
    await record(client, a_cost())
    assert (await attributes(metrics_db))[0]["recordedtime"].startswith("2026-02-15T00:00")
    await deliver([an_account()])
    await record(client, a_cost("K2"))
    told = (await attributes(metrics_db))[1]
    assert told["recordedtime"].startswith("2026-03-01T09:00")
    assert (told["day"], told["time"][:10]) == ("2026-02-15", "2026-02-15")


async def test_what_metrics_says_comes_in_to_itself(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    """So that a rebuild has it. A cost of no account comes in alone: nothing waits behind it."""
    await record(client, a_cost())
    await take_all_in(settings)
    lag = (await client.get("/v1/lag")).json()
    assert "metrics.events" in {item["topic"] for item in lag["items"]}
    assert lag["behind"] == 0
    assert not any(item["parked_accounts"] for item in lag["items"])
    window = {"from": "2026-02-01", "to": "2026-02-28", "currency": "EUR"}
    assert (await client.get("/v1/kpis/cost", params=window)).json()["value"] == 1500

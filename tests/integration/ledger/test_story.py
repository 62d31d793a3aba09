"""The decided story of one account (docs/log.md), over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from tests.factories import a_payment, a_reversal, an_account, an_invoice

Post = Callable[..., Awaitable[httpx.Response]]
Said = Callable[..., Awaitable[list[dict[str, Any]]]]


async def start_day(client: httpx.AsyncClient, **body: str) -> dict[str, int]:
    answer = await client.post("/v1/jobs/start-day", json=body)
    assert answer.status_code == 200, answer.text
    counts: dict[str, int] = answer.json()["counts"]
    return counts


def gist(event: dict[str, Any]) -> tuple[int, str, str]:
    return event["sequence"], event["type"], event["time"]


async def test_the_story_of_one_account(client: httpx.AsyncClient, post: Post, said: Said) -> None:
    answer = await post(an_account(), an_invoice())
    assert answer.json() == {"accepted": 2, "duplicates": 0, "rejected": []}
    await start_day(client, day="2026-03-16")
    payment = a_payment()
    await post(payment)
    await start_day(client, day="2026-04-15")
    await post(a_payment("P2", amount_minor=6000, received_at="2026-03-14T08:00:00Z"))
    assert (await post(payment)).json() == {"accepted": 0, "duplicates": 1, "rejected": []}

    conflict = await post({**payment, "data": {**payment["data"], "amount_minor": 4100}})
    assert conflict.status_code == 422
    assert conflict.headers["content-type"] == "application/problem+json"
    assert conflict.json()["rejected"][0]["errors"][0]["pointer"] == "/data/amount_minor"

    await post(a_reversal())
    assert await start_day(client, day="2026-05-15") == {"invoice-overdue": 1}

    events = await said()
    assert [gist(event) for event in events] == [
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
        (11, "invoice-overdue", "2026-05-14T22:00:00Z"),
    ]
    data = [event["data"] for event in events]
    assert data[1]["amounts"][0]["balance_minor"] == 10000
    assert (data[2]["stage"], data[2]["since_on"]) == (1, "2026-03-16")
    assert data[2]["amounts"][0]["collectable_minor"] == 10000
    assert [(a["invoice_id"], a["amount_minor"]) for a in data[3]["allocations"]] == [("I1", 4000)]
    assert data[3]["amounts"][0]["balance_minor"] == 6000
    assert (data[4]["stage"], data[4]["balance_minor"]) == (31, 6000)
    assert (data[6]["from_stage"], data[6]["to_stage"]) == (31, None)
    assert data[6]["because"] == "payment P2"
    assert (data[9]["stage"], data[9]["balance_minor"]) == (31, 4000)
    assert data[10]["stage"] == 61

    integrity = (await client.get("/v1/integrity")).json()
    assert {
        item["name"]: item["violations"] for item in integrity["items"] if item["violations"]
    } == {}

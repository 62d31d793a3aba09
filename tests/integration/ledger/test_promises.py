"""Promises over HTTP: made once, previewed, refused with figures, judged by days."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.factories import an_account, an_invoice

Post = Callable[..., Awaitable[httpx.Response]]
Said = Callable[..., Awaitable[list[dict[str, Any]]]]
URL = "/v1/accounts/C1/promises"
BODY: dict[str, Any] = {
    "promise_id": "R1",
    "currency": "EUR",
    "amount_minor": 10000,
    "due_on": "2027-01-15",
    "at": "2027-01-12T10:00:00Z",
}


@pytest.fixture
async def demo(client: httpx.AsyncClient, post: Post) -> httpx.AsyncClient:
    client.headers["X-Tenant"] = "demo"
    await client.put("/v1/tenants/demo", json={"timezone": "Europe/Berlin"})
    invoice = an_invoice("I1", "C1", issued_on="2026-12-11", due_on="2027-01-10")
    taken = await post(an_account("C1"), invoice)
    assert taken.json()["accepted"] == 2
    await client.post("/v1/jobs/start-day", json={"day": "2027-01-12"})
    return client


async def test_a_promise_is_made_once_and_broken_by_its_day(
    demo: httpx.AsyncClient, said: Said
) -> None:
    previewed = await demo.post(URL, json=BODY, params={"preview": "true"})
    assert previewed.status_code == 200
    assert [stop["kind"] for stop in previewed.json()["stops"]] == ["promise"]
    assert (await demo.get(URL)).json() == {"items": []}
    first = await demo.post(URL, json=BODY)
    again = await demo.post(URL, json=BODY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.json()["grace_until_on"] == "2027-01-19"
    other = await demo.post(URL, json={**BODY, "amount_minor": 5})
    assert [error["pointer"] for error in other.json()["errors"]] == ["/promise_id"]
    more = await demo.post(URL, json={**BODY, "promise_id": "R2"})
    assert (more.status_code, more.json()["most_minor"]) == (422, 0)
    await demo.post("/v1/jobs/start-day", json={"day": "2027-01-20"})
    (promise,) = (await demo.get(URL, params={"state": "broken"})).json()["items"]
    assert (promise["received_minor"], promise["asked_minor"]) == (0, 10000)
    assert [e["type"] for e in await said()][-2:] == ["promise-made", "promise-broken"]

"""Promises over HTTP: made once, previewed, refused with figures, judged by days, told on the log."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.factories import an_account, an_invoice

Post = Callable[..., Awaitable[httpx.Response]]
Said = Callable[..., Awaitable[list[dict[str, Any]]]]
URL = "/v1/accounts/C1/promises"


@pytest.fixture
async def demo(client: httpx.AsyncClient, post: Post) -> httpx.AsyncClient:
    client.headers["X-Tenant"] = "demo"
    await client.put("/v1/tenants/demo", json={"timezone": "Europe/Berlin"})
    return client


async def test_probe(demo: httpx.AsyncClient, post: Post, said: Said) -> None:
    r = await post(
        an_account("C1"),
        an_invoice("I1", "C1", amount_minor=10000, issued_on="2026-12-11", due_on="2027-01-10"),
    )
    print(r.status_code, r.text)
    r = await demo.post("/v1/jobs/start-day", json={"day": "2027-01-12"})
    print(r.text)
    body = {
        "promise_id": "R1",
        "currency": "EUR",
        "amount_minor": 10000,
        "due_on": "2027-01-15",
        "at": "2027-01-12T10:00:00Z",
    }
    for extra in ({"preview": "true"}, {}, {}):
        r = await demo.post(URL, json=body, params=extra)
        print(r.status_code, r.text)
    r = await demo.post(URL, json={**body, "promise_id": "R2"})
    print(r.status_code, r.text)
    r = await demo.post(URL, json={**body, "amount_minor": 5})
    print(r.status_code, r.text)
    r = await demo.post("/v1/jobs/start-day", json={"day": "2027-01-20"})
    print(r.text)
    r = await demo.get(URL)
    print(r.text)
    print([(e["type"]) for e in await said()])
    assert 0

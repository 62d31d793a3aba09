"""What front-ends keep in metrics, and what browsers of other origins may do."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from services.metrics.api import views as view_routes
from services.metrics.app import create_app
from services.metrics.settings import Settings
from tests.integration.metrics.conftest import Bearing
from tests.integration.metrics.served import DEV_KEY

ORIGIN = "https://figures.example.com"
A_VIEW = {"title": "My morning", "page": "/receivables", "query": "currency=EUR&interval=week"}
READ, WRITE = "metrics:read", "metrics:write"


def pointers(answer: httpx.Response) -> list[str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return [error["pointer"] for error in answer.json().get("errors", [])]


# ── Views ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_view_is_its_owners_until_it_is_shared(
    client: httpx.AsyncClient, bearing: Bearing
) -> None:
    ann, bob = bearing("ann", READ, WRITE), bearing("bob", READ)
    made = await client.put("/v1/views/morning", json=A_VIEW, headers=ann)
    assert made.status_code == 201
    assert {name: made.json()[name] for name in A_VIEW} == A_VIEW
    assert (made.json()["owner"], made.json()["own"], made.json()["shared"]) == ("ann", True, False)
    assert (await client.get("/v1/views/morning", headers=bob)).status_code == 404
    shared = {**A_VIEW, "shared": True}
    assert (await client.put("/v1/views/morning", json=shared, headers=ann)).status_code == 200
    seen = await client.get("/v1/views/morning", headers=bob)
    assert (seen.status_code, seen.json()["own"]) == (200, False)
    elsewhere = bearing("ann", READ, tenant="other")
    assert (await client.get("/v1/views/morning", headers=elsewhere)).status_code == 404
    assert (await client.get("/v1/views", headers=elsewhere)).json()["items"] == []


async def test_a_name_is_shared_by_one_person_and_ones_own_comes_first(
    client: httpx.AsyncClient, bearing: Bearing
) -> None:
    ann, bob = bearing("ann", READ, WRITE), bearing("bob", READ, WRITE)
    shared = {**A_VIEW, "shared": True}
    await client.put("/v1/views/morning", json=shared, headers=ann)
    assert (await client.put("/v1/views/morning", json=shared, headers=bob)).status_code == 409
    mine = {**A_VIEW, "title": "Bob's"}
    assert (await client.put("/v1/views/morning", json=mine, headers=bob)).status_code == 201
    found = await client.get("/v1/views/morning", headers=bob)
    assert found.json()["title"] == "Bob's"
    first = (await client.get("/v1/views?limit=1", headers=bob)).json()
    cursor = first["next_cursor"]
    second = (await client.get(f"/v1/views?limit=1&cursor={cursor}", headers=bob)).json()
    owners = [view["owner"] for each in (first, second) for view in each["items"]]
    assert (owners, second["next_cursor"]) == (["ann", "bob"], None)
    assert (await client.delete("/v1/views/morning", headers=bob)).status_code == 204
    assert (await client.delete("/v1/views/morning", headers=bob)).status_code == 404
    left = await client.get("/v1/views/morning", headers=bob)  # Ann's
    assert left.json()["owner"] == "ann"


async def test_who_only_reads_keeps_views_but_shares_none(
    client: httpx.AsyncClient, bearing: Bearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = bearing("bob", READ)
    shared = {**A_VIEW, "shared": True}
    assert (await client.put("/v1/views/x", json=shared, headers=bob)).status_code == 403
    monkeypatch.setattr(view_routes, "VIEWS_MAX", 1)
    assert (await client.put("/v1/views/x", json=A_VIEW, headers=bob)).status_code == 201
    assert (await client.put("/v1/views/y", json=A_VIEW, headers=bob)).status_code == 409
    assert (await client.put("/v1/views/x", json=A_VIEW, headers=bob)).status_code == 200


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"title": ""}, ["/title"]),
        ({"title": "a\u202eb"}, ["/title"]),
        ({"page": "https://elsewhere.example"}, ["/page"]),
        ({"page": "//elsewhere.example"}, ["/page"]),
        ({"page": "/x?y"}, ["/page"]),
        ({"query": "a b"}, ["/query"]),
        ({"query": "x" * 4001}, ["/query"]),
        ({"shared": 1, "title": None, "more": 1}, ["/title", "/shared", "/more"]),
    ],
)
async def test_a_view_that_cannot_be_kept_says_why(
    client: httpx.AsyncClient, change: dict[str, Any], expected: list[str]
) -> None:
    answer = await client.put("/v1/views/morning", json={**A_VIEW, **change})
    assert (answer.status_code, pointers(answer)) == (422, expected)


@pytest.mark.parametrize("name", ["a%20b", "%2e%2e", "-x", "a" * 65])
async def test_a_views_name_can_stand_in_an_address(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.put(f"/v1/views/{name}", json=A_VIEW)
    assert (answer.status_code, pointers(answer)) == (422, ["/path/name"])


# ── Targets and settings ────────────────────────────────────────────────────────────────────────


async def test_targets_are_replaced_as_a_whole(client: httpx.AsyncClient, bearing: Bearing) -> None:
    items = [
        {"from_on": "2026-07-01", "split": {}, "value": 0.7},
        {"from_on": "2026-01-01", "split": {"segment": "patron", "currency": "EUR"}, "value": 0.6},
    ]
    put = await client.put("/v1/targets/recovery_rate", json={"items": items})
    assert (put.status_code, put.json()["items"]) == (200, items[::-1])
    assert (await client.get("/v1/targets/recovery_rate")).json() == put.json()
    assert (await client.get("/v1/targets")).json()["items"] == [put.json()]
    other = bearing("ann", READ, tenant="other")
    assert (await client.get("/v1/targets", headers=other)).json() == {"items": []}
    gone = await client.put("/v1/targets/recovery_rate", json={"items": []})
    assert gone.json() == {"kpi": "recovery_rate", "items": []}
    reader = bearing("ann", READ)
    answer = await client.put("/v1/targets/dso", json={"items": []}, headers=reader)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("kpi", "items", "expected"),
    [
        ("dso", [{"from_on": "2026-01-01", "value": "1"}], ["/items/0/value"]),
        ("dso", [{"from_on": "2026-02-30", "value": 1}], ["/items/0/from_on"]),
        ("dso", [{"from_on": "2026-01-01", "value": 1e300}], ["/items/0/value"]),
        (
            "dso",
            [
                {"from_on": "2026-01-01", "split": {"channel": "sms"}, "value": 40},
                {"from_on": "2026-01-01", "split": {"currency": "EURO"}, "value": 40},
                {"from_on": "2026-01-01", "split": {"segment": " x"}, "value": 40},
            ],
            ["/items/0/split/channel", "/items/1/split/currency", "/items/2/split/segment"],
        ),
        (
            "received",
            [{"from_on": "2026-01-01", "split": {}, "value": 1.5}],
            ["/items/0/split", "/items/0/value"],
        ),
        ("dso", [{"from_on": "2026-01-01", "value": 40}] * 2, ["/items/1"]),
    ],
)
async def test_targets_that_make_no_sense_say_why(
    client: httpx.AsyncClient, kpi: str, items: list[dict[str, Any]], expected: list[str]
) -> None:
    answer = await client.put(f"/v1/targets/{kpi}", json={"items": items})
    assert (answer.status_code, pointers(answer)) == (422, expected)


async def test_an_unknown_kpi_has_no_targets(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/targets/profit")).status_code == 404
    assert (await client.put("/v1/targets/profit", json={"items": []})).status_code == 404


async def test_a_tenant_says_whether_people_are_shown(
    client: httpx.AsyncClient, bearing: Bearing
) -> None:
    assert (await client.get("/v1/settings")).json() == {"people": "own"}
    assert (await client.put("/v1/settings", json={"people": "all"})).json() == {"people": "all"}
    assert (await client.get("/v1/settings")).json() == {"people": "all"}
    other = bearing("ann", READ, tenant="other")
    assert (await client.get("/v1/settings", headers=other)).json() == {"people": "own"}
    refused = await client.put("/v1/settings", json={"people": "off"}, headers=bearing("ann", READ))
    assert refused.status_code == 403
    wrong = await client.put("/v1/settings", json={"people": "some"})
    assert (wrong.status_code, pointers(wrong)) == (422, ["/people"])


# ── Browsers ────────────────────────────────────────────────────────────────────────────────────


async def call(settings: Settings, method: str, path: str, **headers: str) -> httpx.Response:
    app = create_app(settings)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1", headers=given
        ) as client,
    ):
        return await client.request(method, path)


async def test_only_named_origins_read_and_without_cookies(settings: Settings) -> None:
    open_ = replace(settings, cors_origins=(ORIGIN,))
    token = f"Bearer {DEV_KEY}"
    read = await call(open_, "GET", "/v1/kpis", origin=ORIGIN, authorization=token)
    assert read.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-credentials" not in read.headers
    assert "etag" in read.headers["access-control-expose-headers"]
    refused = await call(open_, "GET", "/v1/kpis", origin=ORIGIN)  # why, the page reads too
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, ORIGIN)
    for origin in ("https://figures.example.com.evil", "http://figures.example.com", "null"):
        other = await call(open_, "GET", "/v1/kpis", origin=origin, authorization=token)
        assert "access-control-allow-origin" not in other.headers
    closed = await call(settings, "GET", "/v1/kpis", origin=ORIGIN, authorization=token)
    assert "access-control-allow-origin" not in closed.headers


@pytest.mark.parametrize(
    ("path", "method", "is_allowed"),
    [
        ("/v1/kpis/dso", "GET", True),
        ("/v1/query", "POST", True),
        ("/v1/stream", "GET", True),
        ("/v1/targets/dso", "PUT", False),
        ("/v1/costs", "POST", False),
        ("/v1/views/x", "DELETE", False),
    ],
)
async def test_what_a_page_of_another_origin_may_ask(
    settings: Settings, path: str, method: str, is_allowed: bool
) -> None:
    open_ = replace(settings, cors_origins=(ORIGIN,))
    answer = await call(
        open_,
        "OPTIONS",
        path,
        origin=ORIGIN,
        access_control_request_method=method,
        access_control_request_headers="authorization,content-type,if-none-match,x-tenant",
    )
    assert (answer.status_code == 200) == is_allowed


async def test_long_answers_are_compressed_and_short_ones_are_not(
    client: httpx.AsyncClient,
) -> None:
    long = await client.get("/v1/kpis", headers={"Accept-Encoding": "gzip"})
    assert (long.headers["content-encoding"], "items" in long.json()) == ("gzip", True)
    assert "Accept-Encoding" in long.headers["vary"]
    plain = await client.get("/v1/kpis", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json() == long.json()
    short = await client.get("/v1/settings", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in short.headers
    page = await client.get("/", headers={"Accept-Encoding": "gzip"})
    assert page.headers["content-encoding"] == "gzip"

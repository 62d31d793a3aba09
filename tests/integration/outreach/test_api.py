"""HTTP: timeline, contacts, run-due."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared import clock
from tests.integration.outreach.doors import client_of, settings_for
from tests.integration.outreach.world import World, counts

MORNING_TEXT = "2026-03-03T09:00:00Z"


async def all_items(client: httpx.AsyncClient, path: str, limit: int) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        asked = {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(path, params=asked)).json()
        assert len(page["items"]) <= limit
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items


async def test_run_due_over_http(world: World, client: httpx.AsyncClient) -> None:
    await world.overdue()
    answer = await client.post("/v1/jobs/run-due", json={"at": "2026-03-03T10:00:00+01:00"})
    assert answer.status_code == 200
    assert answer.json() == {
        "counts": counts(planned=2, sent=1),
        "next_due_at": "2026-03-09T17:00:00Z",  # `text`: day 5 is a Saturday, so Monday, 17 to 19 h
    }


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"at": "9999-12-31T23:00:00-03:00"},
        {"at": "2026-03-03"},
        {"at": "2026-03-03T09:00:00"},
        {"at": 7},
        {"at": None},
        [],
    ],
)
async def test_a_bad_instant_is_refused(client: httpx.AsyncClient, body: Any) -> None:
    answer = await client.post("/v1/jobs/run-due", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"]


async def test_with_the_system_clock_the_future_is_refused(world: World, outreach_url: str) -> None:
    settings = settings_for(world, outreach_url, RECOUP_CLOCK="system")
    async for client in client_of(settings):
        late = (clock.now() + timedelta(minutes=1)).isoformat()
        answer = await client.post("/v1/jobs/run-due", json={"at": late})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/at"
        now = await client.post("/v1/jobs/run-due", json={"at": clock.now().isoformat()})
        assert now.status_code == 200


async def test_the_timeline_tells_the_whole_story_newest_first(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.overdue()
    await world.run()
    items = await all_items(client, "/v1/accounts/C1/timeline", 2)
    assert [item["at"] for item in items] == sorted((item["at"] for item in items), reverse=True)
    assert {item["source"] for item in items} == {"ledger", "outreach"}
    assert [item["type"] for item in items if item["source"] == "outreach"] == [
        "contact-planned", "contact-sent", "contact-planned", "case-opened", "strategy-assigned",
    ]  # fmt: skip
    assert items == (await client.get("/v1/accounts/C1/timeline")).json()["items"]
    overdue = next(item for item in items if item["type"] == "invoice-overdue")
    assert overdue["data"]["balance_minor"] == 10_000
    assert overdue["day"] == "2026-03-03"


async def test_a_contact_stands_in_the_story_of_every_account_it_covers(
    world: World, client: httpx.AsyncClient
) -> None:
    for account_id in ("A1", "A2"):
        await world.account(account_id, debtor_id="D1")
        await world.overdue(f"I-{account_id}", account_id)
    await world.run()
    for account_id in ("A1", "A2"):
        story = await all_items(client, f"/v1/accounts/{account_id}/timeline", 100)
        assert "contact-sent" in [item["type"] for item in story]


async def test_contacts_are_listed_with_what_became_of_them(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.overdue()
    await world.run()
    planned, sent = await all_items(client, "/v1/accounts/C1/contacts", 1)
    assert (planned["state"], planned["step"]) in {
        ("planned", "second-reminder"), ("sent", "reminder"),
    }  # fmt: skip
    sent = sent if sent["state"] == "sent" else planned
    assert sent["message_id"].startswith("<")
    assert sent["covers"] == [{"account_id": "C1", "checked_sequence": 3, "invoice_ids": ["I1"]}]


async def test_every_contact_says_what_was_decided_of_it(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.overdue()
    world.ledger.mode = "error"
    await world.run()

    async def verdicts() -> list[Any]:
        items = await all_items(client, "/v1/accounts/C1/contacts", 10)
        return [item["verdict"] for item in sorted(items, key=lambda item: str(item["due_at"]))]

    by_check = {"rule": "live-check-unanswered", "effect": "defer", "until": MORNING_TEXT}
    assert await verdicts() == [{"verdict": "defer", "decided_by": [by_check]}]
    world.ledger.mode = "good"
    await world.run()
    allowed, waiting = await verdicts()
    assert (allowed["verdict"], waiting) == ("allow", None)
    hours = next(d for d in allowed["decided_by"] if d["rule"] == "HOUSE-HOURS-PERSONS")
    assert (hours["effect"], hours["until"]) == ("allow", None)
    assert "house policy" in hours["citation"]
    assert "UTC" in hours["because"] or "Reykjavik" in hours["because"]
    await world.paid()
    await world.run()
    paid = {"rule": "paid", "effect": "block", "until": None}
    assert (await verdicts())[1] == {"verdict": "block", "decided_by": [paid]}


@pytest.mark.parametrize("path", ["timeline", "contacts"])
async def test_another_tenants_account_is_not_there(
    world: World, client: httpx.AsyncClient, path: str
) -> None:
    url = f"/v1/accounts/C1/{path}"
    assert (await client.get(url)).status_code == 200
    other = await client.get(url, headers={"X-Tenant": "other"})
    assert other.status_code == 404
    assert other.headers["content-type"] == "application/problem+json"
    assert (await client.get(f"/v1/accounts/nobody/{path}")).status_code == 404


async def test_without_a_token_nothing_is_told(client: httpx.AsyncClient) -> None:
    client.headers.pop("Authorization")
    assert (await client.get("/v1/accounts/C1/timeline")).status_code == 401
    assert (await client.post("/v1/jobs/run-due", json={})).status_code == 401
    for path in ("/health/live", "/health/ready", "/openapi.json", "/v1/lag"):
        assert (await client.get(path)).status_code == 200


async def test_a_cursor_of_another_list_is_refused(world: World, client: httpx.AsyncClient) -> None:
    await world.overdue()
    await world.run()
    page = (await client.get("/v1/accounts/C1/timeline?limit=1")).json()
    answer = await client.get("/v1/accounts/C1/contacts", params={"cursor": page["next_cursor"]})
    assert answer.status_code == 422

"""`POST /v1/compliance/evaluate` and what stands around it."""

import json
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import httpx
import pytest

from services.outreach.api.compliance import EXAMPLE
from tests.integration.outreach.doors import KEY, client_of, settings_for
from tests.integration.outreach.world import World

EVALUATE = "/v1/compliance/evaluate"


def question(**contact: Any) -> dict[str, Any]:
    asked: dict[str, Any] = json.loads(json.dumps(EXAMPLE))
    asked["contact"] |= contact
    return asked


async def test_the_example_of_the_contract_is_answered_as_it_stands_there(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post(EVALUATE, json=EXAMPLE)
    assert answer.status_code == 200
    said = answer.json()
    assert (said["verdict"], said["until"]) == ("defer", "2026-11-24T16:00:00Z")
    assert said["decided_by"] == [
        {
            "rule": "US-REGF-TIME-MULTIZONE",
            "effect": "defer",
            "until": "2026-11-24T16:00:00Z",
            "citation": "12 CFR 1006.6(b)(1)(i)",
            "because": "07:30 in America/Los_Angeles, window opens at 08:00",
        }
    ]
    assert said["disclosures"] == [{"rule": "US-REGF-MM", "text_id": "mini-miranda"}]
    assert "legal advice" in said["notice"]


async def test_the_same_question_has_the_same_bytes_as_answer(client: httpx.AsyncClient) -> None:
    answers = {(await client.post(EVALUATE, json=EXAMPLE)).content for _ in range(3)}
    assert len(answers) == 1


async def test_many_questions_have_an_answer_each(client: httpx.AsyncClient) -> None:
    bad = question(channel="pigeon")
    answer = await client.post(EVALUATE, json=[EXAMPLE, bad, 7, question()])
    assert answer.status_code == 200
    first, second, third, fourth = answer.json()
    assert first == fourth
    assert first["verdict"] == "defer"
    for problem in (second, third):
        assert problem["status"] == 422
    assert second["errors"][0]["pointer"] == "/contact/channel"
    assert (await client.post(EVALUATE, json=[])).json() == []


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"[{]", 400),
        (b"", 400),
        (b"{}", 422),
        (b"null", 422),
        (b"\xff", 400),
        (b"[" * 100_000 + b"]" * 100_000, 400),
        (b"[" + b",".join([b"{}"] * 1001) + b"]", 422),
    ],
)
async def test_what_is_no_question_is_refused(
    client: httpx.AsyncClient, content: bytes, status: int
) -> None:
    answer = await client.post(EVALUATE, content=content)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_nothing_is_stored(world: World, client: httpx.AsyncClient) -> None:
    await client.post(EVALUATE, json=[EXAMPLE] * 10)
    for table in ("judgements", "contacts", "outbox", "activations"):
        assert await world.db.fetch(f"select * from {table}") == [] or table == "outbox"
    assert await world.announced() == []


async def test_house_policy_speaks_only_when_it_is_named(client: httpx.AsyncClient) -> None:
    packs = [book["name"] for book in (await client.get("/v1/rulebooks")).json()["items"]]
    night = question() | {"at": "2026-11-29T18:00:00Z", "packs": packs}  # a Sunday
    assert (await client.post(EVALUATE, json=night)).status_code == 200
    unknown = question() | {"packs": ["no-such-book"]}
    answer = await client.post(EVALUATE, json=unknown)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/packs")


async def test_without_a_token_nothing_is_answered(client: httpx.AsyncClient) -> None:
    client.headers.pop("Authorization")
    assert (await client.post(EVALUATE, json=EXAMPLE)).status_code == 401
    assert (await client.post("/v1/compliance/timeline", json=EXAMPLE)).status_code == 401


async def test_the_next_fourteen_days_without_a_gap(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/compliance/timeline", json=EXAMPLE)
    assert answer.status_code == 200
    said = answer.json()
    stretches = said["stretches"]
    assert stretches[0]["from"] == EXAMPLE["at"]
    assert stretches[-1]["to"] == "2026-12-08T15:30:00Z"
    for one, two in pairwise(stretches):
        assert one["to"] == two["from"]
        assert (one["verdict"], one["rules"]) != (two["verdict"], two["rules"])
    assert stretches[0]["verdict"] == said["answer"]["verdict"]
    assert stretches[0]["to"] == said["answer"]["until"]
    assert said["zones"] == ["America/Los_Angeles", "America/New_York"]


@pytest.fixture
async def visitor(world: World, outreach_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async for client in client_of(settings_for(world, outreach_url)):
        client.headers.pop("Authorization")
        yield client


async def test_the_page_asks_by_its_session_and_changes_nothing(visitor: httpx.AsyncClient) -> None:
    page = await visitor.get("/compliance")
    assert page.status_code == 200
    assert "Not legal advice" in page.text
    for asset in ("app.js", "app.css", "form.js", "strip.js", "api.js", "icon.svg"):
        assert (await visitor.get(f"/compliance/{asset}")).status_code == 200
    assert (await visitor.post("/session", json={})).status_code == 401
    assert (await visitor.post("/v1/compliance/timeline", json=EXAMPLE)).status_code == 401
    signed = await visitor.post("/session", headers={"Authorization": f"Bearer {KEY}"})
    assert signed.status_code == 204
    assert (await visitor.post("/v1/compliance/timeline", json=EXAMPLE)).status_code == 200
    assert (await visitor.get("/v1/rulebooks")).status_code == 200
    wish = await visitor.put("/v1/accounts/C1/preferences", json={"deceased": True})
    assert wish.status_code == 401  # the cookie asks questions; it changes nothing


async def test_elsewhere_the_page_wants_a_token(visitor: httpx.AsyncClient) -> None:
    guessed = {"Authorization": "Bearer guessed"}
    assert (await visitor.post("/session", headers=guessed)).status_code == 401

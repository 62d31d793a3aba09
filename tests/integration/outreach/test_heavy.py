"""What one tenant can make expensive: it is worked out elsewhere, within bounds, and the others
(here the tenant B) are answered meanwhile."""

import asyncio
from collections.abc import Awaitable
from functools import partial
from typing import Any

import httpx
import pytest

from services.outreach import context
from services.outreach.api.compliance import EXAMPLE
from services.outreach.rulebooks.domain import questions
from shared.process.compute import ComputePool
from tests.integration.outreach.doors import client_of, settings_for
from tests.integration.outreach.world import World

EVALUATE, TIMELINE = "/v1/compliance/evaluate", "/v1/compliance/timeline"
YAML = {"content-type": "application/yaml"}
B = {"X-Tenant": "another"}
HEAD = 'name: long\nclass: policy\ntitle: Many rules\nversion: "2026-03-01"\nrules:\n'
RULE = """\
  - {id: LONG-%d, kind: window, jurisdiction: any, binds: both, debts: both, channels: [voice],
     effective: {from: 2020-01-01, to: null}, confidence: D, citation: house rule,
     params: {hours: {all: ["12:00", "20:00"]}}}
"""
LONG_BOOK = HEAD + "".join(RULE % number for number in range(100))
BOMB = HEAD + "  [" + "1," * 100_000 + "1]\n"
BOOK = "/v1/rulebooks/long"


def heavy(*, debts: int, contacts: int) -> dict[str, Any]:
    """A question of so many debts, each past contact about all of them."""
    ids = [f"D{number}" for number in range(debts)]
    past = {"at": "2026-11-20T17:00:00Z", "channel": "voice", "about": ids}
    return EXAMPLE | {
        "debts": [{"id": each, "purpose": "consumer"} for each in ids],
        "contact": {k: v for k, v in EXAMPLE["contact"].items() if k != "about"},
        "history": [past | {"at": f"2026-11-{n % 20 + 1:02d}T17:00:00Z"} for n in range(contacts)],
    }


async def in_order(**requests: Awaitable[httpx.Response]) -> list[str]:
    """The names of requests in the order of their answers; all are 200."""
    done: list[str] = []

    async def ask(name: str, request: Awaitable[httpx.Response]) -> None:
        answer = await request
        assert answer.status_code == 200, answer.text
        done.append(name)

    async with asyncio.TaskGroup() as group:
        for name, request in requests.items():
            group.create_task(ask(name, request))
    return done


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (EVALUATE, [heavy(debts=50, contacts=500)] * 3),
        (EVALUATE, heavy(debts=100, contacts=500)),
        (TIMELINE, heavy(debts=20, contacts=50)),
        (f"{BOOK}/dry-run", None),
    ],
)
async def test_others_are_answered_while_a_heavy_request_runs(
    client: httpx.AsyncClient, path: str, content: Any
) -> None:
    sent = {"content": LONG_BOOK, "headers": YAML} if content is None else {"json": content}
    done = await in_order(
        heavy=client.post(path, **sent),
        own=client.post(EVALUATE, json=EXAMPLE),
        others=client.post(EVALUATE, json=EXAMPLE, headers=B),
        many=client.post(EVALUATE, json=[EXAMPLE] * 5, headers=B),
        live=client.get("/health/live"),
    )
    assert done[-1] == "heavy"


async def test_what_is_answered_elsewhere_is_the_same(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [EXAMPLE, EXAMPLE | {"packs": ["none"]}, 7, heavy(debts=3, contacts=9)]
    here = [(await client.post(EVALUATE, json=each)).content for each in (asked, *asked)]
    monkeypatch.setattr(questions, "WORK_HERE_MAX", -1)
    elsewhere = [(await client.post(EVALUATE, json=each)).content for each in (asked, *asked)]
    assert here == elsewhere


@pytest.mark.parametrize("path", [EVALUATE, TIMELINE])
async def test_debts_and_history_together_have_a_bound(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.post(path, json=heavy(debts=101, contacts=1000))
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["pointer"] == "/history"
    assert "100,000" in error["detail"]
    if path == EVALUATE:
        both = await client.post(path, json=[heavy(debts=101, contacts=1000), EXAMPLE])
        assert [each.get("status") for each in both.json()] == [422, None]


async def test_what_takes_too_long_is_broken_off_and_harms_nobody(
    world: World, outreach_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "ComputePool", partial(ComputePool, seconds_max=0.001))
    async for client in client_of(settings_for(world, outreach_url)):
        refused = await client.post(TIMELINE, json=heavy(debts=100, contacts=500))
        assert (refused.status_code, refused.json()["title"]) == (422, "Too much computing")
        for headers in ({}, B):
            answer = await client.post(EVALUATE, json=EXAMPLE, headers=headers)
            assert answer.status_code == 200


async def test_a_long_book_is_kept_listed_tried_and_activated(client: httpx.AsyncClient) -> None:
    kept = await client.put(BOOK, content=LONG_BOOK, headers=YAML)
    assert (kept.status_code, kept.json()["rules"], kept.json()["new"]) == (201, 100, True)
    again = await client.put(BOOK, content=LONG_BOOK, headers=YAML)
    assert (again.status_code, again.json()["new"]) == (200, False)
    waiting = (await client.get(BOOK)).json()
    assert (waiting["title"], waiting["rules"], waiting["version"]) == ("Many rules", 100, None)
    tried = await client.post(f"{BOOK}/dry-run?version=2026-03-01")
    assert (tried.status_code, tried.json()["version"]) == (200, "2026-03-01")
    terms = {"version": "2026-03-01", "from": "2026-11-01"}
    assert (await client.post(f"{BOOK}/activate", json=terms)).status_code == 200
    asked = EXAMPLE | {"packs": ["long"]}
    one = (await client.post(EVALUATE, json=asked)).json()
    many = (await client.post(EVALUATE, json=[asked] * 100)).json()  # elsewhere
    assert many == [one] * 100
    assert "LONG-7" in {each["rule"] for each in one["decided_by"]}


async def test_a_waiting_book_is_read_once(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.put(BOOK, content=LONG_BOOK, headers=YAML)
    first = (await client.get("/v1/rulebooks")).json()

    def refuse(*_: Any) -> Any:
        raise AssertionError("read again")

    monkeypatch.setattr(ComputePool, "run", refuse)
    assert (await client.get("/v1/rulebooks")).json() == first


@pytest.mark.parametrize("method", ["put", "post"])
async def test_a_bad_book_is_refused_elsewhere_with_its_lines(
    client: httpx.AsyncClient, method: str
) -> None:
    path = BOOK if method == "put" else f"{BOOK}/dry-run"
    bad = asyncio.create_task(client.request(method, path, content=BOMB, headers=YAML))
    await in_order(others=client.post(EVALUATE, json=EXAMPLE, headers=B))
    assert not bad.done()
    answer = await bad
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["detail"].startswith("line ")

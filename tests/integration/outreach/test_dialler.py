"""A tenant's dialler over HTTP: what is due, `go`, results, and what becomes of a call without."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from services.outreach.dunning.processes.leases import end_leases
from shared import clock
from shared.events.billing import Phone
from tests.integration.outreach.doors import client_of, settings_for
from tests.integration.outreach.world import World
from tests.unit.outreach.builders import at

PROVIDERS = {"calls": {"channel": "voice", "kind": "dialler"}}
EARLY = at("2026-03-04 00:00")
DAY = at("2026-03-04 10:00")
NUMBER = "+3545123456"
CALLS = """\
name: calls
version: "1"
title: Calls
ladder:
  - {name: call, from: due, days: 1, channels: [voice], tone: friendly, template: reminder}
  - {name: two, from: due, days: 20, channels: [person], tone: neutral}
"""
RULES = """\
version: "1"
rules:
  - {strategy: calls}
"""
YAML = {"content-type": "application/yaml"}
ANSWERED = {"status": "answered", "answered_by": "human", "seconds": 61}


@pytest.fixture
async def dialler(world: World, outreach_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """The door, and an account that is called from the day after its due day on."""
    await world.settings(providers=PROVIDERS, costs={"voice": {"call": 5000, "minute": 20000}})
    await world.account("C1", phones=(Phone(number=NUMBER, type="mobile"),))
    await world.run(at("2026-03-02 00:00"))
    async for client in client_of(settings_for(world, outreach_url)):
        for path, text in (("strategies/calls", CALLS), ("strategy-assignments", RULES)):
            kept = await client.put(f"/v1/{path}", content=text, headers=YAML)
            assert kept.status_code == 201, kept.text
            body = {"version": "1", "from": "2026-03-04"}
            made = await client.post(f"/v1/{path}/activate", json=body)
            assert made.status_code == 200, made.text
        await world.overdue()
        await world.run(EARLY)
        yield client


async def change(world: World, sql: str, *values: object) -> None:
    async with world.db.transaction() as session:
        await session.execute(sql, *values)


async def contact_id(world: World) -> str:
    return str(await world.value("select contact_id from contacts order by planned_at limit 1"))


async def state(world: World) -> str:
    return str(await world.value("select state from contacts order by planned_at limit 1"))


async def offer(world: World) -> str:
    """The call is due, and a run offers it."""
    await world.run(DAY)
    name = str(await world.value("select contact_id from contacts where claim = 'dialler'"))
    return name


async def told(client: httpx.AsyncClient, name: str, result: dict[str, Any]) -> httpx.Response:
    return await client.post(f"/v1/dialler/calls/{name}/result", json=result)


async def test_a_call_is_listed_given_and_told(dialler: httpx.AsyncClient, world: World) -> None:
    name = await offer(world)
    listed = (await dialler.get("/v1/dialler/calls?limit=5")).json()["calls"]
    assert [(call["contact_id"], call["script"], call["amd"]) for call in listed] == [
        (name, "reminder", True)
    ]
    assert listed[0]["language"] == "en"
    assert listed[0]["not_before"] == "2026-03-04T10:00:00Z"
    assert listed[0]["not_after"] == "2026-03-05T00:00:00Z"
    before = clock.now()
    go = (await dialler.post(f"/v1/dialler/calls/{name}/go")).json()
    assert go["go"] is True, go
    assert "100.00" in go["script"]
    assert go["language"] == "en"
    assert go["to"] == NUMBER
    seconds = (msgspec.convert(go["valid_until"], type(before)) - before).total_seconds()
    assert 10 <= seconds < 60
    assert await state(world) == "intent"
    assert (await dialler.get("/v1/dialler/calls")).json()["calls"] == []
    answer = await told(dialler, name, ANSWERED)
    assert answer.status_code == 200
    assert (answer.json()["outcome"], answer.json()["contact_state"]) == (
        "conversation",
        "delivered",
    )
    events = await world.announced("contact-sent", "contact-delivered")
    assert [event["type"] for event in events] == ["contact-sent", "contact-delivered"]
    assert events[0]["data"]["cost_micros"] == 5000 + 2 * 20000
    assert {event["data"]["language"] for event in events} == {"en"}
    again = await told(dialler, name, ANSWERED)
    assert (again.status_code, again.json()) == (200, answer.json())
    assert (await told(dialler, name, {"status": "busy"})).status_code == 409
    assert len(await world.announced("contact-sent", "contact-delivered")) == 2


@pytest.mark.parametrize(
    ("result", "ended", "outcome"),
    [
        ({"status": "busy"}, "sent", "busy"),
        ({"status": "not-in-service"}, "failed", "not_in_service"),
        (
            {"status": "answered", "answered_by": "machine", "left_message": True},
            "delivered",
            "voicemail_limited_content",
        ),
    ],
)
async def test_every_result_has_its_outcome(
    dialler: httpx.AsyncClient,
    world: World,
    result: dict[str, Any],
    ended: str,
    outcome: str,
) -> None:
    name = await offer(world)
    await dialler.post(f"/v1/dialler/calls/{name}/go")
    answer = (await told(dialler, name, result)).json()
    assert (answer["contact_state"], answer["outcome"]) == (ended, outcome)
    delivered = [event["data"]["outcome"] for event in await world.announced("contact-delivered")]
    assert delivered == ([outcome] if ended == "delivered" else [])


async def test_go_is_given_once_and_not_for_what_fell_away(
    dialler: httpx.AsyncClient, world: World
) -> None:
    name = await contact_id(world)
    early = (await dialler.post(f"/v1/dialler/calls/{name}/go")).json()
    assert (early["go"], early["because"]) == (False, "not-offered")
    await offer(world)
    assert (await dialler.post(f"/v1/dialler/calls/{name}/go")).json()["go"] is True
    again = (await dialler.post(f"/v1/dialler/calls/{name}/go")).json()
    assert (again["go"], again["because"]) == (False, "given-already")
    assert again["until"]


async def test_what_was_paid_gets_no_go(dialler: httpx.AsyncClient, world: World) -> None:
    name = await offer(world)
    world.answers("C1", only=True)  # by the ledger's check nothing is left
    answer = (await dialler.post(f"/v1/dialler/calls/{name}/go")).json()
    assert answer["go"] is False
    assert answer["because"] == "paid"
    assert await state(world) == "cancelled"
    assert (await told(dialler, name, ANSWERED)).status_code == 409


async def test_without_a_result_it_is_uncertain_after_four_hours(
    dialler: httpx.AsyncClient, world: World
) -> None:
    name = await offer(world)
    await dialler.post(f"/v1/dialler/calls/{name}/go")
    left = await world.value(
        "select extract(epoch from lease_until - statement_timestamp()) from contacts"
        " where state = 'intent'"
    )
    assert 4 * 3600 - 60 < left <= 4 * 3600
    assert await end_leases(world.db, "manual", clock.now()) == 0
    await change(world, "update contacts set lease_until = lease_until - interval '4 hours 1 s'")
    assert await end_leases(world.db, "manual", clock.now()) == 1
    assert (await dialler.get(f"/v1/dialler/calls/{name}")).json()["state"] == "uncertain"
    late = await told(dialler, name, {"status": "busy"})
    assert (late.status_code, late.json()["contact_state"]) == (200, "sent")


async def test_bad_results_and_calls_of_nobody_are_refused(
    dialler: httpx.AsyncClient, world: World
) -> None:
    name = await offer(world)
    bad = await told(dialler, name, {"status": "lost", "seconds": -1, "who": "me"})
    assert bad.status_code == 422
    assert {error["pointer"] for error in bad.json()["errors"]} == {"/status", "/seconds", "/who"}
    assert (await told(dialler, name, ANSWERED)).status_code == 409  # not given yet
    for path in ("nobody", f"{name}x"):
        assert (await dialler.post(f"/v1/dialler/calls/{path}/go")).status_code == 404
        assert (await told(dialler, path, ANSWERED)).status_code == 404
        assert (await dialler.get(f"/v1/dialler/calls/{path}")).status_code == 404
    assert (await dialler.get("/v1/dialler/calls?limit=0")).status_code == 422


async def test_a_run_offers_calls_to_the_dialler(dialler: httpx.AsyncClient, world: World) -> None:
    ran = await world.run(DAY)
    assert ran.counts["sent"] == 0
    name = await contact_id(world)
    listed = (await dialler.get("/v1/dialler/calls")).json()["calls"]
    assert [call["contact_id"] for call in listed] == [name]
    assert (await world.run(DAY)).held == 0

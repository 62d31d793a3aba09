"""Contacts whose end nobody knows: asked about again and again, never sent again."""

import asyncio
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest

from services.outreach.channels.domain.contract import (
    Accepted,
    CannotSay,
    Found,
    Intent,
    NotThere,
    Unknown,
)
from services.outreach.dunning.processes.uncertain import resolve_uncertain
from shared import clock
from tests.integration.outreach.doors import client_of, settings_for
from tests.integration.outreach.killed import run_and_die
from tests.integration.outreach.scripted import ScriptedChannel, over
from tests.integration.outreach.world import MORNING, World

QUARTER = timedelta(minutes=15)


@pytest.fixture
def channel() -> ScriptedChannel:
    return ScriptedChannel(answers=lambda _intent: Unknown("timeout"))


@pytest.fixture
async def lost(world: World, channel: ScriptedChannel) -> World:
    """One message of which nobody knows whether it arrived."""
    world.context = replace(world.context, channels=over(channel))
    await world.overdue()
    assert (await world.run()).counts["uncertain"] == 1
    channel.answers = lambda intent: Accepted(f"p-{intent.contact_id}")
    return world


async def uncertain_id(world: World) -> str:
    found: str = await world.value(
        "select contact_id from contacts where attempted_at is not null or state = 'failed'"
    )
    return found


async def state(world: World) -> str:
    found: str = await world.value(
        "select state from contacts where contact_id = $1", await uncertain_id(world)
    )
    return found


async def ask(world: World, after: timedelta = QUARTER + timedelta(seconds=1)) -> int:
    return await resolve_uncertain(world.context, clock.now() + after)


async def test_it_is_asked_about_every_quarter_of_an_hour(
    lost: World, channel: ScriptedChannel
) -> None:
    assert await ask(lost, timedelta(minutes=14)) == 0
    assert await ask(lost) == 1
    assert await ask(lost, QUARTER + timedelta(minutes=10)) == 0
    assert await ask(lost, 2 * QUARTER + timedelta(seconds=2)) == 1
    assert [intent.to for intent in channel.asked] == ["c1@example.com"] * 2
    assert await state(lost) == "uncertain"


async def test_found_is_sent_and_says_where_from(lost: World, channel: ScriptedChannel) -> None:
    channel.finds = lambda _intent: Accepted("their-id")
    assert await ask(lost) == 1
    (event,) = await lost.announced("contact-sent")
    assert event["data"]["resolved_from"] == "uncertain"
    assert event["data"]["message_id"] == "their-id"
    assert event["data"]["sent_at"] == "2026-03-03T09:00:00Z"
    assert await ask(lost, 2 * QUARTER + timedelta(seconds=2)) == 0


async def test_surely_not_there_frees_the_step_for_the_same_channel(
    lost: World, channel: ScriptedChannel
) -> None:
    channel.finds = lambda _intent: NotThere()
    await ask(lost)
    (event,) = await lost.announced("contact-failed")
    assert event["data"]["reason_code"] == "not-accepted"
    assert event["data"]["resolved_from"] == "uncertain"
    ran = await lost.run(MORNING + timedelta(minutes=5))
    assert ran.counts["sent"] == 1
    assert len(channel.sent) == 2
    assert channel.sent[0].contact_id != channel.sent[1].contact_id


async def test_after_72_hours_it_stays_and_counts(lost: World, channel: ScriptedChannel) -> None:
    assert await ask(lost, timedelta(hours=73)) == 1
    assert await ask(lost, timedelta(hours=200)) == 0
    assert await state(lost) == "uncertain"
    ran = await lost.run(MORNING + timedelta(days=1))
    assert ran.counts["sent"] == 0
    assert len(channel.sent) == 1


async def test_a_provider_that_fails_holds_up_nobody(lost: World, channel: ScriptedChannel) -> None:
    await lost.account("C2")
    await lost.overdue("I2", "C2")
    channel.answers = lambda _intent: Unknown("timeout")
    await lost.run(MORNING + timedelta(hours=1))

    def finds(intent: Intent) -> Found:
        if intent.to == "c1@example.com":
            raise KeyError("a fault of the adapter")
        return Accepted("their-id")

    channel.finds = finds
    assert await ask(lost) == 2
    states = await lost.db.fetch("select debtor_key, state from contacts where find_at is not null")
    assert [row["state"] for row in states] == ["uncertain"]
    assert len(await lost.announced("contact-sent")) == 1


async def test_several_workers_ask_about_each_once(lost: World, channel: ScriptedChannel) -> None:
    for number in range(20):
        await lost.account(f"A{number:02}")
        await lost.overdue(f"J{number}", f"A{number:02}")
    channel.answers = lambda _intent: Unknown("timeout")
    moment: datetime = MORNING + timedelta(hours=1)
    while (await lost.run(moment)).counts["uncertain"]:
        moment += timedelta(minutes=2)
        lost.context = replace(lost.context, channels=over(channel))  # no breaker is open
    channel.finds = lambda intent: Accepted(f"p-{intent.contact_id}")
    asked = await asyncio.gather(*[ask(lost, timedelta(hours=1)) for _ in range(4)])
    assert sum(asked) == len(channel.asked) == 21
    assert len(await lost.announced("contact-sent")) == 21


@pytest.mark.parametrize(
    "point", ["outreach.uncertain.after_find", "outreach.uncertain.before_commit"]
)
async def test_a_process_killed_while_it_finds_out(
    lost: World, channel: ScriptedChannel, outreach_url: str, point: str
) -> None:
    """Nothing was recorded: a quarter of an hour later it is asked about again, and said once."""
    asked_at = clock.now() + QUARTER + timedelta(seconds=1)
    ended = await run_and_die(
        "uncertain_process", point, outreach_url, lost.ledger.url, asked_at.isoformat()
    )
    assert ended == -signal.SIGKILL
    assert await state(lost) == "uncertain"
    assert await lost.announced("contact-sent") == []
    channel.finds = lambda _intent: Accepted("their-id")
    assert await ask(lost) == 0
    assert await ask(lost, 2 * QUARTER + timedelta(minutes=1)) == 1
    assert await state(lost) == "sent"
    assert len(await lost.announced("contact-sent")) == 1
    assert len(channel.sent) == 1


@pytest.fixture
async def door(lost: World, outreach_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async for client in client_of(settings_for(lost, outreach_url)):
        yield client


@pytest.mark.parametrize(("word", "expected"), [("sent", "sent"), ("not-sent", "failed")])
async def test_a_person_who_knows_says_so(
    lost: World, door: httpx.AsyncClient, word: str, expected: str
) -> None:
    path = f"/v1/contacts/{await uncertain_id(lost)}/resolve"
    body = {"as": word, "evidence": "the provider's log of 10:00"}
    answer = await door.post(path, json=body)
    assert (answer.status_code, answer.json()["state"]) == (200, expected)
    assert (await door.get(path.removesuffix("/resolve"))).json() == answer.json()
    assert (await door.post(path, json=body)).json() == answer.json(), "the same again is safe"
    other = {"as": "not-sent" if word == "sent" else "sent", "evidence": "no"}
    assert (await door.post(path, json=other)).status_code == 409
    assert len(await lost.announced("contact-sent", "contact-failed")) == 1


async def test_what_cannot_be_resolved(lost: World, door: httpx.AsyncClient) -> None:
    body = {"as": "sent", "evidence": "x"}
    assert (await door.post("/v1/contacts/none/resolve", json=body)).status_code == 404
    path = f"/v1/contacts/{await uncertain_id(lost)}/resolve"
    answer = await door.post(path, json={"as": "maybe"})
    assert answer.status_code == 422
    assert {e["pointer"] for e in answer.json()["errors"]} == {"/as", "/evidence"}
    theirs = await door.post(path, json=body, headers={"X-Tenant": "another"})
    assert theirs.status_code == 404


async def test_nobody_says_anything_for_a_while(lost: World, channel: ScriptedChannel) -> None:
    channel.finds = lambda _intent: CannotSay()
    await ask(lost)
    assert await lost.announced("contact-sent", "contact-failed") == []

"""Mail servers that misbehave, and processes that die."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.outreach.context import Context
from services.outreach.dunning.processes import delivery, leases
from services.outreach.dunning.processes.leases import end_leases
from services.outreach.jobs import run_leases
from shared import clock
from shared.business_time import Clock
from shared.database import Database
from shared.smtp import Mailer, MailServer
from tests.integration.outreach.peers import MailSink
from tests.integration.outreach.world import (
    DUE_ON,
    MORNING,
    World,
    channels_over,
    counts,
    until,
)
from tests.unit.outreach.builders import at


async def message() -> bytes | None:
    return b"Subject: one\r\n\r\ntwo\r\n"


def mailer(mail: MailSink, seconds: float = 5) -> Mailer:
    return Mailer(MailServer.from_url(mail.url), timeout_seconds=seconds)


@pytest.mark.parametrize(
    ("mode", "fate", "code", "blame"),
    [
        ("accept", "sent", "", "server"),
        ("refuse", "refused", "smtp-550", "server"),
        ("greylist", "unavailable", "smtp-451", "mailbox"),
        ("full", "unavailable", "smtp-452", "mailbox"),
        ("no-lookup", "unavailable", "smtp-451", "server"),
        ("closing", "unavailable", "smtp-421", "unclear"),
        ("garbled", "unavailable", "smtp--1", "unclear"),
        ("unsure", "unavailable", "smtp-252", "unclear"),
        ("no-tls", "unavailable", "smtp-454", "server"),
        ("sign-in", "unavailable", "smtp-534", "server"),
        ("break", "unavailable", "SMTPServerDisconnected", "unclear"),
        ("refuse-sender", "unavailable", "smtp-550", "server"),
        ("busy-sender", "unavailable", "smtp-421", "server"),
        ("refuse-data", "refused", "smtp-554", "server"),
        ("defer-data", "unavailable", "smtp-452", "server"),
        ("full-data", "unavailable", "smtp-452", "mailbox"),
        ("drop", "uncertain", "SMTPServerDisconnected", "server"),
    ],
)
async def test_how_a_hand_over_ends(
    mail: MailSink, mode: str, fate: str, code: str, blame: str
) -> None:
    mail.mode = mode  # type: ignore[assignment]
    async with mailer(mail) as one:
        found = await one.deliver("a@example.com", "b@example.com", message)
    assert (found.fate, found.code) == (fate, code)
    if fate == "unavailable":
        assert found.blame == blame


async def test_a_server_that_takes_the_message_and_never_answers_is_uncertain(
    mail: MailSink,
) -> None:
    mail.mode = "hang"
    async with mailer(mail, 0.2) as one:
        found = await one.deliver("a@example.com", "b@example.com", message)
    assert found.fate == "uncertain"


async def test_a_server_that_is_not_there_takes_nothing(mail: MailSink) -> None:
    async with Mailer(MailServer.from_url("smtp://127.0.0.1:1")) as one:
        found = await one.deliver("a@example.com", "b@example.com", message)
    assert found.fate == "unavailable"


async def test_a_message_withdrawn_at_the_last_instant_is_not_sent(mail: MailSink) -> None:
    async def nothing() -> bytes | None:
        return None

    async with mailer(mail) as one:
        assert (await one.deliver("a@example.com", "b@example.com", nothing)).fate == "withdrawn"
        assert (await one.deliver("a@example.com", "b@example.com", message)).fate == "sent"
    assert (len(mail.messages), mail.connections) == (1, 1)


async def test_a_connection_that_went_away_while_idle_is_opened_again(mail: MailSink) -> None:
    async with mailer(mail) as one:
        await one.deliver("a@example.com", "b@example.com", message)
        mail.cut()
        assert (await one.deliver("a@example.com", "b@example.com", message)).fate == "sent"
    assert mail.connections == 2


def test_the_address_of_the_server_is_read_from_its_url() -> None:
    server = MailServer.from_url("smtps://me%40x:p%3Aw@mail.example")
    assert (server.host, server.port, server.tls) == ("mail.example", 465, "at-once")
    assert (server.username, server.password) == ("me@x", "p:w")
    assert "p:w" not in repr(server)


@pytest.mark.parametrize(
    ("mode", "said"), [("refuse", "contact-failed"), ("refuse-data", "contact-failed")]
)
async def test_a_definite_refusal_is_a_failure(world: World, mode: str, said: str) -> None:
    world.mail.mode = mode  # type: ignore[assignment]
    await world.overdue()
    assert (await world.run()).counts["sent"] == 0
    assert said in await world.types_announced()
    world.mail.mode = "accept"
    assert (await world.run()).counts["sent"] == 0  # that step is over


@pytest.mark.parametrize("mode", ["no-lookup", "refuse-sender", "defer-data"])
async def test_a_server_that_takes_nobodys_mail_is_tried_again(world: World, mode: str) -> None:
    world.mail.mode = mode  # type: ignore[assignment]
    await world.overdue()
    ran = await world.run()
    assert (ran.counts["sent"], ran.counts["deferred"]) == (0, 1)
    (suppressed,) = await world.announced("contact-suppressed")
    assert suppressed["data"]["rule"] == "channel-unavailable"
    world.mail.mode = "accept"
    assert (await world.run()).counts["sent"] == 0
    assert (await world.run(MORNING + timedelta(minutes=1))).counts["sent"] == 1
    assert len(world.mail.messages) == 1


async def test_a_dropped_line_is_uncertain_and_never_repeated(world: World) -> None:
    world.mail.mode = "drop"
    await world.overdue()
    assert (await world.run()).counts["uncertain"] == 1
    world.mail.mode = "accept"
    assert (await world.run()).counts == counts()
    assert len(world.mail.messages) == 1
    types = [event["type"] for event in await world.announced()]
    assert [each for each in types if each.startswith("contact-")] == [
        "contact-planned",
        "contact-uncertain",
        "contact-planned",
    ]


async def test_an_intent_that_nobody_ends_becomes_uncertain(world: World) -> None:
    """The server took the message and never answered; the process died waiting for it."""
    world.mail.mode = "hang"
    await world.overdue()
    run = asyncio.create_task(world.run())
    await until(lambda: world.mail.received)
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    assert await world.states() == ["intent"]
    world.mail.mode = "accept"
    assert (await world.run()).counts == counts()
    assert await end_leases(world.db, "manual", clock.now()) == 0  # the lease still holds
    await world.end_lease()
    assert await end_leases(world.db, "manual", clock.now()) == 1
    assert await end_leases(world.db, "manual", clock.now()) == 0
    ran = await world.run()
    assert ran.counts == counts(planned=1)  # the ladder goes on with its next step
    assert len(world.mail.messages) == 1
    (uncertain,) = await world.announced("contact-uncertain")
    assert uncertain["data"]["because"] == "lease-ended"
    assert uncertain["data"]["covers"][0]["checked_sequence"] == 3


async def test_contacts_that_cannot_be_ended_hold_no_other_tenant_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.mail.mode = "hang"
    await world.overdue()
    run = asyncio.create_task(world.run())
    await until(lambda: world.mail.received)
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    await world.end_lease()
    await world.db.fetch(  # another tenant's, found first
        "insert into contacts select (jsonb_populate_record(c, jsonb_build_object("
        "'tenant_id', 'broken', 'lease_until', lease_until - interval '1 hour'))).* from contacts c"
    )
    monkeypatch.setattr(leases, "LEASES_MAX", 1)
    end = leases._end

    async def broken(db: Database, mode: Clock, tenant: str, *rest: Any) -> int:
        if tenant == "broken":
            raise KeyError("strategy")
        return await end(db, mode, tenant, *rest)

    monkeypatch.setattr(leases, "_end", broken)
    assert await end_leases(world.db, "manual", clock.now()) == 1


async def test_two_loops_say_uncertain_once(world: World) -> None:
    world.mail.mode = "hang"
    await world.overdue()
    run = asyncio.create_task(world.run())
    await until(lambda: world.mail.received)
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    await world.end_lease()
    ended = await asyncio.gather(*(end_leases(world.db, "system", clock.now()) for _ in range(3)))
    assert sum(ended) == 1
    assert len(await world.announced("contact-uncertain")) == 1


async def test_a_result_that_comes_after_the_lease_ended_changes_nothing(world: World) -> None:
    world.mail.mode = "hang"
    await world.overdue()
    run = asyncio.create_task(world.run())
    await until(lambda: world.mail.received)
    await world.end_lease()
    assert await end_leases(world.db, "manual", clock.now()) == 1
    world.mail.released.set()
    assert (await run).counts["sent"] == 0
    assert (await world.announced("contact-sent"), len(world.mail.messages)) == ([], 1)


async def test_the_loop_ends_leases_by_itself(world: World) -> None:
    world.mail.mode = "hang"
    await world.overdue()
    run = asyncio.create_task(world.run())
    await until(lambda: world.mail.received)
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    await world.end_lease()
    stop, rings = asyncio.Event(), world.db.committed.rings
    loop = asyncio.create_task(run_leases(world.context, stop=stop))
    assert await world.db.committed.wait(rings, 10)
    stop.set()
    await loop
    assert len(await world.announced("contact-uncertain")) == 1


async def test_a_claim_whose_lease_ended_is_taken_over_by_the_next_run(world: World) -> None:
    world.ledger.mode = "hang"
    await world.overdue()
    run = asyncio.create_task(world.run())
    await until(lambda: world.ledger.calls)
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    assert await world.states() == ["claimed"]
    world.ledger.mode = "good"
    held = await world.run()
    assert (held.counts, held.next_due_at is not None) == (counts(), True)
    await world.end_lease()
    assert (await world.run()).counts["sent"] == 1
    assert len(world.mail.messages) == 1


async def test_a_check_that_grew_old_on_the_way_is_made_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server keeps us waiting before the message; the debtor pays meanwhile."""
    monkeypatch.setattr(delivery, "HANDOVER_SECONDS_MAX", 0.05)
    world.mail.mode = "slow"
    await world.overdue()
    run = asyncio.create_task(world.run())
    await until(lambda: world.mail.connections)
    world.answers("C1", only=True, sequence=9)
    started = clock.monotonic()
    await until(lambda: clock.monotonic() - started > 0.1)
    world.mail.released.set()
    assert (await run).counts == counts(planned=1, cancelled=1)
    assert world.mail.messages == []
    assert len(world.ledger.calls) == 2


async def test_a_check_made_again_gives_the_amounts_and_the_sequence(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "HANDOVER_SECONDS_MAX", 0.05)
    world.mail.mode = "slow"
    await world.overdue()
    run = asyncio.create_task(world.run())
    await until(lambda: world.mail.connections)
    world.answers("C1", ("I1", DUE_ON, 2_500), sequence=9)
    started = clock.monotonic()
    await until(lambda: clock.monotonic() - started > 0.1)
    world.mail.released.set()
    assert (await run).counts["sent"] == 1
    (sent,) = await world.announced("contact-sent")
    assert sent["data"]["covers"][0]["checked_sequence"] == 9
    body = world.mail.messages[0].get_body(("plain",))
    assert body is not None
    assert "€25.00" in body.get_content()


async def test_a_run_that_began_in_time_does_not_go_on_into_the_evening(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planned in the morning; by the clock, the message would leave at eleven at night."""
    monkeypatch.setattr(Context, "business_now", lambda _context, _at: at("2026-03-03 23:00"))
    await world.overdue()
    assert (await world.run()).counts == counts(planned=1, deferred=1)
    assert world.mail.messages == []
    (suppressed,) = await world.announced("contact-suppressed")
    assert suppressed["data"]["until"] == "2026-03-04T08:01:00Z"
    assert suppressed["data"]["citation"]


async def test_the_clock_is_looked_at_again_when_the_server_takes_its_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The intent is written in time; the recipient is accepted when the window has closed."""
    business_clock = [MORNING]
    monkeypatch.setattr(Context, "business_now", lambda _context, _at: business_clock[0])
    world.mail.mode = "slow"
    await world.overdue()
    run = asyncio.create_task(world.run())
    await until(lambda: world.mail.connections)
    business_clock[0] = at("2026-03-03 20:56")  # the last five minutes of a window are kept free
    world.mail.released.set()
    assert (await run).counts == counts(planned=1, deferred=1)
    assert world.mail.messages == []


async def test_what_is_said_after_planning_counts_before_sending(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.overdue()
    world.ledger.mode = "hang"
    run = asyncio.create_task(world.run())
    await until(lambda: world.ledger.calls)
    wish = {"refused_channels": ["email"], "at": "2026-03-03T08:30:00Z"}
    assert (await client.put("/v1/accounts/C1/preferences", json=wish)).status_code == 200
    world.ledger.released.set()
    assert (await run).counts["sent"] == 0
    assert world.mail.messages == []
    assert "suppressed" in await world.states()


async def test_a_server_that_loses_messages_gets_no_more_in_this_run(world: World) -> None:
    for number in range(40):
        await world.account(f"A{number:02}")
        await world.overdue(f"I{number}", f"A{number:02}")
    world.mail.mode = "drop"
    ran = await world.run()
    assert 3 <= ran.counts["uncertain"] <= 16
    assert ran.counts["deferred"] == 40 - ran.counts["uncertain"]
    world.mail.mode = "accept"
    world.context = replace(world.context, channels=channels_over(world.mail.url))  # no breaker
    ran_again = await world.run(MORNING + timedelta(minutes=1))
    assert ran_again.counts["sent"] == ran.counts["deferred"]
    assert len(set(world.mail.recipients)) == len(world.mail.recipients) == 40

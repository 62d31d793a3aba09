"""What leaves at once: a STOP confirmed, the answer to a promise, a code, a new link."""

from datetime import timedelta

import httpx
import pytest

from services.outreach.dunning.domain.service_messages import ServiceMessage
from services.outreach.dunning.processes.service_messages import send_now, send_waiting
from tests.integration.outreach.replies import EMAIL, MONDAY, a_mail, contacted, post, tasks
from tests.integration.outreach.world import World


def a_code(cause: str = "visit 1", code: str = "482913") -> ServiceMessage:
    return ServiceMessage(
        template="code", account_id="C1", channel="email", address=EMAIL, cause=cause, code=code
    )


def last_text(world: World) -> str:
    body = world.mail.messages[-1].get_body(("plain",))
    assert body is not None
    return str(body.get_content())


async def purposes(world: World) -> list[tuple[str, str]]:
    rows = await world.db.fetch(
        "select convert_from(body, 'UTF8')::jsonb ->> 'purpose' as purpose, state from contacts"
        " where lane like 'service/%' order by planned_at, contact_id"
    )
    return [(row["purpose"], row["state"]) for row in rows]


async def test_a_stop_is_confirmed_once_and_at_once(world: World, http: httpx.AsyncClient) -> None:
    await world.settings(confirm_stop=True)
    await world.account("C2", email=EMAIL)  # a second account with the address: one confirmation
    await post(http, a_mail("STOP"))
    assert world.mail.named == [EMAIL]
    assert "You asked us to stop" in last_text(world)
    assert await purposes(world) == [("stop-confirmed", "sent")]
    (sent,) = await world.announced("contact-sent")
    assert (sent["data"]["purpose"], sent["data"]["account_id"]) == ("stop-confirmed", "C1")
    # The same mail over another door, and a second STOP: nothing more is said.
    await post(http, a_mail("STOP"))
    await post(http, a_mail("stop, please"))
    assert len(world.mail.received) == 1
    await world.run(MONDAY + timedelta(days=1))
    assert len(world.mail.received) == 1


async def test_no_stop_is_confirmed_unless_the_tenant_wishes_it(
    world: World, http: httpx.AsyncClient
) -> None:
    await post(http, a_mail("STOP"))
    assert (world.mail.received, await purposes(world)) == ([], [])


async def test_a_stop_that_cannot_be_confirmed_in_five_minutes_is_not(
    world: World, http: httpx.AsyncClient
) -> None:
    await world.settings(confirm_stop=True)
    world.ledger.mode = "error"
    await post(http, a_mail("STOP"))
    assert await purposes(world) == [("stop-confirmed", "planned")]
    world.ledger.mode = "good"
    await world.run(MONDAY + timedelta(minutes=4, seconds=59))
    await send_waiting(world.context)
    assert await purposes(world) == [("stop-confirmed", "sent")]
    world.ledger.mode = "error"
    await world.account("C3")
    world.answers("C3")
    await post(http, a_mail("STOP", From="c3@example.com"))
    world.ledger.mode = "good"
    await world.run(MONDAY + timedelta(minutes=10))
    await send_waiting(world.context)
    assert (await purposes(world))[1] == ("stop-confirmed", "suppressed")
    assert world.mail.named == [EMAIL]


async def test_a_promise_in_a_reply_is_answered_at_once(
    world: World, http: httpx.AsyncClient
) -> None:
    contact_id = await contacted(world)
    promise = {"promise_id": "PR-1", "currency": "EUR", "amount_minor": 12_000}
    world.ledger.next_answers.append((201, {**promise, "due_on": "2027-03-12"}))
    await post(http, a_mail("I will pay on Friday", contact_id=contact_id, world=world))
    assert "due 12 March 2027" in last_text(world)
    assert "120.00" in last_text(world)
    assert await purposes(world) == [("promise-made", "sent")]
    # Of what the debtor asked for nothing counts: the next message need not wait for it.
    history = await world.db.fetch("select last_contact_at from debtors")
    assert [row["last_contact_at"] for row in history] == [MONDAY]
    steps = await world.db.fetch(
        "select n, subject from steps where reaction = 'promise-made' order by n"
    )
    assert [(row["n"], row["subject"]) for row in steps] == [(0, "promise"), (1, "promise")]
    assert await tasks(world) == []


async def test_a_code_is_sent_once_and_kept_nowhere(world: World, http: httpx.AsyncClient) -> None:
    await world.run(MONDAY)  # a contact of the same day is no obstacle
    before = len(world.mail.received)
    assert await send_now(world.context, "demo", a_code()) is not None
    assert await send_now(world.context, "demo", a_code()) is None
    assert len(world.mail.received) == before + 1
    assert "482913" in last_text(world)
    for table in ("contacts", "story", "outbox", "contact_record"):
        rows = await world.db.fetch(f"select {table}::text as row from {table}")
        assert all("482913" not in row["row"] for row in rows)


async def test_a_code_that_nobody_sent_is_not_sent_later(world: World) -> None:
    world.answers("C1")
    world.ledger.mode = "error"
    await send_now(world.context, "demo", a_code())
    world.ledger.mode = "good"
    await send_waiting(world.context)
    assert (world.mail.received, await purposes(world)) == ([], [("code", "suppressed")])


async def test_nothing_is_sent_to_who_is_silenced(world: World) -> None:
    world.answers("C1", stops=[{"kind": "hold", "id": "H1", "hold_kind": "bankruptcy"}])
    await send_now(world.context, "demo", a_code())
    assert (world.mail.received, await purposes(world)) == ([], [("code", "cancelled")])


@pytest.mark.parametrize("account_id", ["nobody", "C9"])
async def test_nothing_is_sent_for_an_account_that_is_not_there(
    world: World, account_id: str
) -> None:
    message = ServiceMessage(
        template="new-link", account_id=account_id, channel="email", address=EMAIL, cause="x"
    )
    assert await send_now(world.context, "demo", message) is None
    assert await world.states() == []

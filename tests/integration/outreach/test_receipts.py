"""Receipts of providers, taken into contacts, steps, addresses and consents."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.outreach.channels.domain.contract import Receipt, Refused
from services.outreach.channels.domain.tokens import address_token
from services.outreach.debtors.store.addresses import find_address_states
from services.outreach.dunning.commands.receipts import take_receipts
from services.outreach.dunning.domain.intents import callback_token
from shared.events import ledger
from tests.integration.outreach.scripted import ScriptedChannel, over
from tests.integration.outreach.world import MORNING, World
from tests.unit.outreach.builders import LINKS, at

TEN = at("2026-03-03 10:00")


@pytest.fixture
def channel() -> ScriptedChannel:
    return ScriptedChannel()


@pytest.fixture
async def sent(world: World, channel: ScriptedChannel) -> World:
    """One reminder has left, on 2026-03-03 at 09:00."""
    world.context = replace(world.context, channels=over(channel))
    await world.settings(costs={"currency": "EUR", "email": 15_000})
    await world.overdue()
    assert (await world.run()).counts["sent"] == 1
    return world


async def contact_id(world: World) -> str:
    found: str = await world.value("select contact_id from contacts where message_id is not null")
    return found


async def take(world: World, *receipts: Receipt) -> list[str]:
    async with world.db.transaction() as session:
        return await take_receipts(
            session, world.tenant, TEN, receipts, links=LINKS, clock_mode="manual"
        )


async def address(world: World) -> tuple[str | None, str | None]:
    async with world.db.reading() as session:
        states = await find_address_states(session, world.tenant, ["C1"])
    found = states.get(("C1", "email", "c1@example.com"))
    return (None, None) if found is None else (found.state, found.because)


def told(state: str, token: str, code: str = "", **fields: object) -> Receipt:
    return Receipt(state, TEN, token=token, code=code, **fields)  # type: ignore[arg-type]


async def test_what_was_sent_says_its_cost_purpose_and_language(sent: World) -> None:
    (event,) = await sent.announced("contact-sent")
    data = event["data"]
    assert (data["cost_micros"], data["cost_minor"], data["cost_currency"]) == (15_000, 2, "EUR")
    assert data["purpose"] == "overdue"


@pytest.mark.parametrize("letter", ["c", "b", "r", None])
async def test_a_receipt_names_the_contact_by_any_of_our_tokens_or_its_id(
    sent: World, letter: str | None
) -> None:
    name = await contact_id(sent)
    token = name if letter is None else address_token(letter, name, LINKS.keys.signing)  # type: ignore[arg-type]
    assert await take(sent, told("delivered", token)) == [name]
    assert "delivered" in await sent.states()


async def test_out_g11_on_a_database(sent: World) -> None:
    """OUT-G11: in any order each rise is said once."""
    token = callback_token(LINKS, await contact_id(sent))
    await take(sent, told("failed", token, "4.4.7"))
    await take(sent, told("sent", token), told("delivered", token))
    await take(sent, told("failed", token, "4.4.7"), told("delivered", token))
    types = await sent.announced("contact-sent", "contact-failed", "contact-delivered")
    assert [event["type"] for event in types] == [
        "contact-sent",
        "contact-failed",
        "contact-delivered",
    ]


async def test_by_the_providers_id_and_of_nobody_elses(sent: World) -> None:
    name = await contact_id(sent)
    by_id = Receipt("delivered", TEN, provider_id=f"p-{name}")
    other = Receipt("delivered", TEN, provider_id="p-unknown")
    assert await take(sent, other) == []
    assert await take(replace(sent, tenant="another"), by_id) == []
    assert await take(sent, by_id) == [name]


async def test_a_hard_bounce_kills_the_address_and_a_delivery_revives_it(sent: World) -> None:
    token = callback_token(LINKS, await contact_id(sent))
    await take(sent, told("failed", token, "5.1.1", is_address_dead=True))
    (event,) = await sent.announced("contact-failed")
    assert (event["data"]["reason_code"], event["data"]["is_address_dead"]) == ("5.1.1", True)
    assert await address(sent) == ("dead", "5.1.1")
    await take(sent, told("delivered", token))
    assert await address(sent) == (None, None)


async def test_a_failure_takes_the_attempt_back(sent: World) -> None:
    query = "select contacted_at from accounts where account_id = 'C1'"
    assert await sent.value(query) == MORNING
    token = callback_token(LINKS, await contact_id(sent))
    await take(sent, told("failed", token, "5.7.1"))
    assert await sent.value(query) is None
    await take(sent, told("delivered", token))
    assert await sent.value(query) == MORNING


async def test_a_complaint_revokes_consent_and_says_that_it_arrived(sent: World) -> None:
    token = callback_token(LINKS, await contact_id(sent))
    complaint = told("delivered", token, "complaint", is_consent_revoked=True)
    await take(sent, complaint)
    await take(sent, complaint)
    (event,) = await sent.announced("consent-revoked")
    assert (event["data"]["account_id"], event["data"]["channel"]) == ("C1", "email")
    assert len(await sent.announced("contact-delivered")) == 1


async def test_a_dead_address_is_dead_for_everybody_who_has_it(sent: World) -> None:
    await sent.account("C2", email="C1@Example.com")
    token = callback_token(LINKS, await contact_id(sent))
    await take(sent, told("failed", token, "5.1.1", is_address_dead=True))
    query = "select account_id from address_states where state = 'dead' order by 1"
    assert [row["account_id"] for row in await sent.db.fetch(query)] == ["C1", "C2"]
    await sent.overdue("I2", "C2")
    assert (await sent.run()).counts["sent"] == 0
    await take(sent, told("delivered", token))
    assert await sent.db.fetch(query) == []


async def test_what_a_provider_knows_to_be_refused_is_so_for_everybody(sent: World) -> None:
    await sent.account("C2", email="c1@example.com")
    token = callback_token(LINKS, await contact_id(sent))
    await take(sent, told("delivered", token, "complaint", is_consent_revoked=True))
    revoked = await sent.announced("consent-revoked")
    assert sorted(event["data"]["account_id"] for event in revoked) == ["C1", "C2"]
    await sent.account("C3", email="c1@example.com")  # comes to have it
    assert len(await sent.announced("consent-revoked")) == 3


async def test_opened_is_said_once_and_changes_no_state(sent: World) -> None:
    token = callback_token(LINKS, await contact_id(sent))
    await take(sent, told("opened", token), told("opened", token))
    assert len(await sent.announced("contact-opened")) == 1
    assert "sent" in await sent.states()


async def test_three_soft_bounces_in_thirty_days_pause_the_address(sent: World) -> None:
    token = callback_token(LINKS, await contact_id(sent))
    await sent.db.fetch(
        "insert into address_states (tenant_id, account_id, channel, address, soft_at)"
        " values ('demo', 'C1', 'email', 'c1@example.com', $1)",
        [MORNING - timedelta(days=20), MORNING - timedelta(days=10)],
    )
    await take(sent, told("failed", token, "4.2.2"))
    async with sent.db.reading() as session:
        states = await find_address_states(session, sent.tenant, ["C1"])
    (state,) = states.values()
    assert state.paused_until == MORNING + timedelta(days=30)
    assert not state.is_usable(MORNING + timedelta(days=29))
    assert state.is_usable(MORNING + timedelta(days=31))


async def test_what_was_refused_at_the_door_marks_the_address_too(
    world: World, channel: ScriptedChannel
) -> None:
    channel.answers = lambda _intent: Refused("5.1.1", is_address_dead=True)
    world.context = replace(world.context, channels=over(channel))
    await world.overdue()
    assert (await world.run()).counts["failed"] == 1
    assert await address(world) == ("dead", "5.1.1")


async def test_erasure_forgets_addresses_and_where_contacts_went(sent: World) -> None:
    token = callback_token(LINKS, await contact_id(sent))
    await take(sent, told("failed", token, "5.1.1", is_address_dead=True))
    await sent.take(
        sent.ledger_event("account-erased", "C1", ledger.AccountErased(account_id="C1"))
    )
    assert await sent.value("select count(*) from address_states") == 0
    rows = await sent.db.fetch("select body from contacts")
    assert rows
    assert not any(b"c1@example.com" in row["body"] for row in rows)

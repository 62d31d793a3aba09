"""What does not arrive goes out over the step's next channel, from a run to its receipt."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.outreach.channels.clients.registry import ChannelRegistry
from services.outreach.channels.domain.contract import Accepted, Intent, Later, Receipt, Refused
from services.outreach.dunning.commands.receipts import take_receipts
from services.outreach.dunning.domain.assignment_document import parse_assignments
from services.outreach.dunning.domain.intents import callback_token
from services.outreach.dunning.domain.strategy_document import parse_strategy
from services.outreach.dunning.store.strategies import StrategyBooks
from shared.documents import BuiltIn
from shared.events.billing import Phone
from tests.integration.outreach.scripted import ScriptedChannel
from tests.integration.outreach.world import SENDER, World
from tests.unit.outreach.builders import LINKS

LADDER = """
name: consumer
version: "2027-01-01"
title: Two channels for each step
send: {from: "09:00", to: "18:00", days: [mon, tue, wed, thu, fri], holidays: true}
ladder:
  - {name: reminder, from: due, days: 1, channels: [email, sms], tone: friendly, template: reminder}
  - {name: text, from: due, days: 5, channels: [sms, email], tone: friendly, template: reminder}
  - {name: second, from: due, days: 12, channels: [email, sms], tone: neutral, template: overdue}
"""
RULES = 'version: "1"\nrules: [{strategy: consumer}]\n'
DUE_ON = date(2026, 3, 2)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}:00+00:00")


@pytest.fixture
def mails() -> ScriptedChannel:
    return ScriptedChannel()


@pytest.fixture
def texts() -> ScriptedChannel:
    return ScriptedChannel()


@pytest.fixture
async def both(world: World, mails: ScriptedChannel, texts: ScriptedChannel) -> World:
    """E-mail and texts, both taken by whoever is asked."""
    channels = {"smtp": mails, "smpp": texts}

    def factory(kind: str) -> Any:
        return lambda _setup: channels[kind]

    strategy = parse_strategy(LADDER)
    world.context = replace(
        world.context,
        channels=ChannelRegistry(
            {kind: factory(kind) for kind in channels}, {"A": "a", "B": "b"}, SENDER, LINKS
        ),
        strategies=StrategyBooks(
            [BuiltIn(strategy.name, strategy.version, LADDER, strategy)],
            BuiltIn("strategy-assignments", "1", RULES, parse_assignments(RULES)),
        ),
    )
    await world.settings(
        providers={
            "mail": {"channel": "email", "kind": "smtp", "secret": "A"},
            "texts": {"channel": "sms", "kind": "smpp", "secret": "B", "from": "Creditor"},
        },
        costs={"email": 400, "sms": {"+": 90_000, "+354": 75_000}},
    )
    await world.account(phones=(Phone(number="+3546111234", type="mobile"),))
    await world.overdue(minor=12_000)
    return world


async def bounce(world: World, contact_id: str, moment: datetime, **fields: Any) -> None:
    receipt = Receipt("failed", moment, token=callback_token(LINKS, contact_id), **fields)
    async with world.db.transaction() as session:
        await take_receipts(
            session, world.tenant, moment, [receipt], links=LINKS, clock_mode="manual"
        )


async def test_a_receipt_that_is_faster_than_the_answer_loses_neither_units_nor_cost(
    both: World, texts: ScriptedChannel
) -> None:
    """The receipt says that one segment is paid for at least; the answer then says how many."""
    await both.account("C5", email=None, phones=(Phone(number="+3546111235", type="mobile"),))
    await both.overdue("I5", "C5")
    nine = at("03-03T09:00")

    async def delivered(intent: Intent) -> None:
        receipt = Receipt("delivered", nine, token=intent.callback_token)
        async with both.db.transaction() as session:
            await take_receipts(
                session, both.tenant, nine, [receipt], links=LINKS, clock_mode="manual"
            )

    texts.during = delivered
    texts.answers = lambda _intent: Accepted("theirs", units=2)
    await both.run(nine)
    said = [
        (event["type"], event["data"]["cost_micros"])
        for event in await both.announced("contact-sent", "contact-delivered")
        if event["data"]["channel"] == "sms"
    ]
    assert said == [
        ("contact-sent", 75_000), ("contact-delivered", 75_000), ("contact-sent", 150_000)
    ]  # fmt: skip
    (row,) = await both.db.fetch(
        "select state, message_id, body from contacts where debtor_key like '%C5%'"
        " and attempted_at is not null"
    )
    body = json.loads(row["body"])
    assert (row["state"], row["message_id"]) == ("delivered", "theirs")
    assert (body["units"], body["cost_micros"]) == (2, 150_000)


async def made(world: World) -> list[tuple[str, str, str]]:
    """What was announced as sent: step, channel, when."""
    return [
        (e["data"]["step"], e["data"]["channel"], e["data"]["sent_at"][5:16])
        for e in await world.announced("contact-sent")
    ]


async def follow(world: World, last: datetime, moment: datetime) -> None:
    """A run at every instant at which something is due."""
    for _ in range(40):
        ran = await world.run(moment)
        if ran.next_due_at is None or ran.next_due_at > last:
            return
        moment = max(ran.next_due_at, moment + timedelta(seconds=1))


async def test_out_g7_what_bounces_goes_out_over_the_next_channel_at_once(
    both: World, mails: ScriptedChannel, texts: ScriptedChannel, slow_machine: None
) -> None:
    """OUT-G7."""
    await follow(both, at("03-03T09:30"), at("03-03T00:00"))
    assert await made(both) == [("reminder", "email", "03-03T09:00")]
    (sent,) = mails.sent
    await both.run(at("03-03T10:00"))
    await bounce(both, sent.contact_id, at("03-03T10:00"), code="5.1.1", is_address_dead=True)
    (failed,) = await both.announced("contact-failed")
    assert failed["data"]["next_channel"] == "sms"
    assert failed["data"]["is_address_dead"] is True
    await follow(both, at("03-16T18:00"), at("03-03T10:00"))
    assert await made(both) == [
        ("reminder", "email", "03-03T09:00"),
        ("reminder", "sms", "03-03T10:00"),
        ("text", "sms", "03-09T09:00"),
        ("second", "sms", "03-16T09:00"),
    ]
    assert [intent.to for intent in texts.sent] == ["+3546111234"] * 3
    (first, *_) = [e for e in await both.announced("contact-sent") if e["data"]["channel"] == "sms"]
    assert first["data"]["cost_micros"] == 75_000


async def test_what_is_refused_at_the_door_goes_on_over_the_next_channel_too(
    both: World, mails: ScriptedChannel, slow_machine: None
) -> None:
    mails.answers = lambda _i: Refused("smtp-554")
    await follow(both, at("03-03T10:00"), at("03-03T09:00"))
    assert await made(both) == [("reminder", "sms", "03-03T09:00")]


async def test_after_six_tries_the_channel_is_passed_over(
    both: World, mails: ScriptedChannel, texts: ScriptedChannel, slow_machine: None
) -> None:
    tried: list[datetime] = []

    def busy(intent: Any) -> Later:
        tried.append(intent.at)
        return Later("smtp-452", blame="recipient")

    mails.answers = busy
    await follow(both, at("03-03T17:59"), at("03-03T09:00"))
    minutes = [(moment - at("03-03T09:00")).total_seconds() // 60 for moment in tried]
    assert minutes == [0, 1, 6, 21, 81, 321]
    ((step, channel, when),) = await made(both)
    assert (step, channel, when[:8]) == ("reminder", "sms", "03-03T14")
    rules = [e["data"]["rule"] for e in await both.announced("contact-suppressed")]
    assert rules == ["mailbox-refuses-for-now"]


async def test_a_provider_that_is_away_for_four_hours_is_passed_over(
    both: World, mails: ScriptedChannel, texts: ScriptedChannel, slow_machine: None
) -> None:
    mails.answers = lambda _i: Later("connect")
    moment = at("03-03T09:00")
    while not texts.sent and moment < at("03-03T18:00"):
        await both.run(moment)
        moment += timedelta(minutes=30)
    ((step, channel, when),) = await made(both)
    assert (step, channel) == ("reminder", "sms")
    assert when >= "03-03T13:00"

"""The suite that every channel passes, over each provider that there is a peer of."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from services.outreach.channels.domain.contract import (
    Accepted,
    CannotSay,
    Later,
    NotThere,
    Refused,
    Unknown,
    Withdrawn,
)
from tests.integration.outreach.channels.endpoint_peer import endpoint_peer
from tests.integration.outreach.channels.letter_peers import folder_peer, print_shop_peer
from tests.integration.outreach.channels.mail_peer import mail_peer
from tests.integration.outreach.channels.suite import (
    CONTACTS,
    ChannelPeer,
    Fault,
    OpenPeer,
    Rendering,
    hand_over,
    intent,
)
from tests.integration.outreach.channels.text_peers import (
    dialler_peer,
    portal_peer,
    smpp_peer,
    twilio_calls_peer,
    twilio_texts_peer,
)

PEERS: Mapping[str, OpenPeer] = {
    "smtp": mail_peer,
    "smpp": smpp_peer,
    "twilio-sms": twilio_texts_peer,
    "twilio-voice": twilio_calls_peer,
    "dialler": dialler_peer,
    "portal": portal_peer,
    "letters-folder": folder_peer,
    "letters-put": print_shop_peer,
    "webhook": endpoint_peer,
}


@pytest.fixture(params=list(PEERS))
async def peer(request: pytest.FixtureRequest) -> AsyncIterator[ChannelPeer]:
    async with PEERS[request.param]() as opened:
        yield opened


async def showing(peer: ChannelPeer, fault: Fault) -> None:
    if fault not in peer.faults:
        pytest.skip(f"this provider never shows: {fault}")
    await peer.behave(fault)


async def test_what_is_accepted_is_held_once_and_named(peer: ChannelPeer) -> None:
    rendering = Rendering(peer.parts)
    sent = await peer.channel.send(intent(peer, CONTACTS[0], rendering))
    assert isinstance(sent, Accepted), sent
    assert sent.provider_id
    assert sent.units >= 1
    assert peer.held(CONTACTS[0]) == 1
    assert rendering.asked == 1


@pytest.mark.parametrize(("fault", "is_dead"), [("refuse", False), ("dead", True)])
async def test_what_is_refused_has_surely_not_left(
    peer: ChannelPeer, fault: Fault, is_dead: bool
) -> None:
    await showing(peer, fault)
    sent = await hand_over(peer, CONTACTS[0])
    assert isinstance(sent, Refused), sent
    assert (sent.is_address_dead, bool(sent.code)) == (is_dead, True)
    assert peer.held(CONTACTS[0]) == 0


@pytest.mark.parametrize("fault", ["busy", "away"])
async def test_what_is_put_off_has_surely_not_left_and_goes_later(
    peer: ChannelPeer, fault: Fault
) -> None:
    await showing(peer, fault)
    sent = await hand_over(peer, CONTACTS[0])
    assert isinstance(sent, Later), sent
    assert sent.code
    assert peer.held(CONTACTS[0]) == 0
    await peer.behave("accept")
    assert isinstance(await hand_over(peer, CONTACTS[0]), Accepted)
    assert peer.held(CONTACTS[0]) == 1


@pytest.mark.parametrize("fault", ["lost", "dropped"])
async def test_what_ends_unclear_is_unknown_and_not_repeated_by_the_channel(
    peer: ChannelPeer, fault: Fault
) -> None:
    await showing(peer, fault)
    sent = await hand_over(peer, CONTACTS[0])
    assert isinstance(sent, Unknown), sent
    assert sent.code
    assert peer.held(CONTACTS[0]) == (1 if fault == "lost" else 0)


async def test_what_is_withdrawn_at_the_last_instant_never_leaves(peer: ChannelPeer) -> None:
    sent = await peer.channel.send(intent(peer, CONTACTS[0], Rendering(None)))
    assert isinstance(sent, Withdrawn), sent
    assert peer.held(CONTACTS[0]) == 0
    assert isinstance(await hand_over(peer, CONTACTS[1]), Accepted), "the next one goes"
    assert (peer.held(CONTACTS[0]), peer.held(CONTACTS[1])) == (0, 1)


async def test_a_fault_while_the_message_is_written_leaves_nothing_behind(
    peer: ChannelPeer,
) -> None:
    async def breaks() -> None:
        raise KeyError("a template")

    with pytest.raises(KeyError):
        await peer.channel.send(intent(peer, CONTACTS[0], Rendering(peer.parts, before=breaks)))
    assert isinstance(await hand_over(peer, CONTACTS[1]), Accepted)
    assert (peer.held(CONTACTS[0]), peer.held(CONTACTS[1])) == (0, 1)


async def test_who_is_stopped_while_the_message_is_written_sends_nothing(
    peer: ChannelPeer,
) -> None:
    begun = asyncio.Event()

    async def waits() -> None:
        begun.set()
        await asyncio.Event().wait()

    rendering = Rendering(peer.parts, before=waits)
    task = asyncio.ensure_future(peer.channel.send(intent(peer, CONTACTS[0], rendering)))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert isinstance(await hand_over(peer, CONTACTS[1]), Accepted)
    assert (peer.held(CONTACTS[0]), peer.held(CONTACTS[1])) == (0, 1)


async def test_many_side_by_side_all_arrive_once(peer: ChannelPeer) -> None:
    sent = await asyncio.gather(*[hand_over(peer, each) for each in CONTACTS])
    assert [type(each) for each in sent] == [Accepted] * len(CONTACTS)
    assert [peer.held(each) for each in CONTACTS] == [1] * len(CONTACTS)
    assert len({each.provider_id for each in sent if isinstance(each, Accepted)}) == len(CONTACTS)


async def test_the_same_contact_again_is_the_same_message_where_the_provider_can(
    peer: ChannelPeer,
) -> None:
    first, second = await hand_over(peer, CONTACTS[0]), await hand_over(peer, CONTACTS[0])
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert peer.held(CONTACTS[0]) == (1 if peer.is_idempotent else 2)
    if peer.is_idempotent:
        assert first.provider_id == second.provider_id


async def test_what_is_asked_about_is_there_or_not_or_nobody_can_say(peer: ChannelPeer) -> None:
    asked = intent(peer, CONTACTS[0])
    before = await peer.channel.find(asked)
    sent = await peer.channel.send(asked)
    assert isinstance(sent, Accepted)
    after = await peer.channel.find(replace(asked, provider_id=sent.provider_id))
    if peer.can_find:
        assert isinstance(before, NotThere | CannotSay)
        assert after == replace(sent, units=after.units) if isinstance(after, Accepted) else False
    else:
        assert (before, after) == (CannotSay(), CannotSay())
    assert peer.held(CONTACTS[0]) == 1, "to ask sends nothing"


@pytest.mark.parametrize("fault", ["lost", "dropped"])
async def test_what_ended_unclear_can_be_found_out_where_the_provider_can_say(
    peer: ChannelPeer, fault: Fault
) -> None:
    await showing(peer, fault)
    asked = intent(peer, CONTACTS[0])
    assert isinstance(await peer.channel.send(asked), Unknown)
    await peer.behave("accept")
    found = await peer.channel.find(asked)
    expected: Any = CannotSay
    if peer.can_find:
        expected = Accepted | CannotSay if fault == "lost" else NotThere | CannotSay
    assert isinstance(found, expected), found


async def test_to_ask_of_a_provider_that_is_away_is_no_answer(peer: ChannelPeer) -> None:
    await showing(peer, "away")
    assert isinstance(await peer.channel.find(intent(peer, CONTACTS[0])), CannotSay)


async def test_what_arrived_is_said_by_token_or_by_the_providers_id(peer: ChannelPeer) -> None:
    sent = await hand_over(peer, CONTACTS[0])
    assert isinstance(sent, Accepted)
    for receipt in peer.receipts(CONTACTS[0], sent.provider_id):
        assert receipt.token is not None or receipt.provider_id == sent.provider_id


async def test_it_can_be_closed_twice(peer: ChannelPeer) -> None:
    await hand_over(peer, CONTACTS[0])
    await peer.channel.close()
    await peer.channel.close()

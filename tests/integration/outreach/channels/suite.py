"""What every channel does alike, whoever its provider is: `test_channels.py` runs it over peers.

A peer is a provider for tests, real as far as one can be had: it takes what it is given, and shows
on demand each of the faults that it can. A new channel adds its peer to `PEERS` in
`test_channels.py`, and nothing else.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol

from services.outreach.channels.clients.channel import Channel
from services.outreach.channels.domain.contract import Intent, Receipt, Sent
from services.outreach.channels.domain.parts import Parts
from shared import clock

# accept: as if all were well · refuse: never, this one · dead: never, nobody is there ·
# busy: not now, by the provider's own word · away: nobody listens · lost: the hand-over begins, is
# kept by the provider, and its answer never comes · dropped: the same, and the provider has nothing
Fault = Literal["accept", "refuse", "dead", "busy", "away", "lost", "dropped"]

CONTACTS = tuple(f"6f1c1d9a-2b7e-5c3d-9e4f-0123456789{n:02x}" for n in range(40))
AT = datetime(2027, 3, 3, 9, tzinfo=UTC)


class ChannelPeer(Protocol):
    """A provider for tests, and the channel that reaches it."""

    channel: Channel
    to: str
    parts: Parts
    faults: frozenset[Fault]  # that it can show
    can_find: bool  # whether it can say what it holds
    is_idempotent: bool  # whether it takes the same contact once, however often it is sent

    async def behave(self, fault: Fault) -> None: ...

    def held(self, contact_id: str) -> int:
        """How many messages of a contact the provider has."""

    def receipts(self, contact_id: str, provider_id: str) -> list[Receipt]:
        """What it says of one that has arrived, as our reader reads it; []: it says nothing."""


OpenPeer = Callable[[], AbstractAsyncContextManager[ChannelPeer]]


@dataclass
class Rendering:
    """The message of an intent, and how often it was asked for."""

    parts: Parts | None
    asked: int = 0
    before: Callable[[], Awaitable[None]] | None = None

    async def __call__(self) -> Parts | None:
        self.asked += 1
        if self.before is not None:
            await self.before()
        return self.parts


def intent(peer: ChannelPeer, contact_id: str, rendering: Rendering | None = None) -> Intent:
    return Intent(
        tenant="demo",
        contact_id=contact_id,
        to=peer.to,
        to_name="Ada Lovelace",
        deadline=clock.now() + timedelta(seconds=30),
        callback_token=contact_id,
        at=AT,
        language="en",
        parts=rendering or Rendering(peer.parts),
        since=clock.now() - timedelta(seconds=5),
        details={"step": "reminder", "tone": "friendly", "account_id": "C1"},
    )


async def hand_over(peer: ChannelPeer, contact_id: str) -> Sent:
    return await peer.channel.send(intent(peer, contact_id))

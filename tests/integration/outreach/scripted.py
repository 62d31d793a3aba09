"""A channel that does what a test says, in place of a provider: it takes everything by default."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from services.outreach.channels.clients.registry import MAIL_SERVER, ChannelRegistry, ProviderSetup
from services.outreach.channels.domain.contract import (
    Accepted,
    CannotSay,
    Found,
    Intent,
    Sent,
    Withdrawn,
)
from services.outreach.channels.domain.parts import Parts
from tests.integration.outreach.world import SENDER
from tests.unit.outreach.builders import LINKS


@dataclass
class ScriptedChannel:
    """`answers`: what becomes of an intent, once its message has been written."""

    answers: Callable[[Intent], Sent] = lambda intent: Accepted(f"p-{intent.contact_id}")
    finds: Callable[[Intent], Found] = lambda _intent: CannotSay()
    during: Callable[[Intent], Awaitable[None]] | None = None  # before it answers
    sent: list[Intent] = field(default_factory=list)
    written: list[Parts] = field(default_factory=list)  # of `sent`, in the same order
    asked: list[Intent] = field(default_factory=list)
    is_closed: bool = False
    at_once: int = 100

    async def send(self, intent: Intent) -> Sent:
        parts = await intent.parts()
        if parts is None:
            return Withdrawn()
        self.written.append(parts)
        self.sent.append(intent)
        if self.during is not None:
            await self.during(intent)
        return self.answers(intent)

    async def find(self, intent: Intent) -> Found:
        self.asked.append(intent)
        return self.finds(intent)

    async def close(self) -> None:
        self.is_closed = True


def over(channel: ScriptedChannel) -> ChannelRegistry:
    """All e-mail of all tenants goes over it."""

    def factory(_setup: ProviderSetup) -> ScriptedChannel:
        return channel

    return ChannelRegistry({"smtp": factory}, {MAIL_SERVER: "scripted"}, SENDER, LINKS)

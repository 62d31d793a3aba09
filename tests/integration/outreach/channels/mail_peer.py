"""A mail server as a peer of the channels' suite."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.outreach.channels.clients.channel import Channel
from services.outreach.channels.clients.factories import FACTORIES
from services.outreach.channels.clients.registry import ProviderSetup
from services.outreach.channels.domain.contract import Receipt
from services.outreach.channels.domain.parts import EmailParts, Parts
from services.outreach.channels.domain.tenant_settings import Provider, TenantSettings
from tests.integration.outreach.channels.suite import Fault
from tests.integration.outreach.peers import MailMode, MailSink, mail_sink
from tests.integration.outreach.world import SENDER
from tests.unit.outreach.builders import LINKS

_MODES: dict[Fault, MailMode] = {
    "accept": "accept",
    "refuse": "refuse-data",
    "dead": "refuse",
    "busy": "busy-sender",
    "away": "break",
    "lost": "drop",
}


PARTS = EmailParts("Your invoice", "Please pay.", "<p>Please pay.</p>")


@dataclass
class MailPeer:
    sink: MailSink
    channel: Channel
    to: str = "ada@example.com"
    parts: Parts = PARTS
    faults: frozenset[Fault] = frozenset(_MODES)
    can_find: bool = False
    is_idempotent: bool = False  # the Message-ID is the same: receivers can tell

    async def behave(self, fault: Fault) -> None:
        self.sink.mode = _MODES[fault]

    def held(self, contact_id: str) -> int:
        return sum(contact_id in str(message["Message-ID"]) for message in self.sink.messages)

    def receipts(self, contact_id: str, provider_id: str) -> list[Receipt]:
        return []  # a mail server says no more; bounces come by mail


@asynccontextmanager
async def mail_peer() -> AsyncIterator[MailPeer]:
    async with mail_sink() as sink:
        provider = Provider(channel="email", kind="smtp", secret="URL")
        setup = ProviderSetup(
            "demo", "mail", provider, TenantSettings(), SENDER, LINKS, {"URL": sink.url}
        )
        peer = MailPeer(sink, FACTORIES["smtp"](setup))
        try:
            yield peer
        finally:
            await peer.channel.close()

"""Operators of texts and calls as peers of the channels' suite."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from services.outreach.channels.clients import smpp as smpp_client
from services.outreach.channels.clients.channel import Channel
from services.outreach.channels.clients.dialler import DiallerChannel
from services.outreach.channels.clients.portal import PortalChannel
from services.outreach.channels.clients.smpp import SmppChannel, SmppSettings
from services.outreach.channels.clients.smpp_session import Smsc as SmscAddress
from services.outreach.channels.clients.twilio import TwilioCalls, TwilioSettings, TwilioTexts
from services.outreach.channels.domain.call_scripts import CallScript
from services.outreach.channels.domain.contract import Receipt
from services.outreach.channels.domain.parts import Parts, PortalParts, SmsParts, VoiceParts
from services.outreach.channels.domain.portal_messages import PortalMessage
from services.outreach.channels.domain.sms_parts import PartState, whole
from services.outreach.channels.domain.twilio import TwilioAccount, token_in
from services.outreach.channels.domain.twilio_events import TwilioReader
from shared import clock
from tests.integration.outreach.channels.kept import Kept
from tests.integration.outreach.channels.smsc import Smsc
from tests.integration.outreach.channels.suite import Fault
from tests.integration.outreach.channels.twilio_peer import AUTH, TwilioPeer, twilio_peer
from tests.integration.outreach.world import until

TEXT = SmsParts("Your invoice is overdue. Please pay.")
SCRIPT = VoiceParts("Good morning. Please pay.")
_STATUSES: dict[Fault, int | str] = {
    "accept": 0,
    "refuse": 0x45,
    "dead": 0x0B,
    "busy": 0x58,
    "lost": "cut",
    "dropped": "drop",
}
_ANSWERS: dict[Fault, tuple[int, int | None] | str | None] = {
    "accept": None,
    "refuse": (400, 21606),
    "dead": (400, 21211),
    "busy": (429, 20429),
    "lost": (502, None),
    "dropped": "dropped",
}


@dataclass
class SmppPeer:
    smsc: Smsc
    kept: Kept
    adapter: SmppChannel
    channel: Channel
    to: str = "+4915112345678"
    parts: Parts = TEXT
    faults: frozenset[Fault] = frozenset({*_STATUSES, "away"})
    can_find: bool = True
    is_idempotent: bool = False
    is_away: bool = False

    async def behave(self, fault: Fault) -> None:
        if fault == "away":
            await self.smsc.down()
            self.is_away = True
            return
        if self.is_away:
            await self.smsc.up()
        status = _STATUSES[fault]
        self.smsc.status = lambda to, count: status
        if not self.adapter.is_bound:
            self.adapter.listen()
            await until(lambda: self.adapter.is_bound)

    def held(self, contact_id: str) -> int:
        """Those of which no id came back are whoever's that asks."""
        owners = {p.message_id: text.contact_id for text in self.kept.sent for p in text.parts}
        mine = [m for m in self.smsc.submitted if owners.get(m.message_id, "") in ("", contact_id)]
        return len(mine) - self.smsc.refused

    def receipts(self, contact_id: str, provider_id: str) -> list[Receipt]:
        receipt = whole(contact_id, 1, [PartState("delivered", clock.now())])
        return [] if receipt is None else [receipt]


@asynccontextmanager
async def smpp_peer() -> AsyncIterator[SmppPeer]:
    async with Smsc() as smsc:
        kept = Kept()
        settings = SmppSettings("demo", "texts", SmscAddress.from_url(smsc.url), "+49555000")
        backoff, smpp_client.BACKOFF_SECONDS = smpp_client.BACKOFF_SECONDS, 0.01  # type: ignore[misc]
        channel = SmppChannel(settings, kept)
        try:
            yield SmppPeer(smsc, kept, channel, channel)
        finally:
            smpp_client.BACKOFF_SECONDS = backoff  # type: ignore[misc]
            await channel.close()


@dataclass
class HttpPeer:
    provider: TwilioPeer
    channel: Channel
    parts: Parts
    is_voice: bool
    to: str = "+4915112345678"
    faults: frozenset[Fault] = frozenset(_ANSWERS)
    can_find: bool = True
    is_idempotent: bool = False  # the API has no idempotency keys

    async def behave(self, fault: Fault) -> None:
        self.provider.fault = _ANSWERS[fault]

    def held(self, contact_id: str) -> int:
        urls = [item["status_callback"] for item in self.provider.created]
        return sum(token_in(url) == contact_id for url in urls)

    def receipts(self, contact_id: str, provider_id: str) -> list[Receipt]:
        url = f"https://pay.example.com/v1/providers/texts/events?contact={contact_id}"
        form = {"MessageSid": provider_id, "MessageStatus": "delivered"}
        if self.is_voice:
            form = {"CallSid": provider_id, "CallStatus": "busy"}
        reader = TwilioReader(AUTH, clock.now())
        return list(reader.receipts(self.provider.signed(url, form)))


@dataclass
class Shelf:
    scripts: dict[str, CallScript] = field(default_factory=dict)

    async def put(self, script: CallScript) -> None:
        self.scripts[script.token] = script


def _settings(peer: TwilioPeer) -> TwilioSettings:
    account = TwilioAccount.from_url(peer.url)
    return TwilioSettings("demo", "texts", account, "+49555000", "https://pay.example.com")


@asynccontextmanager
async def twilio_texts_peer() -> AsyncIterator[HttpPeer]:
    async with twilio_peer() as provider:
        channel = TwilioTexts(_settings(provider))
        yield HttpPeer(provider, channel, TEXT, is_voice=False)
        await channel.close()


@asynccontextmanager
async def twilio_calls_peer() -> AsyncIterator[HttpPeer]:
    async with twilio_peer() as provider:
        channel = TwilioCalls(_settings(provider), Shelf())
        yield HttpPeer(provider, channel, SCRIPT, is_voice=True)
        await channel.close()


@dataclass
class DiallerPeer:
    shelf: Shelf
    channel: Channel
    to: str = "+4915112345678"
    parts: Parts = SCRIPT
    faults: frozenset[Fault] = frozenset({"accept"})
    can_find: bool = False
    is_idempotent: bool = True

    async def behave(self, fault: Fault) -> None:
        assert fault == "accept"

    def held(self, contact_id: str) -> int:
        return int(contact_id in self.shelf.scripts)

    def receipts(self, contact_id: str, provider_id: str) -> list[Receipt]:
        return []  # it tells by its result


@asynccontextmanager
async def dialler_peer() -> AsyncIterator[DiallerPeer]:
    shelf = Shelf()
    yield DiallerPeer(shelf, DiallerChannel("demo", "calls", shelf))


class Mailbox:
    """Messages of the portal, kept in a dict."""

    def __init__(self) -> None:
        self.messages: dict[tuple[str, str], PortalMessage] = {}

    async def post(self, message: PortalMessage) -> None:
        self.messages.setdefault((message.tenant, message.contact_id), message)

    async def holds(self, tenant: str, contact_id: str) -> bool:
        return (tenant, contact_id) in self.messages


@dataclass
class PortalPeer:
    mailbox: Mailbox
    channel: Channel
    to: str = "portal"
    parts: Parts = field(default_factory=lambda: PortalParts("A message", "It is waiting."))
    faults: frozenset[Fault] = frozenset({"accept"})
    can_find: bool = True
    is_idempotent: bool = True

    async def behave(self, fault: Fault) -> None:
        assert fault == "accept"

    def held(self, contact_id: str) -> int:
        return int(("demo", contact_id) in self.mailbox.messages)

    def receipts(self, contact_id: str, provider_id: str) -> list[Receipt]:
        return []  # that somebody read it is told by his visit


@asynccontextmanager
async def portal_peer() -> AsyncIterator[PortalPeer]:
    mailbox = Mailbox()
    yield PortalPeer(mailbox, PortalChannel("demo", mailbox))

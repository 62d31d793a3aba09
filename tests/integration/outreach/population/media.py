"""All media of a tenant, over providers that answer by lot: the same contact in the same way each
time it is asked about. What was handed over is kept, for the referee."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.outreach.channels.clients.registry import (
    MAIL_SERVER,
    ChannelRegistry,
    Factory,
    ProviderSetup,
)
from services.outreach.channels.domain.contract import (
    Accepted,
    CannotSay,
    Found,
    Intent,
    Later,
    NotThere,
    Refused,
    Sent,
    Unknown,
    Withdrawn,
)
from tests.integration.outreach.world import SENDER
from tests.unit.outreach.builders import LINKS

SETTINGS = {
    "texts": {"channel": "sms", "kind": "twilio", "secret": "TEXTS", "from": "+4930123456"},
    "calls": {"channel": "voice", "kind": "twilio", "secret": "TEXTS", "from": "+4930123456"},
    "post": {"channel": "letter", "kind": "folder", "target": "letters"},
    "mail": {"channel": "email", "kind": "smtp", "secret": MAIL_SERVER,
             "from": "accounts@creditor.example", "reply_domain": "reply.example.com",
             "bounce_domain": "bounce.example.com"},
}  # fmt: skip


@dataclass(frozen=True)
class HandOver:
    """A message that reached a provider, and what it answered."""

    contact_id: str
    channel: str
    provider: str
    to: str
    at: datetime  # business time
    answer: Sent

    @property
    def may_have_left(self) -> bool:
        return isinstance(self.answer, Accepted | Unknown)


@dataclass
class Media:
    seed: int
    handed: list[HandOver] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)
    findings: dict[str, Found] = field(default_factory=dict)  # of those that are asked about

    def registry(self) -> ChannelRegistry:
        kinds: Sequence[str] = ("smtp", "twilio", "folder")
        factories: dict[str, Factory] = dict.fromkeys(kinds, self._open)
        environment = {MAIL_SERVER: "scripted", "TEXTS": "scripted"}
        return ChannelRegistry(factories, environment, SENDER, LINKS, is_local=True)

    def _open(self, setup: ProviderSetup) -> "LotChannel":
        return LotChannel(self, setup.provider.channel, setup.name)

    def answer(self, channel: str, contact_id: str) -> Sent:
        chance = random.Random(f"{self.seed} {contact_id} {self.tries[contact_id]}")
        self.tries[contact_id] += 1
        lot = chance.random()
        if lot < 0.03:
            return Unknown("lost")
        if lot < 0.07:
            return Refused("5.1.1" if channel == "email" else "21211", is_address_dead=True)
        if lot < 0.09:
            return Refused("blocked")
        if lot < 0.10:
            return Refused("21610", is_consent_revoked=True)
        if lot < 0.14:
            blame = chance.choice(("recipient", "unclear"))
            return Later("busy", blame=blame)  # type: ignore[arg-type]
        return Accepted(f"p-{contact_id}")

    def find(self, contact_id: str) -> Found:
        chance = random.Random(f"{self.seed} find {contact_id}")
        found = chance.choice((Accepted(f"p-{contact_id}"), NotThere(), CannotSay()))
        self.findings[contact_id] = found
        return found


@dataclass
class LotChannel:
    """One of the media."""

    media: Media
    channel: str
    name: str
    at_once: int = 8

    async def send(self, intent: Intent) -> Sent:
        if await intent.parts() is None:
            return Withdrawn()
        answer = self.media.answer(self.channel, intent.contact_id)
        self.media.handed.append(
            HandOver(intent.contact_id, self.channel, self.name, intent.to, intent.at, answer)
        )
        return answer

    async def find(self, intent: Intent) -> Found:
        return self.media.find(intent.contact_id)

    async def close(self) -> None:
        """Nothing is open."""

"""An endpoint of the tenant's, which takes contacts over, as a peer of the channels' suite."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.outreach.channels.clients.channel import Channel
from services.outreach.channels.clients.factories import FACTORIES
from services.outreach.channels.clients.registry import ProviderSetup
from services.outreach.channels.domain.contract import Receipt
from services.outreach.channels.domain.parts import Parts, WebhookParts
from services.outreach.channels.domain.tenant_settings import Provider, TenantSettings
from tests.integration.outreach.channels.suite import Fault
from tests.integration.outreach.webhook_peer import WebhookPeer, webhook_peer
from tests.integration.outreach.world import SENDER
from tests.unit.outreach.builders import LINKS

DATA = WebhookParts(b'{"type":"contact-due"}')
SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
_STATUSES: dict[Fault, int] = {"accept": 200, "refuse": 410, "busy": 503, "away": 0}


@dataclass
class EndpointPeer:
    """It knows a contact by its `webhook-id`: a repeat is harmless, so nothing is ever unclear, and
    it has no addresses that could be dead."""

    endpoint: WebhookPeer
    channel: Channel
    to: str = ""
    parts: Parts = DATA
    faults: frozenset[Fault] = frozenset(_STATUSES)
    can_find: bool = False
    is_idempotent: bool = True

    async def behave(self, fault: Fault) -> None:
        self.endpoint.answers["/due"] = [_STATUSES[fault]]
        self.endpoint.seen.clear()  # what it did not take it does not have

    def held(self, contact_id: str) -> int:
        if self.endpoint.answers.get("/due", [200]) != [200]:
            return 0
        seen = self.endpoint.taken("/due")
        return len({each.headers["webhook-id"] for each in seen} & {contact_id})

    def receipts(self, contact_id: str, provider_id: str) -> list[Receipt]:
        return []


@asynccontextmanager
async def endpoint_peer() -> AsyncIterator[EndpointPeer]:
    async with webhook_peer() as endpoint:
        target = f"{endpoint.url}/due"
        provider = Provider(channel="webhook", kind="webhook", secret="HOOK", target=target)
        setup = ProviderSetup(
            "demo", "due", provider, TenantSettings(), SENDER, LINKS, {"HOOK": SECRET},
            is_local=True,
        )  # fmt: skip
        peer = EndpointPeer(endpoint, FACTORIES["webhook"](setup))
        try:
            yield peer
        finally:
            await peer.channel.close()

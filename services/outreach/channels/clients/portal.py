"""The portal as a channel: a message is stored, and read by whoever has shown there who he is. It
is stored under its contact, so that a repeat changes nothing."""

from services.outreach.channels.clients.carried import parts_in_time
from services.outreach.channels.clients.channel_log import PortalShelf
from services.outreach.channels.clients.registry import ProviderSetup
from services.outreach.channels.domain.contract import (
    Accepted,
    Found,
    Intent,
    NotThere,
    Sent,
)
from services.outreach.channels.domain.parts import PortalParts
from services.outreach.channels.domain.portal_messages import PortalMessage


class PortalChannel:
    def __init__(self, tenant: str, shelf: PortalShelf) -> None:
        self._tenant = tenant
        self._shelf = shelf

    async def send(self, intent: Intent) -> Sent:
        parts = await parts_in_time(intent, PortalParts)
        if not isinstance(parts, PortalParts):
            return parts
        await self._shelf.post(
            PortalMessage(
                self._tenant,
                intent.contact_id,
                parts.title,
                parts.text,
                intent.language,
                intent.at,
            )
        )
        return Accepted(intent.contact_id)

    async def find(self, intent: Intent) -> Found:
        is_there = await self._shelf.holds(self._tenant, intent.contact_id)
        return Accepted(intent.contact_id) if is_there else NotThere()

    async def close(self) -> None:
        """It holds nothing."""


def open_portal(shelf: PortalShelf, setup: ProviderSetup) -> PortalChannel:
    """Of a provider of the kind `portal`."""
    return PortalChannel(setup.tenant, shelf)

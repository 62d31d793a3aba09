"""Where adapters keep what they learn. `processes/channel_log.py` keeps it in the database."""

from collections.abc import Sequence
from typing import Protocol

from services.outreach.channels.domain.call_scripts import CallScript
from services.outreach.channels.domain.portal_messages import PortalMessage
from services.outreach.channels.domain.smpp_receipts import PartReceipt
from services.outreach.channels.domain.sms_parts import InboundPart, SentText


class TextLog(Protocol):
    """Of texts. Whatever is kept twice changes nothing."""

    async def submitted(self, text: SentText) -> None: ...

    async def received(self, tenant: str, provider: str, receipt: PartReceipt) -> None: ...

    async def arrived(self, part: InboundPart) -> None: ...

    async def message_ids(self, tenant: str, provider: str, contact_id: str) -> Sequence[str]: ...


class ScriptShelf(Protocol):
    """Of what calls say."""

    async def put(self, script: CallScript) -> None: ...


class PortalShelf(Protocol):
    """Of messages that wait in the portal."""

    async def post(self, message: PortalMessage) -> None: ...

    async def holds(self, tenant: str, contact_id: str) -> bool: ...


class ChannelLog(TextLog, ScriptShelf, PortalShelf, Protocol):
    """All of it."""

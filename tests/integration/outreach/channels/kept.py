"""A log of texts in memory, for tests of adapters."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.outreach.channels.domain.smpp_receipts import PartReceipt
from services.outreach.channels.domain.sms_parts import InboundPart, SentText


@dataclass
class Kept:
    """A log of texts in memory."""

    sent: list[SentText] = field(default_factory=list)
    receipts: list[PartReceipt] = field(default_factory=list)
    inbound: list[InboundPart] = field(default_factory=list)
    fails: bool = False

    async def submitted(self, text: SentText) -> None:
        self.sent.append(text)

    async def received(self, tenant: str, provider: str, receipt: PartReceipt) -> None:
        if self.fails:
            raise RuntimeError("the database is away")
        self.receipts.append(receipt)

    async def arrived(self, part: InboundPart) -> None:
        if self.fails:
            raise RuntimeError("the database is away")
        self.inbound.append(part)

    async def message_ids(self, tenant: str, provider: str, contact_id: str) -> Sequence[str]:
        return [
            part.message_id
            for text in self.sent
            if text.contact_id == contact_id
            for part in text.parts
            if part.message_id
        ]

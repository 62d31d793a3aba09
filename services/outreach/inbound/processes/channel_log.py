"""What adapters learn, taken where it belongs: receipts into their contacts, messages into what
comes in."""

from collections.abc import Sequence
from datetime import datetime

from services.outreach.channels.domain.contract import Receipt
from services.outreach.channels.domain.inbound_messages import InboundText
from services.outreach.channels.domain.links import Links
from services.outreach.channels.processes.channel_log import DatabaseChannelLog
from services.outreach.dunning.commands.receipts import take_receipts
from services.outreach.inbound.commands.items import keep_item
from services.outreach.inbound.domain.items import new_text
from shared.business_time import Clock
from shared.database import Database, Session


def open_channel_log(db: Database, clock_mode: Clock, links: Links) -> DatabaseChannelLog:
    """The log of a process."""

    async def take(
        session: Session, tenant: str, now: datetime, receipts: Sequence[Receipt]
    ) -> None:
        await take_receipts(session, tenant, now, receipts, links=links, clock_mode=clock_mode)

    async def keep(message: InboundText) -> None:
        async with db.transaction() as session:
            await keep_item(session, message.tenant, clock_mode, new_text(message))

    return DatabaseChannelLog(db, take, keep)

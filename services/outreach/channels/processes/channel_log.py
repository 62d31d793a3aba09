"""Where adapters keep what they learn: each time in a transaction of its own."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from services.outreach.channels.commands.texts import keep_sent_text, take_part_receipt
from services.outreach.channels.domain.call_scripts import SCRIPT_KEPT_FOR, CallScript
from services.outreach.channels.domain.contract import Receipt
from services.outreach.channels.domain.inbound_messages import InboundText, TakeInbound
from services.outreach.channels.domain.portal_messages import PortalMessage
from services.outreach.channels.domain.smpp_receipts import PartReceipt
from services.outreach.channels.domain.sms_parts import InboundPart, SentText, joined
from services.outreach.channels.store import text_parts as store
from services.outreach.channels.store.call_scripts import delete_scripts, upsert_script
from services.outreach.channels.store.portal_messages import has_message, insert_message
from shared import clock
from shared.database import Database, Session
from shared.process.failures import survived

INCOMPLETE_AFTER = timedelta(minutes=10)  # without a further part; then what there is, is handed on
_INCOMPLETE_MAX = 100  # at a time

# Takes what is to be said of contacts, in the caller's transaction.
TakeReceipts = Callable[[Session, str, datetime, Sequence[Receipt]], Awaitable[None]]


class DatabaseChannelLog:
    """The log of all tenants' channels, in the database."""

    def __init__(
        self, db: Database, take_receipts: TakeReceipts, take_inbound: TakeInbound
    ) -> None:
        self._db = db
        self._take_receipts = take_receipts
        self._take_inbound = take_inbound

    async def submitted(self, text: SentText) -> None:
        now = clock.now()
        async with self._db.transaction() as session:
            receipt = await keep_sent_text(session, text, now)
            await self._say(session, text.tenant, now, receipt)

    async def received(self, tenant: str, provider: str, receipt: PartReceipt) -> None:
        now = clock.now()
        async with self._db.transaction() as session:
            whole = await take_part_receipt(session, tenant, provider, receipt, now)
            await self._say(session, tenant, now, whole)

    async def arrived(self, part: InboundPart) -> None:
        """Kept, and handed on when it is whole."""
        if part.total == 1:
            await self._hand_on([part])
            return
        async with self._db.transaction() as session:
            await store.upsert_inbound(session, part)
            parts = await store.list_inbound(session, part.tenant, part.provider, part.key)
        if len(parts) == part.total:
            await self._hand_on(parts)

    async def message_ids(self, tenant: str, provider: str, contact_id: str) -> Sequence[str]:
        async with self._db.reading() as session:
            return await store.list_message_ids(session, tenant, provider, contact_id)

    async def put(self, script: CallScript) -> None:
        async with self._db.transaction() as session:
            await upsert_script(session, script, clock.now())

    async def post(self, message: PortalMessage) -> None:
        async with self._db.transaction() as session:
            await insert_message(session, message)

    async def holds(self, tenant: str, contact_id: str) -> bool:
        async with self._db.reading() as session:
            return await has_message(session, tenant, contact_id)

    async def tidy(self, now: datetime) -> None:
        """What waited for long enough: parts for their rest, scripts for their call."""
        async with self._db.transaction() as session:
            await delete_scripts(session, now - SCRIPT_KEPT_FOR)
        await self.hand_on_incomplete(now)

    async def hand_on_incomplete(self, now: datetime) -> None:
        """Messages whose other parts never came, with what there is of them."""
        async with self._db.reading() as session:
            found = await store.list_incomplete(session, now - INCOMPLETE_AFTER, _INCOMPLETE_MAX)
        for tenant, provider, key in found:
            with survived("outreach", "texts", tenant=tenant, provider=provider):
                async with self._db.reading() as session:
                    parts = await store.list_inbound(session, tenant, provider, key)
                await self._hand_on(parts)

    async def _hand_on(self, parts: Sequence[InboundPart]) -> None:
        message: InboundText = joined(parts)
        await self._take_inbound(message)
        if parts[0].total > 1:
            async with self._db.transaction() as session:
                await store.delete_inbound(
                    session, parts[0].tenant, parts[0].provider, parts[0].key
                )

    async def _say(
        self, session: Session, tenant: str, now: datetime, receipt: Receipt | None
    ) -> None:
        if receipt is not None:
            await self._take_receipts(session, tenant, now, [receipt])

"""Texts in parts: what left, and what its receipts say of it. Each gives what is now to be said of
the contact; the same again changes nothing."""

from datetime import datetime

from services.outreach.channels.domain.contract import Receipt
from services.outreach.channels.domain.smpp_receipts import PartReceipt
from services.outreach.channels.domain.sms_parts import PartState, SentText, risen, whole
from services.outreach.channels.store import text_parts as store
from shared.database import Session


async def keep_sent_text(session: Session, text: SentText, now: datetime) -> Receipt | None:
    """What left; receipts that came before it count from now on."""
    await store.lock_texts(session, text.tenant, text.contact_id)
    for part in text.parts:
        await store.upsert_part(session, text, part, now)
    return await _whole(session, text.tenant, text.contact_id)


async def take_part_receipt(
    session: Session, tenant: str, provider: str, receipt: PartReceipt, now: datetime
) -> Receipt | None:
    """None: nothing is to be said, or not yet."""
    if await store.insert_receipt(session, tenant, provider, receipt, now):
        return None
    owner = await store.find_owner(session, tenant, provider, receipt.part_id)
    if owner is not None:  # before the row, as whoever keeps a text does
        await store.lock_texts(session, tenant, owner)
    found = await store.lock_part(session, tenant, provider, receipt.part_id)
    if found is None:  # forgotten between the two
        return None
    contact_id, before = found
    if contact_id is not None and contact_id != owner:
        await store.lock_texts(session, tenant, contact_id)
    heard = PartState(receipt.state, receipt.at, receipt.code, receipt.is_address_dead)
    after = risen(before, heard)
    if after != before:
        await store.update_state(session, tenant, provider, receipt.part_id, after)
    if contact_id is None:
        return None
    return await _whole(session, tenant, contact_id)


async def _whole(session: Session, tenant: str, contact_id: str) -> Receipt | None:
    text = await store.find_text(session, tenant, contact_id)
    return None if text is None else whole(text.token, text.total, text.states)

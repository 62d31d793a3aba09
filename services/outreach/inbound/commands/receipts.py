"""What is told of messages of ours goes into the contacts that they are about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.outreach.channels.domain.contract import Receipt
from services.outreach.channels.domain.links import Links
from services.outreach.channels.domain.tokens import TokenLetter, read_address_token
from services.outreach.dunning.commands import receipts as contacts
from shared import clock
from shared.business_time import Clock
from shared.database import Session

_LETTERS: tuple[TokenLetter, ...] = ("c", "b", "r", "u")


async def take_receipts(
    session: Session,
    tenant: str,
    clock_mode: Clock,
    links: Links,
    receipts: Sequence[Receipt],
) -> None:
    """In any order, again and again: a contact's state only rises."""
    await contacts.take_receipts(
        session,
        tenant,
        clock.now(),
        [_named(receipt, links) for receipt in receipts],
        links=links,
        clock_mode=clock_mode,
    )


async def note_answered(
    session: Session, tenant: str, clock_mode: Clock, links: Links, contact_id: str, at: datetime
) -> None:
    """Who answers a message has got it: one that was in doubt has left."""
    receipt = Receipt("sent", at, token=contact_id, code="answered")
    await take_receipts(session, tenant, clock_mode, links, [receipt])


def _named(receipt: Receipt, links: Links) -> Receipt:
    """With the contact's id in place of a token of ours, whichever letter it is for."""
    if receipt.token is None:
        return receipt
    found = (read_address_token(each, receipt.token, links.keys.all) for each in _LETTERS)
    contact_id = next((each for each in found if each is not None), None)
    return receipt if contact_id is None else replace(receipt, token=contact_id)

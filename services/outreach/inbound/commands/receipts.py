"""Receipts of providers go into the contacts that they are about."""

from collections.abc import Sequence
from datetime import datetime

from services.outreach.channels.domain.contract import Receipt
from shared.database import Session
from shared.errors import Unavailable


async def take_receipts(
    session: Session, tenant: str, now: datetime, receipts: Sequence[Receipt]
) -> None:
    """What providers say, in any order, again and again."""
    raise Unavailable("receipts are not taken yet")

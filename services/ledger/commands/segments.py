"""Segments of accounts: what segmentation says of them, as policies ask for it."""

from collections.abc import Sequence
from datetime import datetime

from services.ledger.store.journal import AccountKey
from services.ledger.store.segments import upsert_segments
from shared.database import Session
from shared.events import Received
from shared.events.segmentation import SegmentChanged


async def take_segments(session: Session, events: Sequence[Received]) -> None:
    """One ordered batch: the last of an account holds."""
    last: dict[AccountKey, tuple[str, datetime]] = {}
    for event in events:
        changed: SegmentChanged = event.decode()
        last[event.tenant, event.key] = (changed.to_segment, event.time)
    if last:
        await upsert_segments(session, last)

"""What metrics announces itself: all of it for a whole tenant, in the tenant's order."""

from collections.abc import Iterable
from datetime import datetime

from shared.database import Session
from shared.events import METRICS, Announcement, Event
from shared.log import outbox


def announce(
    session: Session, tenant: str, recorded_at: datetime, announced: Iterable[Announcement]
) -> None:
    """Append to the outbox, as recorded at an instant of business time."""
    outbox.append(
        session,
        [
            Event.of(each, topic=METRICS, tenant=tenant, key="", recordedtime=recorded_at)
            for each in announced
        ],
    )

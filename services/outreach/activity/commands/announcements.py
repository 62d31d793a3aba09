"""Announce events: publish each, and note it in the timeline of every account that it covers, and
in its contact record where it is about a contact; and tell the business time of an account."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from services.outreach.activity.commands.contact_record import record_events
from services.outreach.activity.domain.timeline import TimelineEntry
from services.outreach.activity.store import timeline
from services.outreach.activity.store.accounts import find_business_instant
from services.outreach.activity.store.business_times import get_business_time
from shared import business_time, clock
from shared.business_time import Clock
from shared.database import Session
from shared.events import Event
from shared.log import outbox

# A platform's clock may be a little ahead of ours.
CLOCK_SKEW_MAX = timedelta(minutes=2)

CoveredEvent = tuple[Event, tuple[str, ...]]  # with the accounts it covers


async def announce(
    session: Session, tenant: str, recorded_at: datetime, entries: Iterable[TimelineEntry]
) -> None:
    """What the rules have decided to announce, all recorded at one instant."""
    await announce_events(
        session, [(entry.event(tenant, recorded_at), entry.accounts) for entry in entries]
    )


async def announce_events(session: Session, events: Sequence[CoveredEvent]) -> None:
    """Events as they are, each under the accounts it covers."""
    await timeline.insert_announced(session, events)
    record_events(session, events)
    outbox.append(session, [event for event, _ in events])


async def tenant_now(session: Session, clock_mode: Clock, tenant: str) -> datetime:
    """The instant of business time at which something is recorded that no run has brought."""
    latest = await get_business_time(session, tenant) if clock_mode == "manual" else None
    return business_time.business_now(clock_mode, clock.now(), latest)


async def account_now(
    session: Session, clock_mode: Clock, tenant: str, account_id: str
) -> datetime:
    """The instant of business time at which something without an instant of its own is recorded."""
    latest = None
    if clock_mode == "manual":
        latest = await find_business_instant(session, tenant, account_id)
    return business_time.business_now(clock_mode, clock.now(), latest)


def refuse_future(clock_mode: Clock, at: datetime) -> None:
    """With the system clock nobody can have asked for something tomorrow; a manual clock may come
    to it."""
    business_time.refuse_future(clock_mode, clock.now() + CLOCK_SKEW_MAX, at=at)

"""What is announced of visitors: that they came, and the strongest of what they did, once a day."""

from collections.abc import Collection
from datetime import date, datetime

from services.outreach.activity.domain import desk_events
from services.outreach.activity.domain.timeline import TimelineEntry
from services.outreach.portal.domain.links import KnownLink, LinkAccount
from shared import ids
from shared.events import outreach

VISIT = "visit"
AGREED = frozenset({"promise", "plan", "settlement", "dispute"})


def is_outweighed(deed: str, before: Collection[str]) -> bool:
    """Whether what the visitor did earlier that day says more: after a promise he may still thank
    us, and the visit has ended in a promise all the same."""
    return deed not in AGREED and not AGREED.isdisjoint(before)


def visited(
    link: KnownLink, account: LinkAccount, level: int, at: datetime, day: date
) -> TimelineEntry:
    data = outreach.PortalVisited(
        account_id=account.account_id, contact_id=link.contact_id, level=level, visited_at=at
    )
    entity = f"{link.name} {day}"
    return desk_events.entry(
        "portal-visited", entity, VISIT, at, account.zone, data, (account.account_id,)
    )


def touched(
    link: KnownLink, account: LinkAccount, deed: str, at: datetime, day: date
) -> TimelineEntry:
    """Who has shown who he is, is the right person. What he did last is announced last, unless it
    is outweighed."""
    touch_id = ids.event_id(link.tenant, "outreach", "portal-touch", link.name, str(day))
    data = outreach.RightPartyContacted(
        touch_id=touch_id,
        account_id=account.account_id,
        contact_id=link.contact_id,
        channel="portal",
        outcome=deed,
        touched_at=at,
    )
    return desk_events.entry(
        "right-party-contacted", touch_id, deed, at, account.zone, data, (account.account_id,)
    )


def not_them(link: KnownLink, account: LinkAccount, at: datetime) -> TimelineEntry:
    touch_id = ids.event_id(link.tenant, "outreach", "portal-touch", link.name, "not-me")
    data = outreach.WrongPartyContacted(
        touch_id=touch_id,
        account_id=account.account_id,
        contact_id=link.contact_id,
        channel="portal",
        outcome="wrong-party",
        touched_at=at,
    )
    return desk_events.entry(
        "wrong-party-contacted", touch_id, "not-me", at, account.zone, data, (account.account_id,)
    )


def thought(
    link: KnownLink, account: LinkAccount, feedback_id: str, score: int, at: datetime
) -> TimelineEntry:
    data = outreach.FeedbackReceived(
        feedback_id=feedback_id,
        account_id=account.account_id,
        contact_id=link.contact_id,
        channel=link.channel,  # of the message that brought him
        score=score,
        received_at=at,
    )
    return desk_events.entry(
        "feedback-received", feedback_id, "given", at, account.zone, data, (account.account_id,)
    )

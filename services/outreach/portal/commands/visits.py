"""Note that a visitor came, and what he did: once a day each."""

from services.outreach.activity.commands import announce, tenant_now
from services.outreach.activity.domain.timeline import TimelineEntry
from services.outreach.activity.store.debtors import mark_dirty
from services.outreach.channels.domain.links import Links
from services.outreach.inbound.commands.receipts import note_answered
from services.outreach.portal.domain import visits as rules
from services.outreach.portal.domain.links import KnownLink, LinkAccount, zone_name
from services.outreach.portal.store import links as store
from shared.business_time import Clock
from shared.clock import local_day
from shared.database import Session


async def note_visit(
    session: Session,
    clock_mode: Clock,
    links: Links,
    link: KnownLink,
    account: LinkAccount,
    level: int,
    deed: str = rules.VISIT,
) -> None:
    """Of one who has shown who he is: he is the right person, and the message that brought him here
    has arrived."""
    at = await tenant_now(session, clock_mode, link.tenant)
    day = local_day(at, zone_name(account.zone))
    if link.visited_on == day and deed in (*link.deeds, rules.VISIT):
        return
    locked = await store.lock_link(session, link.link_id)
    if locked is None:
        return
    is_first = locked.visited_on != day
    deeds = () if is_first else locked.deeds
    if deed in deeds or (deed == rules.VISIT and not is_first):
        return
    await mark_dirty(session, {(link.tenant, link.debtor_key)})
    entries: list[TimelineEntry] = []
    if is_first:
        entries.append(rules.visited(link, account, level, at, day))
        await note_answered(session, link.tenant, clock_mode, links, link.contact_id, at)
    if not rules.is_outweighed(deed, deeds):
        entries.append(rules.touched(link, account, deed, at, day))
    await store.save_visit(session, link.link_id, day, [*deeds, deed])
    await announce(session, link.tenant, at, entries)

"""A new link for whoever had one, to the same address. The answer never says whether there was one:
it is given before anything is looked up."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.outreach.activity.commands import tenant_now
from services.outreach.activity.domain.portal_links import NewLink
from services.outreach.activity.store.portal_links import upsert_links
from services.outreach.channels.domain.tokens import portal_link_id, read_portal_link
from services.outreach.channels.store import get_settings
from services.outreach.context import Context
from services.outreach.dunning.domain.service_messages import ServiceMessage
from services.outreach.dunning.processes.service_messages import send_now
from services.outreach.portal.domain.links import (
    RENEWALS_A_DAY,
    KnownLink,
    main_account,
    of_today,
    recent,
)
from services.outreach.portal.store import links as store
from services.outreach.portal.store.addresses import ReachedAt, list_usable
from shared import clock
from shared.database import Session
from shared.process.failures import survived

_NEVER_AGAIN = frozenset({"not-me", "erased"})


@dataclass(frozen=True)
class _Renewal:
    """What is to be sent, to whom."""

    link: KnownLink
    contact: str  # of which the new link is made
    to: ReachedAt = field(repr=False)
    at: datetime
    expires_at: datetime


async def send_new_link(context: Context, token: str, language: str) -> None:
    """Three a day, to an address that is still the debtor's, works, and wants messages."""
    with survived("outreach", "portal-link"):
        genuine = read_portal_link(token, context.links.keys.all)
        if genuine is None:
            return
        async with context.db.transaction() as session:
            renewal = await _renew(context, session, genuine.link_id)
        if renewal is None:
            return
        message = ServiceMessage(
            template="new-link",
            account_id=renewal.to.account_id,
            channel=renewal.to.channel,
            address=renewal.to.address,
            cause=renewal.contact,
            asked_at=renewal.at,
            language=language,
            portal_url=context.links.portal(
                renewal.link.tenant, renewal.contact, renewal.expires_at
            ),
        )
        await send_now(context, renewal.link.tenant, message)


async def _renew(context: Context, session: Session, link_id: bytes) -> _Renewal | None:
    link = await store.lock_link(session, link_id)
    if link is None or link.ended_because in _NEVER_AGAIN or link.mark is None:
        return None
    tenant, now = link.tenant, clock.now()
    accounts = await store.list_accounts(session, tenant, link.debtor_key)
    if not accounts:
        return None
    main = main_account(accounts, await store.list_covered(session, tenant, link.contact_id))
    made, renewed_at = await store.list_renewals(session, tenant, link.contact_id)
    if of_today(renewed_at, main.zone, now) >= RENEWALS_A_DAY:
        return None
    at = await tenant_now(session, context.clock, tenant)
    ids = [each.account_id for each in accounts]
    usable = await list_usable(session, tenant, ids, at)
    to = next((to for to in usable if to.channel == link.channel and to.mark == link.mark), None)
    if to is None:
        return None
    settings = (await get_settings(session, tenant)).settings
    contact = f"{link.contact_id}/{made}"
    expires_at = at + timedelta(days=settings.portal.link_days)
    new = NewLink(
        portal_link_id(tenant, contact, context.links.keys.signing),
        link.contact_id,
        link.debtor_key,
        link.channel,
        link.mark,
        expires_at,
    )
    await upsert_links(session, tenant, [new], at)
    await store.save_renewal(session, link_id, (*recent(link.renewed_at, now), now))
    return _Renewal(link, contact, to, at, expires_at)

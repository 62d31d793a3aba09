"""A new link for whoever had one, to the same address. The answer never says whether there was one:
it is given before anything is looked up."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.outreach.activity.commands import tenant_now
from services.outreach.activity.domain.portal_links import NewLink
from services.outreach.activity.store.portal_links import upsert_links
from services.outreach.channels.domain.creditors import creditor_of
from services.outreach.channels.domain.languages import language_chain
from services.outreach.channels.domain.message_values import MessageValues
from services.outreach.channels.domain.parts import Parts
from services.outreach.channels.domain.rendering import NotWritten
from services.outreach.channels.domain.tenant_settings import TenantSettings
from services.outreach.channels.domain.tokens import portal_link_id, read_portal_link
from services.outreach.channels.processes.templates import with_templates
from services.outreach.channels.store import get_settings
from services.outreach.context import Context
from services.outreach.debtors.store.people import find_people
from services.outreach.portal.domain.links import (
    RENEWALS_A_DAY,
    KnownLink,
    LinkAccount,
    main_account,
    of_today,
    recent,
)
from services.outreach.portal.processes.sending import send_now
from services.outreach.portal.store import links as store
from services.outreach.portal.store.addresses import ReachedAt, list_usable
from shared import clock
from shared.database import Session
from shared.process import telemetry
from shared.process.failures import survived

TEMPLATE = "new-link"
_NEVER_AGAIN = frozenset({"not-me", "erased"})
log = telemetry.logger(__name__)


@dataclass(frozen=True)
class _Renewal:
    """What is to be sent, to whom."""

    link: KnownLink
    contact: str  # of which the new link is made
    to: ReachedAt = field(repr=False)
    account: LinkAccount
    name: str = field(repr=False)
    settings: TenantSettings = field(repr=False)
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
        parts = await _written(context, renewal, language)
        if parts is not None:
            await send_now(
                context,
                renewal.link.tenant,
                renewal.to,
                parts,
                what=TEMPLATE,
                cause=renewal.contact,
                language=language,
                name=renewal.name,
                at=renewal.at,
            )


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
    people = await find_people(session, tenant, [to.account_id])
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
    name = people[to.account_id].name if to.account_id in people else ""
    return _Renewal(link, contact, to, main, name, settings, at, expires_at)


async def _written(context: Context, renewal: _Renewal, language: str) -> Parts | None:
    tenant = renewal.link.tenant
    context = await with_templates(context, tenant, renewal.at)
    languages = language_chain(language, renewal.settings.language)
    template = context.content.templates.find(TEMPLATE)
    if template is None:
        return None
    values = MessageValues(
        name=renewal.name,
        creditor=creditor_of(renewal.settings, context.sender),
        portal_url=context.links.portal(tenant, renewal.contact, renewal.expires_at),
        country=renewal.account.country,
    )
    try:
        return context.templates.render(template, renewal.link.channel, languages, values)
    except NotWritten as error:
        log.error("new link not written", tenant=tenant, reason=error.reason)
        return None

"""One-time codes: to an address that has been known for a while. Whoever asks is never told whether
one was sent."""

from dataclasses import replace

from services.outreach.context import Context
from services.outreach.dunning.domain.service_messages import ServiceMessage
from services.outreach.dunning.processes.service_messages import send_now
from services.outreach.portal.domain import codes as rules
from services.outreach.portal.domain.codes import ADDRESS_KNOWN_FOR, CODE_LASTS, SentCode
from services.outreach.portal.domain.identification import needs_code
from services.outreach.portal.domain.links import recent
from services.outreach.portal.processes.doorway import LinkGone, OpenLink, Visitor
from services.outreach.portal.processes.identification import what_is_known
from services.outreach.portal.store import links as store
from services.outreach.portal.store.addresses import ReachedAt, list_usable
from shared import clock
from shared.database import Session
from shared.process.failures import survived


async def send_code(context: Context, token: str, visitor: Visitor | None, language: str) -> None:
    """Nothing happens without a link that opens, where other things are known that could be asked,
    or after too many codes or wrong answers."""
    with survived("outreach", "portal-code"):
        found: OpenLink
        if visitor is not None:
            found = visitor
        else:
            try:
                found, known = await what_is_known(context, token, language)
            except LinkGone:
                return
            if not needs_code(known):
                return
        await _send(context, found, language)


async def _send(context: Context, found: OpenLink, language: str) -> None:
    now, code = clock.now(), rules.new_code()
    async with context.db.transaction() as session:
        link = await store.lock_link(session, found.link.link_id)
        zone = found.main.zone
        if link is None or not link.is_open(found.at) or link.locked_until(zone, now) is not None:
            return
        if not link.may_send_code(zone, now):
            return
        to = await _where(context, session, found)
        if to is None:
            return
        secret = context.links.keys.signing.secret
        kept = SentCode(rules.mark_of(code, secret, link.link_id), now + CODE_LASTS)
        link = replace(link, codes_at=(*recent(link.codes_at, now), now))
        await store.save_code(session, link.link_id, kept, link.codes_at)
    message = ServiceMessage(
        template="code",
        account_id=to.account_id,
        channel=to.channel,
        address=to.address,
        cause=f"{link.name} {now.isoformat()}",
        asked_at=found.at,
        language=language,
        code=code,
    )
    await send_now(context, link.tenant, message)


async def _where(context: Context, session: Session, found: OpenLink) -> ReachedAt | None:
    """The address that had the link, if it may; else another one: e-mail first."""
    ids = [each.account_id for each in found.accounts]
    known_by = found.at - ADDRESS_KNOWN_FOR
    usable = await list_usable(session, found.link.tenant, ids, known_by)
    own = [to for to in usable if to.mark == found.link.mark]
    return next(iter([*own, *usable]), None)

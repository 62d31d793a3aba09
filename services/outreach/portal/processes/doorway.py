"""Who stands at the door: which link a token is, and whether it opens anything; whose session a
cookie is."""

from dataclasses import dataclass, field
from datetime import datetime

from services.outreach.activity.commands import tenant_now
from services.outreach.channels.domain.creditors import creditor_of
from services.outreach.channels.domain.message_values import CreditorDetails
from services.outreach.channels.domain.tokens import read_portal_link
from services.outreach.channels.store import get_settings
from services.outreach.context import Context
from services.outreach.portal.commands.visits import note_visit
from services.outreach.portal.domain.links import KnownLink, LinkAccount, main_account
from services.outreach.portal.domain.sessions import IDLE_MAX, Level, token_hash
from services.outreach.portal.store import links as store
from services.outreach.portal.store import sessions as session_store
from shared import clock
from shared.database import Session
from shared.errors import NotFound, Unauthenticated

NOBODYS = bytes(10)  # no link has it: a forged one is looked for as long as a genuine one


class LinkGone(NotFound):
    """Forged, unknown, expired or ended: nobody learns which."""


@dataclass(frozen=True)
class OpenLink:
    """A link that opens, with the accounts of its debtor."""

    link: KnownLink
    accounts: tuple[LinkAccount, ...]
    main: LinkAccount
    at: datetime  # business time


@dataclass(frozen=True)
class Visitor(OpenLink):
    """Who has shown who he is."""

    level: Level
    language: str
    token_hash: bytes = field(repr=False)

    @property
    def tenant(self) -> str:
        return self.link.tenant


async def open_link(context: Context, session: Session, token: str, language: str) -> OpenLink:
    """Raises `LinkGone`, in the same words after the same work, whatever is wrong with it."""
    genuine = read_portal_link(token, context.links.keys.all)
    link = await store.find_link(session, NOBODYS if genuine is None else genuine.link_id)
    found = await _opened(context, session, link)
    if found is None or genuine is None or genuine.is_expired(found.at):
        raise gone(context, language)
    return found


def gone(context: Context, language: str) -> LinkGone:
    return LinkGone(
        context.portal.words.say(language, "gone"), members={"new_link": "/portal/api/new-link"}
    )


async def _opened(context: Context, session: Session, link: KnownLink | None) -> OpenLink | None:
    """The same questions, whether there is a link or none."""
    tenant = "" if link is None else link.tenant
    at = await tenant_now(session, context.clock, tenant)
    accounts = await store.list_accounts(session, tenant, "" if link is None else link.debtor_key)
    covered = await store.list_covered(session, tenant, "" if link is None else link.contact_id)
    if link is None or not accounts or not link.is_open(at):
        return None
    return OpenLink(link, accounts, main_account(accounts, covered), at)


async def creditor_details(context: Context, session: Session, tenant: str) -> CreditorDetails:
    settings = (await get_settings(session, tenant)).settings
    return creditor_of(settings, context.sender)


async def find_visitor(context: Context, token: str, language: str) -> Visitor:
    """Of a session that goes on. Raises `Unauthenticated`."""
    now, hashed = clock.now(), token_hash(token)
    async with context.db.transaction() as session:
        visitor = await _find(context, session, hashed, now)
        if visitor is not None:
            await session_store.touch_session(session, hashed, now)
            await note_visit(
                session, context.clock, context.links, visitor.link, visitor.main, visitor.level
            )
    if visitor is None:
        raise Unauthenticated(context.portal.words.say(language, "session-over"))
    return visitor


async def _find(context: Context, session: Session, hashed: bytes, now: datetime) -> Visitor | None:
    stored = await session_store.find_session(session, hashed)
    if stored is None or now - stored.seen_at >= IDLE_MAX:
        return None
    found = await _opened(context, session, await store.find_link(session, stored.link_id))
    if found is None:
        return None
    return Visitor(
        found.link, found.accounts, found.main, found.at, stored.level, stored.language, hashed
    )


async def leave(context: Context, token: str) -> None:
    async with context.db.transaction() as session:
        await session_store.delete_session(session, token_hash(token))


async def link_of_session(context: Context, session: Session, token: str) -> Visitor | None:
    """Of whoever is signed in; None: nobody is."""
    return await _find(context, session, token_hash(token), clock.now())

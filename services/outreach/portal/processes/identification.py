"""Let a visitor in who shows who he is. Every try is counted before its answer is known."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from services.outreach.context import Context
from services.outreach.debtors.store.people import find_people
from services.outreach.portal.commands.visits import note_visit
from services.outreach.portal.domain import identification as rules
from services.outreach.portal.domain.identification import KnownAccount, VisitorAnswers
from services.outreach.portal.domain.links import KnownLink, LinkAccount
from services.outreach.portal.domain.lockouts import kept
from services.outreach.portal.domain.sessions import Level, new_token, token_hash
from services.outreach.portal.processes.doorway import OpenLink, Visitor, gone, open_link
from services.outreach.portal.store import links as store
from services.outreach.portal.store import sessions as session_store
from shared import clock
from shared.database import Session
from shared.errors import FieldError, Invalid, TooMany, Unavailable
from shared.process import telemetry

log = telemetry.logger(__name__)


@dataclass(frozen=True)
class LetIn:
    """Whose session begins, or goes on at a higher level."""

    token: str | None  # None: the session is the one that there was
    level: Level


async def identify(context: Context, token: str, answers: VisitorAnswers, language: str) -> LetIn:
    """Raises `LinkGone`, `TooMany` while it is locked, `Invalid` for answers that do not fit."""
    found, known = await what_is_known(context, token, language)
    async with context.db.transaction() as session:
        link = await _lock(context, session, found, language)
        is_right = rules.is_known(known, answers)
        let_in = None
        if is_right:
            let_in = await _begin(context, session, found, language)
        else:
            await _count_wrong(session, link)
    if let_in is None:
        raise not_right(context, language, "/answers")
    return let_in


def not_right(context: Context, language: str, pointer: str) -> Invalid:
    """The same for everything that can be wrong."""
    words = context.portal.words.say(language, "wrong")
    return Invalid(words, [FieldError(pointer, words)])


async def verify(
    context: Context, token: str, visitor: Visitor | None, code: str, language: str
) -> LetIn:
    """A one-time code: of a visitor, level 2; where nothing else is known of him, level 1."""
    found: OpenLink
    if visitor is not None:
        found, is_meant = visitor, True
    else:
        found, known = await what_is_known(context, token, language)
        is_meant = rules.needs_code(known)
    async with context.db.transaction() as session:
        link = await _lock(context, session, found, language)
        secret = context.links.keys.signing.secret
        fits = link.code is not None and link.code.fits(code, secret, link.link_id, clock.now())
        let_in = None
        if is_meant and fits:
            await store.delete_code(session, link.link_id)
            if visitor is None:
                let_in = await _begin(context, session, found, language)
            else:
                await session_store.raise_session(session, visitor.token_hash, 2)
                let_in = LetIn(None, 2)
        else:
            await _count_wrong(session, link)
    if let_in is None:
        raise not_right(context, language, "/code")
    return let_in


async def _lock(context: Context, session: Session, found: OpenLink, language: str) -> KnownLink:
    """One try at a time. Raises `TooMany` after too many."""
    link = await store.lock_link(session, found.link.link_id)
    if link is None or not link.is_open(found.at):
        raise gone(context, language)
    now = clock.now()
    until = link.locked_until(found.main.zone, now)
    if until is not None:
        words = context.portal.words.say(language, "locked")
        raise TooMany(words, (until - now).total_seconds())
    return link


async def _count_wrong(session: Session, link: KnownLink) -> None:
    now = clock.now()
    await store.save_wrong(session, link.link_id, kept((*link.wrong_at, now), now))
    log.info("portal answer wrong", tenant=link.tenant, tries=len(link.wrong_at) + 1)


async def _begin(context: Context, session: Session, found: OpenLink, language: str) -> LetIn:
    link, token = found.link, new_token()
    await session_store.insert_session(
        session, token_hash(token), link.tenant, link.link_id, 1, language, clock.now()
    )
    await note_visit(session, context.clock, context.links, link, found.main, 1)
    return LetIn(token, 1)


# ── What is known of the person ─────────────────────────────────────────────────────────────────


async def what_is_known(
    context: Context, token: str, language: str
) -> tuple[OpenLink, list[KnownAccount]]:
    """Of the person whom a link is for. Raises `LinkGone`."""
    async with context.db.reading() as session:
        found = await open_link(context, session, token, language)
        known = await _known_accounts(session, found)
    return found, await _with_invoices(context, found, known)


async def _known_accounts(session: Session, found: OpenLink) -> list[KnownAccount]:
    people = await find_people(
        session, found.link.tenant, [each.account_id for each in found.accounts]
    )
    return [_known(account, people.get(account.account_id)) for account in found.accounts]


def _known(account: LinkAccount, details: Any) -> KnownAccount:
    if details is None:
        return KnownAccount(account.is_business)
    return KnownAccount(
        is_business=account.is_business,
        name=details.name,
        postcodes=tuple(each.postal_code for each in details.addresses if each.postal_code),
        phones=tuple(each.number for each in details.phones),
    )


async def _with_invoices(
    context: Context, found: OpenLink, known: Sequence[KnownAccount]
) -> list[KnownAccount]:
    """With the numbers of open invoices, where a business has no postcode: the ledger has them."""
    ways = [
        account.is_business and rules.way_of(each) == "code"
        for account, each in zip(found.accounts, known, strict=True)
    ]
    numbers = await asyncio.gather(
        *[
            _numbers(context, found.link.tenant, account.account_id) if asked else _none()
            for account, asked in zip(found.accounts, ways, strict=True)
        ]
    )
    return [replace(each, invoices=own) for each, own in zip(known, numbers, strict=True)]


async def _none() -> tuple[str, ...]:
    return ()


async def _numbers(context: Context, tenant: str, account_id: str) -> tuple[str, ...]:
    path = f"/v1/accounts/{quote(account_id, safe='')}/payoff"
    try:
        answer = await context.portal.ledger.command(tenant, "GET", path, None, None, "debtor")
    except Unavailable:
        return ()
    if not answer.is_done or not isinstance(answer.body, dict):
        return ()
    return tuple(
        str(name)
        for currency in answer.body.get("currencies", ())
        for invoice in currency.get("invoices", ())
        for name in (invoice.get("number"), invoice.get("invoice_id"))
        if name
    )

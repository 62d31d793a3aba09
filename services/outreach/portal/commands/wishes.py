"""What a visitor wants no more of, and how he wants to be written to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, get_args

from services.outreach.activity.commands import announce, open_tasks, tenant_now
from services.outreach.activity.domain.limits import ContactChannel
from services.outreach.activity.domain.tasks import NewTask
from services.outreach.activity.store.addresses import find_addresses_of, find_spellings
from services.outreach.activity.store.contacts import get_contact
from services.outreach.activity.store.debtors import mark_dirty
from services.outreach.channels.domain.links import Links
from services.outreach.consents.commands import Refusal, record_preferences, refuse_address
from services.outreach.consents.domain import Preference, current_preferences
from services.outreach.consents.store import list_preferences
from services.outreach.debtors.commands.addresses import mark_wrong_party
from services.outreach.inbound.commands.receipts import note_answered
from services.outreach.portal.domain import visits
from services.outreach.portal.domain.links import KnownLink, LinkAccount
from services.outreach.portal.store import links as store
from shared import clock
from shared.business_time import Clock
from shared.database import Session
from shared.errors import NotFound

BY = "portal"
EVIDENCE = "said in the portal"
WRITTEN: tuple[str, ...] = ("email", "sms", "voice", "letter")  # channels that can be chosen
_ADDRESSED = ("email", "sms")
_CHANNELS: frozenset[str] = frozenset(get_args(ContactChannel))


async def stop_channel(
    session: Session,
    clock_mode: Clock,
    links: Links,
    link: KnownLink,
    accounts: Sequence[LinkAccount],
) -> None:
    """No more over the channel by which the link came, to the address that it went to."""
    await mark_dirty(session, {(link.tenant, link.debtor_key)})
    at = await tenant_now(session, clock_mode, link.tenant)
    await note_answered(session, link.tenant, clock_mode, links, link.contact_id, at)
    if link.channel in _ADDRESSED:
        address = await _address_of(session, link)
        if address is not None:
            channel: Literal["email", "sms"] = "email" if link.channel == "email" else "sms"
            ids = [each.account_id for each in accounts]
            await refuse_address(
                session, link.tenant, clock_mode, Refusal(channel, address, EVIDENCE), BY, also=ids
            )
    elif link.channel in _CHANNELS:
        await refuse_channels(session, clock_mode, link.tenant, accounts, [link.channel])


async def _address_of(session: Session, link: KnownLink) -> str | None:
    """As an account spells it; else as the message was sent."""
    if link.mark is not None:
        found = await find_spellings(session, link.tenant, link.channel, link.mark)
        if found:
            return found[0][1]
    try:
        contact, _ = await get_contact(session, link.tenant, link.contact_id)
    except NotFound:
        return None
    return contact.address


async def refuse_channels(
    session: Session,
    clock_mode: Clock,
    tenant: str,
    accounts: Sequence[LinkAccount],
    channels: Sequence[str],
) -> None:
    """Besides those that are refused already."""
    at = await tenant_now(session, clock_mode, tenant)
    for account in accounts:
        known = await list_preferences(session, tenant, account.account_id)
        current = current_preferences([p for p, _ in known], at).get("refused_channels")
        refused = list(current.value or ()) if current is not None else []
        wanted = [*refused, *(each for each in channels if each not in refused)]
        wish = Preference("refused_channels", wanted, at, EVIDENCE)
        await record_preferences(session, tenant, account.account_id, clock_mode, [wish], BY)


async def opt_out(
    session: Session,
    clock_mode: Clock,
    tenant: str,
    accounts: Sequence[LinkAccount],
    channel: str,
) -> None:
    """No more over a channel, at whichever address; `all`: no more at all."""
    if channel == "all":
        await cease(session, clock_mode, tenant, accounts)
        return
    ids = [each.account_id for each in accounts]
    if channel in _ADDRESSED:
        kind: Literal["email", "sms"] = "email" if channel == "email" else "sms"
        for address in await find_addresses_of(session, tenant, channel, ids):
            refusal = Refusal(kind, address, EVIDENCE)
            await refuse_address(session, tenant, clock_mode, refusal, BY, also=ids)
    closed = [channel, "voicemail"] if channel == "voice" else [channel]
    await refuse_channels(session, clock_mode, tenant, accounts, closed)


async def cease(
    session: Session, clock_mode: Clock, tenant: str, accounts: Sequence[LinkAccount]
) -> None:
    """In writing: what the law lets a creditor still write, the contact rules know."""
    at = await tenant_now(session, clock_mode, tenant)
    wishes = [
        Preference("cease_requested_at", _text(at), at, EVIDENCE),
        Preference("cease_form", "written", at, EVIDENCE),
    ]
    for account in accounts:
        known = await list_preferences(session, tenant, account.account_id)
        current = current_preferences([p for p, _ in known], at).get("cease_requested_at")
        if current is None or not current.value:
            await record_preferences(session, tenant, account.account_id, clock_mode, wishes, BY)


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


async def choose(
    session: Session,
    clock_mode: Clock,
    tenant: str,
    accounts: Sequence[LinkAccount],
    wishes: Mapping[str, Any],
) -> list[str]:
    """How the person wants to be written to, on every account; gives what changed."""
    at = await tenant_now(session, clock_mode, tenant)
    given = [Preference(kind, value, at, EVIDENCE) for kind, value in wishes.items()]
    changed: set[str] = set()
    for account in accounts:
        changed |= set(
            await record_preferences(session, tenant, account.account_id, clock_mode, given, BY)
        )
    return sorted(changed)


async def disown(
    session: Session,
    clock_mode: Clock,
    links: Links,
    link: KnownLink,
    account: LinkAccount,
) -> None:
    """Whoever has the address is not the debtor: nothing more goes there, what went there opens
    nothing any more, and a person looks for the right one."""
    tenant = link.tenant
    await store.end_links(session, tenant, link.debtor_key, "not-me", clock.now(), like=link)
    await mark_dirty(session, {(tenant, link.debtor_key)})
    at = await tenant_now(session, clock_mode, tenant)
    await note_answered(session, tenant, clock_mode, links, link.contact_id, at)
    if link.mark is not None:
        await mark_wrong_party(session, tenant, link.channel, link.mark, at, because="portal")
    await announce(session, tenant, at, [visits.not_them(link, account, at)])
    task = NewTask(
        kind="verify-party",
        account_id=account.account_id,
        cause=f"portal {link.name}",
        due_at=at,
        contact_id=link.contact_id,
        opened_at=at,
        note=f"who had the link by {link.channel} says: this is not me",
    )
    await open_tasks(session, tenant, at, [task])

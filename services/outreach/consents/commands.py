"""Record consents and preferences. They count at once: the debtor is planned again, and whatever is
under way is judged again before it leaves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from services.outreach.activity.commands import account_now, announce, refuse_future
from services.outreach.activity.domain.address_marks import mark_of
from services.outreach.activity.domain.timeline import TimelineEntry
from services.outreach.activity.store.accounts import get_zone, lock_debtor_of
from services.outreach.activity.store.addresses import (
    RefusedAddress,
    delete_opt_out,
    find_reached,
    insert_opt_out,
)
from services.outreach.consents import domain as rules
from services.outreach.consents import store
from services.outreach.consents.domain import ChannelConsent, Preference
from shared import clock
from shared.business_time import Clock
from shared.clock import local_day
from shared.database import Session
from shared.events import Announcement, outreach

BY_ADDRESS = "address"  # who recorded what holds because another account said it of an address


async def record_consent(
    session: Session,
    tenant: str,
    account_id: str,
    clock_mode: Clock,
    consent: ChannelConsent,
    by: str,
    *,
    is_dated: bool,
) -> bool:
    """Grant or take back. False: this has been recorded already; without an instant of its own, it
    is the same as what stands."""
    refuse_future(clock_mode, consent.at)
    await lock_debtor_of(session, tenant, account_id)
    recorded_at = await account_now(session, clock_mode, tenant, account_id)
    return await _record(session, tenant, account_id, consent, by, recorded_at, is_dated=is_dated)


@dataclass(frozen=True)
class Refusal:
    """No more by this channel to this address, whoever's it is."""

    channel: Literal["email", "sms"]
    address: str
    evidence: str
    at: datetime | None = None  # business time; None: now


async def refuse_address(
    session: Session,
    tenant: str,
    clock_mode: Clock,
    refusal: Refusal,
    by: str,
    *,
    also: Collection[str] = (),
) -> int:
    """Take consent back for an address on every account of the tenant that has it, and for ever:
    on those that come to have it, too. `also`: accounts that had it. Gives how many changed."""
    mark = mark_of(tenant, refusal.channel, refusal.address)
    changed, first = 0, refusal.at
    reached = await find_reached(session, tenant, refusal.channel, mark, also)
    for account_id, spellings in reached:
        await lock_debtor_of(session, tenant, account_id)
        now = await account_now(session, clock_mode, tenant, account_id)
        at = refusal.at or now
        first = min(first or at, at)
        for address in spellings or (refusal.address,):
            if await is_refused(session, tenant, account_id, refusal.channel, address, at):
                continue
            consent = _refused(refusal.channel, address, at, refusal.evidence)
            changed += await _record(session, tenant, account_id, consent, by, now, is_dated=False)
    await insert_opt_out(
        session, tenant, refusal.channel, mark, first or clock.now(), refusal.evidence
    )
    return changed


async def allow_address(
    session: Session, tenant: str, clock_mode: Clock, refusal: Refusal, at: datetime, by: str
) -> int:
    """Take a refusal of an address back, on every account where it stands. Gives on how many."""
    mark = mark_of(tenant, refusal.channel, refusal.address)
    changed = 0
    for account_id, spellings in await find_reached(session, tenant, refusal.channel, mark, ()):
        for address in spellings:
            if await is_refused(session, tenant, account_id, refusal.channel, address, at):
                consent = replace(
                    _refused(refusal.channel, address, at, refusal.evidence), state="granted"
                )
                changed += await record_consent(
                    session, tenant, account_id, clock_mode, consent, by, is_dated=True
                )
    await delete_opt_out(session, tenant, refusal.channel, mark)
    return changed


async def is_refused(
    session: Session, tenant: str, account_id: str, channel: str, address: str, at: datetime
) -> bool:
    """Whether a refusal of the address stands."""
    known = [c for c, _ in await store.list_consents(session, tenant, account_id, channel)]
    current = rules.current_consents(known, at)
    return any(c.state == "revoked" and c.kind == channel and c.address == address for c in current)


async def repeat_refusals(
    session: Session, refused: Sequence[RefusedAddress], recorded_at: datetime
) -> None:
    """What was said about addresses holds for accounts that have just come to have them. Their
    debtors are locked."""
    for each in refused:
        of = each.account
        consent = _refused(of.channel, of.address, each.at, each.evidence)
        await _record(
            session, of.tenant, of.account_id, consent, BY_ADDRESS, recorded_at, is_dated=False
        )


def _refused(channel: Any, address: str, at: datetime, evidence: str) -> ChannelConsent:
    return ChannelConsent(channel, channel, "revoked", at, address=address, evidence=evidence)


async def _record(
    session: Session,
    tenant: str,
    account_id: str,
    consent: ChannelConsent,
    by: str,
    recorded_at: datetime,
    *,
    is_dated: bool,
) -> bool:
    known = [c for c, _ in await store.list_consents(session, tenant, account_id, consent.channel)]
    current = rules.current_consents(known, consent.at)
    if consent in known or (
        not is_dated and consent in [replace(before, at=consent.at) for before in current]
    ):
        return False
    now = clock.now()
    await store.insert_consents(session, tenant, account_id, [consent], (now, by))
    cause = f"{consent.channel} {consent.kind} {len(known) + 1}"
    common: dict[str, Any] = {
        "account_id": account_id,
        "channel": consent.channel,
        "kind": consent.kind,
        "given_to": consent.given_to,
    }
    data: Struct
    if consent.state == "granted":
        data = outreach.ConsentGranted(**common, granted_at=consent.at)
    else:
        data = outreach.ConsentRevoked(**common, revoked_at=consent.at)
    type_ = f"consent-{consent.state}"
    await _announce(session, tenant, account_id, recorded_at, type_, cause, data, consent.at)
    return True


async def record_preferences(
    session: Session,
    tenant: str,
    account_id: str,
    clock_mode: Clock,
    given: Sequence[Preference],
    by: str,
) -> list[str]:
    """Gives the kinds that changed: what was recorded in the same words before is not recorded
    again."""
    await lock_debtor_of(session, tenant, account_id)
    known = [
        preference for preference, _ in await store.list_preferences(session, tenant, account_id)
    ]
    changed = []
    for preference in given:
        refuse_future(clock_mode, preference.at)
        current = rules.current_preferences(known, preference.at).get(preference.kind)
        if current is None and preference.value in (None, False, []):
            continue  # nothing was known of it, and nothing is
        if current is None or current.value != preference.value:
            changed.append(preference)
    if not changed:
        return []
    now = clock.now()
    recorded_at = await account_now(session, clock_mode, tenant, account_id)
    await store.insert_preferences(session, tenant, account_id, changed, (now, by))
    for data in _changes(account_id, changed):
        cause = f"{data.kind} {len(known) + len(changed)}"
        await _announce(
            session,
            tenant,
            account_id,
            recorded_at,
            "preference-changed",
            cause,
            data,
            data.changed_at,
        )
    return [preference.kind for preference in changed]


def _changes(account_id: str, changed: Sequence[Preference]) -> list[outreach.PreferenceChanged]:
    """One event for each word under which changes are announced."""
    by_word: dict[Any, Preference] = {}
    for preference in changed:
        by_word.setdefault(rules.ANNOUNCED_AS[preference.kind], preference)
    return [
        outreach.PreferenceChanged(
            account_id=account_id,
            kind=word,
            refused_channels=tuple(preference.value or ()) if word == "channels" else None,
            changed_at=preference.at,
        )
        for word, preference in by_word.items()
    ]


async def _announce(
    session: Session,
    tenant: str,
    account_id: str,
    recorded_at: datetime,
    type_: str,
    cause: str,
    data: Struct,
    at: datetime,
) -> None:
    day = local_day(at, await get_zone(session, tenant, account_id))
    announcement = Announcement(type_, account_id, cause, at, day, data)
    entry = TimelineEntry(announcement, account_id, (account_id,))
    await announce(session, tenant, max(recorded_at, at), [entry])

"""What an organisation's tenants have tried on debtors; attempts of ours, noted as they begin, and
taken back when they were none."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from services.outreach.activity.domain.contacts import ATTEMPTS, DebtorContact
from services.outreach.debtors.domain.debtor_profile import DebtorProfile
from services.outreach.dunning.domain.governor import addresses
from services.outreach.dunning.domain.shared_attempts import SharedAttempts, after_caps
from services.outreach.organisations.domain import REMEMBERED, SharedLimits, TenantAttempt
from services.outreach.organisations.store import (
    delete_attempts,
    find_attempts,
    find_organisation,
    get_settings,
    insert_attempts,
    lock_marks,
)
from shared.database import Session


async def find_limits(session: Session, tenant: str, key: bytes) -> SharedLimits | None:
    """None: the tenant is of no organisation, or nobody has set limits for it."""
    organisation = await find_organisation(session, tenant)
    settings = None if organisation is None else await get_settings(session, organisation)
    if organisation is None or settings is None:
        return None
    return SharedLimits(organisation, settings, key)


async def find_shared_attempts(
    session: Session,
    limits: SharedLimits | None,
    profiles: Mapping[str, DebtorProfile],
    debtor_ids: Mapping[str, str | None],
    at: datetime,
) -> dict[str, SharedAttempts]:
    """By debtor, on any of its addresses; nothing where the tenant shares no limits."""
    if limits is None:
        return {}
    marks = {
        key: limits.marks(_addresses(profile), debtor_ids.get(key))
        for key, profile in profiles.items()
    }
    every = {mark for found in marks.values() for mark in found}
    found = await find_attempts(session, limits.organisation, every, at - REMEMBERED)
    return {
        key: SharedAttempts(
            limits, debtor_ids.get(key), {mark: found[mark] for mark in mine if mark in found}
        )
        for key, mine in marks.items()
    }


def _addresses(profile: DebtorProfile) -> Iterable[str]:
    for account in profile.accounts:
        for channel in ATTEMPTS:
            yield from addresses(channel, account.details, account.country)


async def begin_attempts(
    session: Session, tenant: str, limits: SharedLimits, contacts: Sequence[DebtorContact]
) -> list[DebtorContact]:
    """Note attempts that are about to be made, one tenant after the other; gives those that another
    tenant's attempt does not let pass any more."""
    marks = {c.contact_id: _marks(limits, c) for c in contacts}
    every = {mark for found in marks.values() for mark in found}
    if not every:
        return []
    await lock_marks(session, limits.organisation, every)
    since = min(c.attempted_at for c in contacts if c.attempted_at is not None) - REMEMBERED
    found = await find_attempts(session, limits.organisation, every, since)
    begun: list[tuple[TenantAttempt, Collection[bytes]]] = []
    late: list[DebtorContact] = []
    for contact in contacts:
        mine, at = marks[contact.contact_id], contact.attempted_at
        if not mine or at is None:
            continue
        before = SharedAttempts(limits, None, {mark: found.get(mark, ()) for mark in mine})
        attempts = [each for each in before.others("") if each.contact_id != contact.contact_id]
        if after_caps(at, attempts, limits.settings.caps, contact.zone) > at:
            late.append(contact)
            continue
        attempt = TenantAttempt(contact.contact_id, tenant, contact.channel, at)
        begun.append((attempt, mine))
        for mark in mine:
            found.setdefault(mark, []).append(attempt)
    await insert_attempts(session, limits.organisation, begun)
    return late


async def take_back(session: Session, contacts: Iterable[DebtorContact]) -> None:
    """They are no attempts: nothing left us, or nothing arrived."""
    await delete_attempts(session, {c.contact_id for c in contacts if c.channel in ATTEMPTS})


def _marks(limits: SharedLimits, contact: DebtorContact) -> frozenset[bytes]:
    if contact.channel not in ATTEMPTS or contact.address is None:
        return frozenset()
    return limits.marks([contact.address], contact.debtor_id)

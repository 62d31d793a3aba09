"""Give the slots of a day to the contacts that are claimed, and take back what was not used."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from msgspec.structs import replace

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.channels.domain.tenant_settings import TenantSettings
from services.outreach.debtors.store.tenants import find_calendar
from services.outreach.dunning.domain.debtor_facts import DebtorFacts
from services.outreach.dunning.domain.slots import SlotLimits, VersionRamp, allot, turn
from services.outreach.dunning.store import slots as store
from services.outreach.dunning.store.debtors import count_waiting
from services.outreach.dunning.store.strategies import StrategyBooks
from shared.clock import day_start, local_day
from shared.database import Session


async def take_slots(
    session: Session,
    tenant: str,
    contacts: Sequence[DebtorContact],
    limits: SlotLimits,
    priorities: Mapping[str, float],
) -> tuple[list[DebtorContact], list[tuple[DebtorContact, str]]]:
    """The contacts that may begin now, and those put off to the next day's beginning, each with
    the rule. `priorities`: by debtor, the highest of its accounts."""
    ordered = sorted(contacts, key=lambda c: turn(c, priorities.get(c.debtor_key, 0)))
    names = {name for contact in ordered for name in limits.names(contact)}
    if not names:
        return ordered, []
    taken = await store.lock_slots(session, tenant, limits.day, names)
    allotted = allot(ordered, limits, taken)
    most = {name: limits.most(name) for name in allotted.taken}
    await store.add_slots(session, tenant, limits.day, allotted.taken, most)
    tomorrow = day_start(limits.day + timedelta(days=1), limits.zone)
    given = [
        replace(contact, slot_day=limits.day, slots=limits.names(contact))
        for contact in allotted.given
    ]
    put_off = [
        (replace(contact, due_at=tomorrow, until=tomorrow), rule)
        for contact, rule in allotted.left_out
    ]
    return given, put_off


async def load_limits(
    session: Session, tenant: str, at: datetime, settings: TenantSettings, books: StrategyBooks
) -> SlotLimits:
    """What limits the tenant's contacts on the day of that instant."""
    zone, contact_from = await find_calendar(session, tenant)
    return SlotLimits(
        day=local_day(at, zone),
        zone=zone,
        ramp=settings.ramp,
        ramp_from=contact_from,
        capacity=settings.capacity,
        versions=await _version_ramps(session, tenant, at, books, contact_from),
    )


async def _version_ramps(
    session: Session,
    tenant: str,
    at: datetime,
    books: StrategyBooks,
    contact_from: date | None,
) -> dict[tuple[str, str], VersionRamp]:
    """Of the versions that count now and start slowly."""
    in_force = await books.in_force(session, tenant, at)
    contents = await books.get_all(session, tenant, in_force.versions.items())
    ramps = {key: found.ramp for key, found in contents.items() if found.ramp is not None}
    if not ramps:
        return {}
    history = await books.strategies.history(session, tenant)
    first: dict[tuple[str, str], date] = {}
    for activation in history.activations:
        key = (activation.name, activation.version or "")
        day = activation.from_on or activation.recorded_at.date()
        first[key] = min(first.get(key, day), day)
    found: dict[tuple[str, str], VersionRamp] = {}
    for key, ramp in ramps.items():
        begun = first.get(key, contact_from)
        if begun is not None:
            found[key] = VersionRamp(ramp, begun)
    return found


async def is_tight(session: Session, tenant: str, at: datetime, limits: SlotLimits) -> bool:
    """Whether more may want to begin than there are slots left, so that their order matters."""
    if not limits.binding:
        return False
    taken = await store.find_slots(session, tenant, limits.day)
    left = min(max(0, limits.most(name) - taken.get(name, 0)) for name in limits.binding)
    return await count_waiting(session, tenant, at, left + 1) > left


async def lock_claims(session: Session, tenant: str) -> None:
    """Slots are given to one batch of the tenant after the other, until this transaction ends."""
    await store.lock_claims(session, tenant)


def priority_of(debtor: DebtorFacts) -> float:
    """The highest of its accounts."""
    return max((account.priority or 0 for account in debtor.accounts), default=0)


async def give_back(session: Session, tenant: str, contacts: Sequence[DebtorContact]) -> None:
    """Nothing of these has left us: others may have their slots."""
    free: dict[date, Counter[str]] = {}
    for contact in contacts:
        if contact.slot_day is not None:
            free.setdefault(contact.slot_day, Counter()).subtract(contact.slots)
    for day in sorted(free):
        await store.add_slots(session, tenant, day, free[day])

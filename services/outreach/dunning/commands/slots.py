"""Give the slots of a day to the contacts that are claimed, and take back what was not used."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from msgspec.structs import replace

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.dunning.domain.slots import SlotLimits, allot, turn
from services.outreach.dunning.store import slots as store
from shared.clock import day_start
from shared.database import Session


async def take_slots(
    session: Session,
    tenant: str,
    contacts: Sequence[DebtorContact],
    limits: SlotLimits,
    priorities: Mapping[str, float],
    zone: str,
) -> tuple[list[DebtorContact], list[tuple[DebtorContact, str]]]:
    """The contacts that may begin now, and those put off to the next day's beginning, each with
    the rule. `priorities`: by debtor, the highest of its accounts."""
    ordered = sorted(contacts, key=lambda c: turn(c, priorities.get(c.debtor_key, 0)))
    names = {name for contact in ordered for name in limits.names(contact)}
    if not names:
        return ordered, []
    taken = await store.lock_slots(session, tenant, limits.day, names)
    allotted = allot(ordered, limits, taken)
    await store.add_slots(session, tenant, limits.day, allotted.taken)
    tomorrow = day_start(limits.day + timedelta(days=1), zone)
    given = [
        replace(contact, slot_day=limits.day, slots=limits.names(contact))
        for contact in allotted.given
    ]
    put_off = [
        (replace(contact, due_at=tomorrow, until=tomorrow), rule)
        for contact, rule in allotted.left_out
    ]
    return given, put_off


async def give_back(session: Session, tenant: str, contacts: Sequence[DebtorContact]) -> None:
    """Nothing of these has left us: others may have their slots."""
    free: dict[date, Counter[str]] = {}
    for contact in contacts:
        if contact.slot_day is not None:
            free.setdefault(contact.slot_day, Counter()).subtract(contact.slots)
    for day in sorted(free):
        await store.add_slots(session, tenant, day, free[day])

"""What becomes of a contact that waited for a person's decision."""

from collections.abc import Collection

from msgspec.structs import replace

from services.outreach.activity.commands import announce
from services.outreach.activity.domain.contacts import DebtorContact, State
from services.outreach.activity.store.debtors import reopen_debtors
from services.outreach.dunning.domain.contact_events import ContactEvents
from services.outreach.dunning.domain.runs import RunTime
from services.outreach.dunning.store import contacts as store
from services.outreach.dunning.store.steps import insert_steps
from shared.database import Session

HELD: frozenset[State] = frozenset({"held"})
REFUSED = "approval-refused"


async def approve_contact(
    session: Session, tenant: str, time: RunTime, contact_id: str, rules: Collection[str]
) -> bool:
    """Somebody agrees: the contact is planned again, and these rules count as met. A hand-over is
    made: its command has been run. False: it does not wait any more."""
    contact = await _held(session, tenant, contact_id)
    if contact is None:
        return False
    if contact.hand_over is not None:
        await _end(session, tenant, time, replace(contact, state="handed-over"))
        return True
    approved = tuple(sorted({*contact.approved_rules, *rules}))
    after = replace(contact, state="planned", approved_rules=approved, due_at=time.at)
    await store.update_contacts(session, tenant, [after], expected=HELD)
    await reopen_debtors(session, tenant, {contact.debtor_key})
    return True


async def refuse_contact(
    session: Session, tenant: str, time: RunTime, contact_id: str, rule: str | None = None
) -> bool:
    """Nobody agrees, or in time: it is not made, and its steps count as made. False: it does not
    wait any more."""
    contact = await _held(session, tenant, contact_id)
    if contact is None:
        return False
    because = rule or (contact.rules[-1] if contact.rules else REFUSED)
    rules = contact.rules if because in contact.rules else (*contact.rules, because)
    after = replace(contact, state="suppressed", because=because, rules=rules)
    await _end(session, tenant, time, after)
    if because not in contact.rules:
        entries = ContactEvents(time.at).suppressed(after, rule=because, until=None, citation=None)
        await announce(session, tenant, time.recorded_at, entries)
    return True


async def _held(session: Session, tenant: str, contact_id: str) -> DebtorContact | None:
    found = await store.lock_contacts(session, tenant, {contact_id})
    contact = found.get(contact_id)
    return contact if contact is not None and contact.state == "held" else None


async def _end(session: Session, tenant: str, time: RunTime, contact: DebtorContact) -> None:
    await store.update_contacts(session, tenant, [contact], expected=HELD)
    await insert_steps(session, tenant, [contact], time.at)
    await reopen_debtors(session, tenant, {contact.debtor_key})

"""Write what a contact is about to do, and record how it ends or that it is put off: state, steps,
events, counts, as one."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from services.outreach.activity.commands import announce, open_tasks, record_entries
from services.outreach.activity.domain.contact_record import intent_entries
from services.outreach.activity.domain.contacts import DebtorContact, State
from services.outreach.activity.domain.decisions import Judgement
from services.outreach.activity.store.debtors import reopen_debtors
from services.outreach.activity.store.judgements import upsert_judgements
from services.outreach.dunning.commands.addresses import debtors_concerned, mark_addresses
from services.outreach.dunning.commands.plans import LEASE
from services.outreach.dunning.commands.shared_attempts import begin_attempts, take_back
from services.outreach.dunning.commands.slots import give_back
from services.outreach.dunning.domain.contact_cost import with_units_of
from services.outreach.dunning.domain.contact_events import ContactEvents, task_of
from services.outreach.dunning.domain.outcomes import NOT_ACCEPTED, Outcome
from services.outreach.dunning.domain.runs import RunTime
from services.outreach.dunning.store import contacts as contact_store
from services.outreach.dunning.store import steps as step_store
from services.outreach.organisations.domain import SharedLimits
from shared.database import Session
from shared.process import telemetry


async def record_outcomes(
    session: Session,
    tenant: str,
    time: RunTime,
    outcomes: Sequence[Outcome],
    *,
    expected: Collection[State],
    claim: str | None,
) -> Counter[str]:
    """Counts by kind. A contact that the claim no longer holds is left as it is: its lease ended
    and somebody else has recorded how it ended. None: nobody holds it."""
    if not outcomes:
        return Counter()
    await reopen_debtors(session, tenant, await debtors_concerned(session, tenant, outcomes))
    after = {o.contact.contact_id: o.ended(time.at) for o in outcomes}
    written = await contact_store.update_contacts(
        session, tenant, after.values(), expected=expected, held_by=claim
    )
    held = [o for o in outcomes if o.contact.contact_id in written]
    overtaken = [o for o in outcomes if o.kind == "sent" and o.contact.contact_id not in written]
    await _keep_units(session, tenant, time, overtaken)
    made = [after[o.contact.contact_id] for o in held if o.makes_steps]
    await step_store.insert_steps(session, tenant, made, time.at)
    free = [o for o in held if not o.makes_steps]
    failed = [o for o in free if o.kind == "failed" and o.why != NOT_ACCEPTED]
    await step_store.fail_steps(session, tenant, [o.contact for o in failed])
    await step_store.delete_steps(
        session, tenant, [o.contact.contact_id for o in free if o not in failed]
    )
    await _count_reached(session, tenant, time, held, after)
    await mark_addresses(session, tenant, time, held)
    await give_back(session, tenant, [o.contact for o in held if o.leaves_nothing])
    await take_back(
        session, [c for o in held if (c := after[o.contact.contact_id]).attempted_at is None]
    )
    entries = [
        entry
        for outcome in held
        for entry in outcome.announced(ContactEvents(outcome.provider_at or time.at))
    ]
    await announce(session, tenant, time.recorded_at, entries)
    handed = [o.contact for o in held if o.kind == "handed-over"]
    await open_tasks(session, tenant, time.recorded_at, [task_of(c, time.at) for c in handed])
    session.after_commit(lambda: _count(held))
    return Counter(o.kind for o in held)


async def _keep_units(
    session: Session, tenant: str, time: RunTime, overtaken: Sequence[Outcome]
) -> None:
    """A receipt was faster than the answer to the hand-over: of that, units and cost are kept."""
    if not overtaken:
        return
    ids = {o.contact.contact_id for o in overtaken}
    known = await contact_store.lock_contacts(session, tenant, ids)
    events = ContactEvents(time.at)
    for outcome in overtaken:
        current = known.get(outcome.contact.contact_id)
        if current is None or current.state not in ("sent", "delivered", "failed"):
            continue
        after = with_units_of(current, outcome.contact, outcome.why)
        if after == current:
            continue
        await contact_store.update_contacts(session, tenant, [after], expected={current.state})
        if after.state != "failed" and after.cost_micros != current.cost_micros:
            await announce(session, tenant, time.recorded_at, events.paid(after))


async def _count_reached(
    session: Session,
    tenant: str,
    time: RunTime,
    held: Sequence[Outcome],
    after: Mapping[str, DebtorContact],
) -> None:
    """When accounts and debtors were reached: by what has just left, or by what is left of it."""
    held = [o for o in held if o.contact.service is None]  # what was asked for reaches nobody anew
    left = [o for o in held if o.kind in ("sent", "uncertain") and not o.is_resolved]
    await contact_store.mark_reached(
        session, tenant, [after[o.contact.contact_id] for o in left], time.at
    )
    changed = [o.contact for o in held if o.contact.state not in ("claimed", "intent")]
    await contact_store.recount_reached(session, tenant, changed)


async def write_intents(
    session: Session,
    tenant: str,
    time: RunTime,
    contacts: Sequence[DebtorContact],
    judgements: Sequence[Judgement],
    *,
    claim: str,
    mark_secret: bytes,
    limits: SharedLimits | None = None,
) -> tuple[list[DebtorContact], list[DebtorContact], list[DebtorContact]]:
    """Before anything is handed over: what is about to be sent, under which check and decision.
    The contact record names addresses by marks made with the secret.

    Gives the contacts to send now, those of which a step has been made by another contact, and
    those that another tenant's attempt does not let pass any more (`limits`: shared with it).
    """
    late: list[DebtorContact] = []
    if limits is not None:
        begun_now = [replace(c, attempted_at=time.at) for c in contacts]
        held_up = {c.contact_id for c in await begin_attempts(session, tenant, limits, begun_now)}
        late = [c for c in contacts if c.contact_id in held_up]
        contacts = [c for c in contacts if c.contact_id not in held_up]
    await upsert_judgements(session, tenant, judgements)
    free = await step_store.insert_steps(
        session, tenant, [replace(c, state="intent") for c in contacts], time.at
    )
    intents = [
        replace(
            c,
            state="intent",
            attempted_at=time.at,
            left_at=time.at,
            handed_at=time.machine_now,
        )
        for c in contacts
        if c.contact_id in free
    ]
    written = await contact_store.update_contacts(
        session,
        tenant,
        intents,
        expected={"claimed"},
        claim=claim,
        lease_until=time.machine_now + LEASE,
        held_by=claim,
    )
    lost = {c.contact_id for c in intents} - written
    await step_store.delete_steps(session, tenant, lost)
    doubled = [c for c in contacts if c.contact_id not in free]
    await step_store.delete_steps(session, tenant, {c.contact_id for c in doubled})
    begun = [c for c in intents if c.contact_id in written]
    await take_back(session, [c for c in contacts if c.contact_id not in written])
    entries = [e for c in begun for e in intent_entries(tenant, c, time.at, mark_secret)]
    record_entries(session, entries)
    return begun, doubled, late


async def rewrite_intent(
    session: Session, tenant: str, contact: DebtorContact, *, claim: str, lease_until: datetime
) -> bool:
    """The contact as checked again. False: the claim was lost, nothing may be handed over."""
    written = await contact_store.update_contacts(
        session,
        tenant,
        [contact],
        expected={"intent"},
        claim=claim,
        lease_until=lease_until,
        held_by=claim,
    )
    if contact.contact_id not in written:
        return False
    await step_store.delete_steps(session, tenant, written)  # perhaps it covers fewer now
    await step_store.insert_steps(
        session, tenant, [contact], contact.attempted_at or contact.due_at
    )
    return True


def _count(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        telemetry.CONTACTS.labels("outreach", outcome.contact.channel, outcome.kind).inc()

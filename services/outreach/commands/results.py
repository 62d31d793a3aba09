"""Record how contacts end, or that they are put off: state, steps, events, counts, as one."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.outreach.commands.plans import LEASE, Moment
from services.outreach.commands.saying import Said, say
from services.outreach.domain import contacts as rules
from services.outreach.domain.contacts import REACHED, Contact, State, Teller
from services.outreach.domain.governing import Ruling
from services.outreach.domain.planning import REASONS, Because
from services.outreach.store import contacts as contact_store
from services.outreach.store import debtors as debtor_store
from shared.database import Session
from shared.events import Event
from shared.process import telemetry

Kind = Literal["suppressed", "deferred", "cancelled", "sent", "uncertain", "failed", "handed-over"]

LEASES_MAX = 100  # ended in one transaction

# What the ledger's check refused for one of these reasons is over, even where our own facts will
# never say so (money that waits on account, a hold): the ladder goes on with its next step.
_FINAL: frozenset[str] = frozenset({"paid", "disputed", "hold"})


@dataclass(frozen=True)
class Outcome:
    """How one contact ended. `why`: the rule, the reason or the provider's code. `is_news`: the
    ledger knew more than we did, so that planning will judge by the same facts soon."""

    contact: Contact
    kind: Kind
    why: str = ""
    is_news: bool = False

    @property
    def makes_steps(self) -> bool:
        """Whether the contact's steps are done with; else another contact can make them."""
        if self.kind == "cancelled":
            return self.why in _FINAL and not self.is_news
        return self.kind != "deferred"


async def record_outcomes(
    session: Session,
    tenant: str,
    moment: Moment,
    outcomes: Sequence[Outcome],
    *,
    expected: Collection[State],
    claim: str,
) -> Counter[str]:
    """Counts by kind. A contact that the claim no longer holds is left as it is: its lease ended
    and somebody else has said how it ended."""
    if not outcomes:
        return Counter()
    await debtor_store.reopen_debtors(session, tenant, {o.contact.debtor_key for o in outcomes})
    after = [replace(o, contact=_ended(o, moment.at)) for o in outcomes]
    written = await contact_store.update_contacts(
        session, tenant, [o.contact for o in after], expected=expected, held_by=claim
    )
    held = [o for o in after if o.contact.contact_id in written]
    await contact_store.insert_steps(session, tenant, [o.contact for o in held if o.makes_steps])
    await contact_store.delete_steps(
        session, tenant, [o.contact.contact_id for o in held if not o.makes_steps]
    )
    await contact_store.mark_reached(
        session, tenant, [o.contact for o in held if o.contact.state in REACHED], moment.at
    )
    teller = Teller(tenant, moment.at, moment.recorded_at)
    said: Said = []
    for before, outcome in zip(outcomes, after, strict=True):
        if outcome.contact.contact_id in written:
            said += _said(teller, before.contact, outcome)
    await say(session, said)
    session.after_commit(lambda: _count(held))
    return Counter(o.kind for o in held)


async def write_intents(
    session: Session,
    tenant: str,
    moment: Moment,
    contacts: Sequence[Contact],
    *,
    claim: str,
) -> tuple[list[Contact], list[Contact]]:
    """Before anything is handed over: what is about to be sent, and under which check.

    Gives the contacts to send now, and those of which a step has been made by another contact.
    """
    free = await contact_store.insert_steps(session, tenant, contacts)
    intents = [
        replace(c, state="intent", attempted_at=moment.at) for c in contacts if c.contact_id in free
    ]
    written = await contact_store.update_contacts(
        session,
        tenant,
        intents,
        expected={"claimed"},
        claim=claim,
        lease_until=moment.machine_now + LEASE,
        held_by=claim,
    )
    lost = {c.contact_id for c in intents} - written
    await contact_store.delete_steps(session, tenant, lost)
    doubled = [c for c in contacts if c.contact_id not in free]
    await contact_store.delete_steps(session, tenant, {c.contact_id for c in doubled})
    return [c for c in intents if c.contact_id in written], doubled


async def rewrite_intent(
    session: Session, tenant: str, contact: Contact, *, claim: str, lease_until: datetime
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
    await contact_store.delete_steps(session, tenant, written)  # perhaps it covers fewer now
    await contact_store.insert_steps(session, tenant, [contact])
    return True


def _ended(outcome: Outcome, at: datetime) -> Contact:
    contact, why = outcome.contact, outcome.why
    if outcome.kind == "deferred":
        ruling = _ruling(outcome)
        said = contact.rules if why in contact.rules else (*contact.rules, why)
        until = ruling.until if ruling is not None and ruling.until is not None else at
        return replace(contact, state="planned", rules=said, until=until, attempted_at=None)
    if outcome.kind == "suppressed":
        return replace(contact, state="suppressed", rules=(*contact.rules, why), because=why)
    if outcome.kind == "sent":
        return replace(contact, state="sent", message_id=why)
    return replace(contact, state=outcome.kind, because=why or None)


def _ruling(outcome: Outcome) -> Ruling | None:
    """The governor's word, where it is by that word that the contact is not made."""
    ruling = outcome.contact.ruling
    leading = ruling.leading if ruling is not None else None
    return ruling if leading is not None and leading.rule == outcome.why else None


def _said(teller: Teller, before: Contact, outcome: Outcome) -> Said:
    ruling = _ruling(outcome)
    if outcome.kind == "suppressed" and ruling is not None:
        return rules.refused(before, ruling, teller)[1]
    event = _event(teller, before, outcome)
    return [] if event is None else [(event, outcome.contact.account_ids)]


def _event(teller: Teller, before: Contact, outcome: Outcome) -> Event | None:
    contact, why = outcome.contact, outcome.why
    match outcome.kind:
        case "deferred":
            if why in before.rules:  # said once per contact and rule
                return None
            ruling = _ruling(outcome)
            leading = ruling.leading if ruling is not None else None
            return teller.suppressed(
                contact,
                rule=why,
                until=ruling.until if ruling is not None else None,
                citation=leading.citation if leading is not None else None,
            )
        case "suppressed":
            return teller.suppressed(contact, rule=why, until=None, citation=None)
        case "cancelled":
            return teller.cancelled(contact, _because(why))
        case "sent":
            return teller.sent(contact, why)
        case "uncertain":
            return teller.uncertain(contact, why)
        case "failed":
            return teller.failed(contact, why)
        case "handed-over":
            return teller.handed_over(contact)


def _because(why: str) -> Because:
    return next(reason for reason in REASONS if reason == why)


def _count(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        telemetry.CONTACTS.labels("outreach", outcome.contact.channel, outcome.kind).inc()

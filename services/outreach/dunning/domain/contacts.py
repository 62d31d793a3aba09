"""Contacts as planning makes them: about which subjects, over what, in the words of the firmest."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from services.outreach.activity.domain.contacts import (
    Cover,
    DebtorContact,
    HandOverTo,
    Item,
    leading,
)
from services.outreach.dunning.domain.debtor_facts import DebtorFacts
from services.outreach.dunning.domain.planning import Plan
from shared import ids

SERVICE_LANE = "service/"  # of what leaves at once: planning leaves it alone

# Who has to agree to a hand-over where the step does not say it.
APPROVERS: Mapping[str, str] = {"agency": "supervisor", "legal": "legal"}


def contact_id(tenant: str, debtor_key: str, items: Iterable[Item], attempt: int) -> str:
    """Made from what it is about, so that a retry makes the same one. `attempt` counts the debtor's
    contacts: a step whose contact was cancelled can be planned again."""
    first = min(items)
    about = (first.account_id, first.subject_id, first.anchor_on.isoformat(), first.step)
    return ids.event_id(tenant, "outreach", "contact", debtor_key, *about, str(attempt))


def lane_of(contact: DebtorContact) -> str:
    """A debtor has one contact under way; a hand-over stands apart, for its invoice, and so does
    what leaves at once."""
    if contact.service is not None:
        return f"{SERVICE_LANE}{contact.contact_id}"
    if contact.channel != "hand-over":
        return ""
    item = contact.items[0]
    return f"{item.account_id}/{item.subject_id}"


def worded(
    contact: DebtorContact,
    items: tuple[Item, ...],
    versions: Mapping[str, str],
    sequences: Mapping[str, int],
) -> DebtorContact:
    """The contact about these items, in the words of the firmest of them. Where the work for a
    person falls away, a message is left, over the first channel of the rest."""
    lead = leading(items)
    channel = contact.channel
    if channel not in lead.channels:
        channel = lead.channels[0]
    return replace(
        contact,
        channel=channel,
        strategy=lead.strategy,
        strategy_version=lead.version,
        step=lead.step,
        tone=lead.tone,
        template=lead.template,
        template_version=versions.get(lead.template) if lead.template else None,
        purpose=lead.purpose,
        items=items,
        covers=covers_of(items, sequences),
    )


def planned(
    debtor: DebtorFacts, found: Plan, contact_id: str, versions: Mapping[str, str]
) -> DebtorContact:
    """A new contact of the debtor."""
    draft = DebtorContact(
        contact_id=contact_id,
        debtor_key=debtor.key,
        debtor_id=debtor.debtor_id,
        zone="",
        channel=found.channel,
        strategy="",
        strategy_version="",
        step="",
        tone="friendly",
        template=None,
        template_version=None,
        state="planned",
        due_at=found.due_at,
        items=(),
        covers=(),
    )
    return moved(draft, debtor, found, versions)


def moved(
    contact: DebtorContact, debtor: DebtorFacts, found: Plan, versions: Mapping[str, str]
) -> DebtorContact:
    """The same contact after the facts have changed: another instant, other subjects."""
    lead, step = found.lead, found.step
    hand_over = step.hand_over
    is_same = contact.channel == found.channel
    return replace(
        contact,
        zone=_zone(debtor, found.items),
        due_at=found.due_at,
        channel=found.channel,
        strategy=lead.strategy,
        strategy_version=lead.version,
        step=lead.step,
        tone=lead.tone,
        template=lead.template,
        template_version=versions.get(lead.template) if lead.template else None,
        purpose=lead.purpose,
        items=found.items,
        covers=covers_of(found.items, {}),
        arms=dict(debtor.by_account[lead.account_id].arms),
        decision=found.put_off or found.decision,
        passed_over=found.passed_over,
        tried=found.tried,
        unavailable_since=contact.unavailable_since if is_same else None,
        queue=step.queue if step.is_person else None,
        script=step.script,
        hand_over=None
        if hand_over is None
        else HandOverTo(
            hand_over.kind, hand_over.to, hand_over.approve or APPROVERS[hand_over.kind]
        ),
    )


def _zone(debtor: DebtorFacts, items: tuple[Item, ...]) -> str:
    return debtor.by_account[min(item.account_id for item in items)].timezone


def covers_of(items: Iterable[Item], sequences: Mapping[str, int]) -> tuple[Cover, ...]:
    """The items by account, lowest first, with the sequence that was checked (0: none yet)."""
    invoices: dict[str, dict[str, None]] = {}
    for item in sorted(items):
        invoices.setdefault(item.account_id, {}).update(dict.fromkeys(item.invoice_ids))
    return tuple(
        Cover(account_id, sequences.get(account_id, 0), tuple(sorted(found)))
        for account_id, found in sorted(invoices.items())
    )

"""What a receipt makes of a contact. A state only rises: sent 1 < failed 2 < delivered 3, in
whatever order receipts arrive; any of them proves that an uncertain contact was sent."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from services.outreach.activity.domain.contacts import DebtorContact, State
from services.outreach.channels.domain.contract import Receipt
from services.outreach.channels.domain.costs import voice_micros
from services.outreach.channels.domain.tenant_settings import Costs
from services.outreach.dunning.domain.contact_cost import paid_at_least
from services.outreach.dunning.domain.outcomes import NOT_ACCEPTED, Outcome
from services.outreach.dunning.domain.retries import next_channel

FAILS_WITHIN = timedelta(hours=72)  # of the hand-over; later, the ladder just goes on
# Those that a provider can speak of; the hand-over of an intent has begun.
TOLD_OF: frozenset[State] = frozenset({"intent", "uncertain", "sent", "failed", "delivered"})

_RANKS: Mapping[State, int] = {
    "intent": 0, "uncertain": 0, "sent": 1, "failed": 2, "delivered": 3,
}  # fmt: skip


def outcomes_of(
    contact: DebtorContact,
    receipt: Receipt,
    now: datetime,
    configured: Collection[str],
    costs: Costs,
) -> list[Outcome]:
    """What has to be recorded, in its order; nothing where the contact stands higher already.

    `now` is business time; so is the instant of what is recorded, kept between the hand-over and
    now."""
    if contact.state not in TOLD_OF:
        return []
    at = told_at(contact, receipt, now)
    rank = _RANKS[contact.state]
    found: list[Outcome] = []
    is_call_told = receipt.outcome in ("", contact.outcome)
    contact = _with_call(contact, receipt, costs)
    if rank == 0:
        if contact.outcome is None:
            contact = paid_at_least(contact, costs)
        found.append(_proven(contact, receipt))
        contact, rank = found[0].ended(at), 1
    if receipt.state == "failed" and rank < _RANKS["failed"]:
        found.append(_failed(contact, receipt, at, configured))
    elif receipt.state == "delivered" and rank < _RANKS["delivered"]:
        found.append(_delivered(contact, at))
    elif receipt.state == "sent" and rank == _RANKS["sent"] and not (found or is_call_told):
        found.append(_proven(contact, receipt))  # a call that nobody took: its end and its cost
    return found


def told_at(contact: DebtorContact, receipt: Receipt, now: datetime) -> datetime:
    left_at = contact.left_at or contact.attempted_at or now
    return min(max(receipt.at, left_at), max(now, left_at))


def _proven(contact: DebtorContact, receipt: Receipt) -> Outcome:
    """It was sent: the provider knows of it."""
    message_id = receipt.provider_id or contact.message_id or contact.contact_id
    return Outcome(contact, "sent", message_id, is_resolved=contact.state == "uncertain")


def _failed(
    contact: DebtorContact, receipt: Receipt, at: datetime, configured: Collection[str]
) -> Outcome:
    is_late = contact.left_at is not None and at - contact.left_at > FAILS_WITHIN
    return Outcome(
        contact,
        "failed",
        receipt.code or "undelivered",
        is_address_dead=receipt.is_address_dead,
        next_channel=None if is_late else next_channel(contact, configured),
        is_late=is_late,
        provider_at=at,
    )


def _delivered(contact: DebtorContact, at: datetime) -> Outcome:
    """What had failed counts as an attempt again."""
    revived = replace(contact, attempted_at=contact.left_at or contact.attempted_at, because=None)
    return Outcome(revived, "delivered", provider_at=at)


def _with_call(contact: DebtorContact, receipt: Receipt, costs: Costs) -> DebtorContact:
    """How a call ended, and what its minutes cost."""
    if not receipt.outcome:
        return contact
    return replace(
        contact,
        outcome=receipt.outcome,
        seconds=receipt.seconds or 0,
        cost_micros=voice_micros(costs, receipt.seconds or 0),
        cost_currency=costs.currency,
    )


def resolved(contact: DebtorContact, *, was_sent: bool, message_id: str) -> Outcome:
    """An uncertain contact, once it is known what became of it. What was surely not accepted is no
    attempt, and its step is free for the same channel."""
    if was_sent:
        return Outcome(contact, "sent", message_id, is_resolved=True)
    return Outcome(contact, "failed", NOT_ACCEPTED, is_resolved=True)

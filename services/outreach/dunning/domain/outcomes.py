"""How a contact ends, or that it is put off: what becomes of it, and what is announced."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from msgspec.structs import replace

from services.outreach.activity.domain.contacts import REACHED, Channel, DebtorContact
from services.outreach.activity.domain.decisions import Decision
from services.outreach.activity.domain.timeline import TimelineEntry
from services.outreach.dunning.domain.cancellations import REASONS, Because
from services.outreach.dunning.domain.contact_events import ContactEvents

OutcomeKind = Literal[
    "suppressed", "deferred", "cancelled", "sent", "uncertain", "failed", "delivered", "handed-over"
]

NOT_ACCEPTED = "not-accepted"  # the provider surely never had it

# What the ledger's check refused for one of these reasons is over, even where our own facts will
# never show it (money that waits on account, a hold): the ladder goes on with its next step.
_FINAL: frozenset[str] = frozenset(
    {"paid", "promise", "plan", "settlement", "disputed", "hold", "placed", "written-off"}
)


@dataclass(frozen=True)
class Outcome:
    """How one contact ended. `why`: the rule, the reason or the provider's code. `is_news`: the
    ledger knew more than we did, so that planning will decide by the same facts soon.

    Of a failed one, `next_channel` is tried next for the same step. `is_late`: it failed so long
    after the hand-over that it counts as an attempt all the same, and the ladder goes on."""

    contact: DebtorContact
    kind: OutcomeKind
    why: str = ""
    is_news: bool = False
    has_lapsed: bool = False  # what its step asks for does not hold by the check
    is_address_dead: bool = False
    is_consent_revoked: bool = False
    next_channel: Channel | None = None
    is_late: bool = False
    is_resolved: bool = False  # it was uncertain, and has been found out
    provider_at: datetime | None = None  # when the provider says that it happened

    @property
    def makes_steps(self) -> bool:
        """Whether the contact's steps are done with; else another contact can make them."""
        if self.kind == "cancelled":
            return (self.why in _FINAL or self.has_lapsed) and not self.is_news
        if self.kind == "failed":
            is_left = self.next_channel is not None or self.why == NOT_ACCEPTED
            return self.is_late or not is_left
        return self.kind != "deferred"

    @property
    def is_attempt(self) -> bool:
        """Whether it counts as an attempt to reach the debtor."""
        return self.kind in REACHED or (self.kind == "failed" and self.is_late)

    @property
    def leaves_nothing(self) -> bool:
        """Whether nothing has left us, so that the slots it took are free again."""
        if self.kind == "failed":
            return self.contact.state == "intent" or self.why == NOT_ACCEPTED
        return self.kind in ("deferred", "cancelled", "suppressed")

    @property
    def decision(self) -> Decision | None:
        """The contact rules' decision, where it is the reason why the contact is not made."""
        decision = self.contact.decision
        leading = decision.leading if decision is not None else None
        return decision if leading is not None and leading.rule == self.why else None

    def ended(self, at: datetime) -> DebtorContact:
        """The contact after it."""
        contact, why = self.contact, self.why
        if self.leaves_nothing:
            contact = replace(contact, slots=(), slot_day=None)
        if self.kind == "deferred":
            decision = self.decision
            rules = contact.rules if why in contact.rules else (*contact.rules, why)
            until = decision.until if decision is not None else None
            planned = replace(
                contact, state="planned", rules=rules, attempted_at=None, left_at=None
            )
            if contact.retry_at is not None and contact.retry_at > at:
                return replace(planned, due_at=contact.retry_at, until=contact.retry_at)
            return replace(planned, until=until or at)
        if self.kind == "suppressed":
            return replace(contact, state="suppressed", rules=(*contact.rules, why), because=why)
        if self.kind in ("sent", "delivered"):
            message_id = why or contact.message_id
            return replace(contact, state=self.kind, message_id=message_id, find_at=None)
        if self.kind == "failed":
            attempted_at = contact.left_at if self.is_late else None
            return replace(
                contact, state="failed", because=why, attempted_at=attempted_at, find_at=None
            )
        return replace(contact, state=self.kind, because=why or None)

    def announced(self, events: ContactEvents) -> list[TimelineEntry]:
        """What is announced of it."""
        contact, why = self.ended(events.at), self.why
        match self.kind:
            case "deferred":
                return self._deferred(contact, events)
            case "suppressed":
                return self._suppressed(contact, events)
            case "cancelled":
                return events.cancelled(contact, _because(why))
            case "sent":
                return events.sent(contact, contact.message_id or "", is_resolved=self.is_resolved)
            case "delivered":
                return events.delivered(contact, self.provider_at or events.at)
            case "uncertain":
                return events.uncertain(contact, why)
            case "failed":
                return events.failed(
                    contact,
                    why,
                    is_address_dead=self.is_address_dead,
                    next_channel=self.next_channel,
                    failed_at=self.provider_at or events.at,
                    is_resolved=self.is_resolved,
                )
            case "handed-over":
                return []  # its task says so

    def _suppressed(self, contact: DebtorContact, events: ContactEvents) -> list[TimelineEntry]:
        if self.why in self.contact.rules:  # announced once per contact and rule
            return []
        leading = self.decision.leading if self.decision is not None else None
        return events.suppressed(
            contact,
            rule=self.why,
            until=self.decision.until if self.decision is not None else None,
            citation=leading.citation if leading is not None else None,
        )

    def _deferred(self, contact: DebtorContact, events: ContactEvents) -> list[TimelineEntry]:
        if self.why in self.contact.rules:  # announced once per contact and rule
            return []
        decision = self.decision
        leading = decision.leading if decision is not None else None
        until = contact.until if contact.until == contact.retry_at else None
        return events.suppressed(
            contact,
            rule=self.why,
            until=decision.until if decision is not None else until,
            citation=leading.citation if leading is not None else None,
        )


def _because(why: str) -> Because:
    return next(reason for reason in REASONS if reason == why)

"""The announcements that tell a contact's life: all at one instant of business time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.activity.domain.parts import (
    covers_in_parts,
    numbered,
    part_cause,
)
from services.outreach.activity.domain.tasks import QUEUE_DEFAULT, NewTask
from services.outreach.activity.domain.timeline import TimelineEntry
from services.outreach.channels.domain.costs import cost_minor
from services.outreach.dunning.domain.cancellations import Because
from shared.clock import local_day
from shared.events import Announcement, outreach

Type = Literal[
    "contact-planned", "contact-suppressed", "contact-cancelled", "contact-sent",
    "contact-uncertain", "contact-failed", "contact-delivered", "contact-opened",
]  # fmt: skip
_CLASSES: dict[Type, Any] = {
    "contact-planned": outreach.ContactPlanned,
    "contact-suppressed": outreach.ContactSuppressed,
    "contact-cancelled": outreach.ContactCancelled,
    "contact-sent": outreach.ContactSent,
    "contact-uncertain": outreach.ContactUncertain,
    "contact-failed": outreach.ContactFailed,
    "contact-delivered": outreach.ContactDelivered,
    "contact-opened": outreach.ContactOpened,
}


@dataclass(frozen=True)
class ContactEvents:
    """Makes the announcements. One that would be too large comes in parts, in their order."""

    at: datetime

    def planned(self, contact: DebtorContact) -> list[TimelineEntry]:
        return self._contact("contact-planned", contact, "planned", due_at=contact.due_at)

    def suppressed(
        self,
        contact: DebtorContact,
        *,
        rule: str,
        until: datetime | None,
        citation: str | None,
    ) -> list[TimelineEntry]:
        return self._contact(
            "contact-suppressed", contact, rule, rule=rule, citation=citation, until=until
        )

    def cancelled(self, contact: DebtorContact, because: Because) -> list[TimelineEntry]:
        return self._contact("contact-cancelled", contact, because, because=because)

    def sent(
        self, contact: DebtorContact, message_id: str, *, is_resolved: bool = False
    ) -> list[TimelineEntry]:
        return self._contact(
            "contact-sent",
            contact,
            "sent" if contact.outcome is None else f"sent {contact.outcome}",  # a call that ended
            sent_at=contact.left_at or self.at,
            message_id=message_id,
            disclosures=contact.disclosures,
            resolved_from="uncertain" if is_resolved else None,
        )

    def paid(self, contact: DebtorContact) -> list[TimelineEntry]:
        """Sent, once more: with what it has cost."""
        return self._contact(
            "contact-sent",
            contact,
            "sent paid",
            sent_at=contact.left_at or self.at,
            message_id=contact.message_id or "",
            disclosures=contact.disclosures,
        )

    def delivered(self, contact: DebtorContact, at: datetime) -> list[TimelineEntry]:
        return self._contact(
            "contact-delivered", contact, "delivered", delivered_at=at, outcome=contact.outcome
        )

    def opened(self, contact: DebtorContact, at: datetime) -> list[TimelineEntry]:
        return self._contact("contact-opened", contact, "opened", opened_at=at)

    def uncertain(self, contact: DebtorContact, because: str) -> list[TimelineEntry]:
        return self._contact("contact-uncertain", contact, "uncertain", because=because)

    def failed(
        self,
        contact: DebtorContact,
        reason_code: str,
        *,
        is_address_dead: bool = False,
        next_channel: str | None = None,
        failed_at: datetime | None = None,
        is_resolved: bool = False,
    ) -> list[TimelineEntry]:
        return self._contact(
            "contact-failed",
            contact,
            "failed",
            reason_code=reason_code,
            is_address_dead=is_address_dead,
            next_channel=next_channel,
            failed_at=failed_at,
            resolved_from="uncertain" if is_resolved else None,
        )

    def _contact(
        self, type_: Type, contact: DebtorContact, cause: str, **fields: Any
    ) -> list[TimelineEntry]:
        parts = covers_in_parts(
            outreach.Cover(
                account_id=cover.account_id,
                checked_sequence=cover.checked_sequence,
                invoice_ids=cover.invoice_ids,
            )
            for cover in contact.covers
        )
        common = _common(contact) | fields
        return [
            self._entry(
                type_,
                contact,
                part_cause(cause, number),
                _CLASSES[type_](**common, covers=covers, **numbered(number, len(parts))),
                tuple(cover.account_id for cover in covers),
            )
            for number, covers in enumerate(parts, 1)
        ]

    def _entry(
        self, type_: str, contact: DebtorContact, cause: str, data: Struct, accounts: Sequence[str]
    ) -> TimelineEntry:
        day = local_day(self.at, contact.zone)
        announcement = Announcement(type_, contact.contact_id, cause, self.at, day, data)
        return TimelineEntry(announcement, contact.account_id, tuple(accounts))


def task_of(contact: DebtorContact, at: datetime) -> NewTask:
    """A person takes over."""
    return NewTask(
        kind="early-warning" if contact.purpose.startswith("warning.") else "call",
        account_id=contact.account_id,
        cause=f"contact {contact.contact_id}",
        due_at=at,
        queue=contact.queue or QUEUE_DEFAULT,
        contact_id=contact.contact_id,
        debtor_id=contact.debtor_id,
        strategy=contact.strategy,
        strategy_version=contact.strategy_version,
        step=contact.step,
        script=contact.script,
        due_on=local_day(at, contact.zone),
        invoice_ids=tuple(i for cover in contact.covers for i in cover.invoice_ids),
        opened_at=at,
    )


def suppressed_by(contact: DebtorContact, rule: str) -> DebtorContact:
    """The contact that is not made, under a rule."""
    decision = contact.decision
    rules = contact.rules if rule in contact.rules else (*contact.rules, rule)
    until = decision.until if decision is not None else None
    return replace(contact, state="suppressed", because=rule, until=until, rules=rules)


def _common(contact: DebtorContact) -> dict[str, Any]:
    return {
        "contact_id": contact.contact_id,
        "account_id": contact.account_id,
        "debtor_id": contact.debtor_id,
        "channel": contact.channel,
        "strategy": contact.strategy,
        "strategy_version": contact.strategy_version,
        "step": contact.step,
        "tone": contact.tone,
        "arms": dict(contact.arms),
        "template_version": contact.template_version,
        "rulebook_version": contact.rulebook_version,
        "collector": contact.collector,
        "purpose": contact.purpose,
        "language": contact.language,
        **_cost(contact),
    }


def _cost(contact: DebtorContact) -> dict[str, Any]:
    if contact.cost_currency is None:
        return {}
    return {
        "cost_micros": contact.cost_micros,
        "cost_minor": cost_minor(contact.cost_micros, contact.cost_currency),
        "cost_currency": contact.cost_currency,
    }

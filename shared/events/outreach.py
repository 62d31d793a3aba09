"""What outreach announces (`outreach.events`). A contact is one event under its lowest account id;
`covers` names the rest. Announced once per contact, or per contact and rule. Consents and
preferences are announced without what is personal in them.

An event that would be too large comes in parts, in their order: `part` 1 to `parts`, both absent
where it is whole. Readers replace at part 1, then add. In every part after the first the first
cover goes on with the account that the part before ends with."""

from datetime import date, datetime
from typing import Literal

from msgspec import UNSET, Struct, UnsetType


class Cover(Struct, frozen=True, kw_only=True):
    """One account that a contact speaks of, and what the live check saw of it."""

    account_id: str
    checked_sequence: int  # the ledger's `sequence` at the check; 0 while only planned
    invoice_ids: tuple[str, ...]


class _Contact(Struct, frozen=True, kw_only=True):
    contact_id: str
    account_id: str  # the lowest of `covers`
    debtor_id: str | None = None
    channel: str  # email | person
    strategy: str
    strategy_version: str
    step: str
    tone: str
    arms: dict[str, str] = {}
    template_version: str | None = None
    rulebook_version: str | None = None
    collector: str | None = None
    cost_minor: int = 0
    cost_currency: str | None = None
    covers: tuple[Cover, ...]
    part: int | UnsetType = UNSET
    parts: int | UnsetType = UNSET

    @property
    def is_further_part(self) -> bool:
        """Whether an earlier part has announced it already."""
        return self.part is not UNSET and self.part > 1

    @property
    def new_covers(self) -> tuple[Cover, ...]:
        """Those of accounts that no earlier part covers."""
        return self.covers[1:] if self.is_further_part else self.covers


class ContactPlanned(_Contact, frozen=True, kw_only=True):
    due_at: datetime


class ContactSuppressed(_Contact, frozen=True, kw_only=True):
    rule: str
    citation: str | None = None
    until: datetime | None = None


class ContactCancelled(_Contact, frozen=True, kw_only=True):
    because: Literal[
        "paid", "promise", "plan", "settlement", "disputed", "hold", "placed", "written-off",
        "corrected", "erased", "superseded",
    ]  # fmt: skip


class ContactSent(_Contact, frozen=True, kw_only=True):
    sent_at: datetime  # business time
    message_id: str
    disclosures: tuple[str, ...] = ()


class ContactUncertain(_Contact, frozen=True, kw_only=True):
    """The hand-over was begun and its end is not known. Counted, never repeated."""

    because: str


class ContactFailed(_Contact, frozen=True, kw_only=True):
    """The provider refused the message."""

    reason_code: str


class TaskCreated(Struct, frozen=True, kw_only=True):
    """An account was handed over to a person."""

    task_id: str
    account_id: str
    debtor_id: str | None = None
    strategy: str
    strategy_version: str
    step: str
    due_on: date
    invoice_ids: tuple[str, ...]
    part: int | UnsetType = UNSET
    parts: int | UnsetType = UNSET


class ApprovalRequested(Struct, frozen=True, kw_only=True):
    """A contact was not made, because only a person may decide about it."""

    contact_id: str
    account_id: str
    channel: str
    rule: str  # which asks for it
    role: str | None = None  # who may decide
    citation: str | None = None
    rulebook_version: str | None = None


class _Consent(Struct, frozen=True, kw_only=True):
    """The address and the evidence stay in outreach."""

    account_id: str
    channel: str
    kind: str  # extra_calls | voice | sms | email | …
    given_to: str | None = None  # collector | creditor


class ConsentGranted(_Consent, frozen=True, kw_only=True):
    granted_at: datetime


class ConsentRevoked(_Consent, frozen=True, kw_only=True):
    revoked_at: datetime


class PreferenceChanged(Struct, frozen=True, kw_only=True):
    """A wish of the person, or a circumstance known of them, has changed; its details stay here."""

    account_id: str
    # `circumstances`: one that need not be distinguished on the log (health, service, insolvency)
    kind: Literal[
        "channels", "times", "places", "language", "timezone", "attorney", "cease", "circumstances"
    ]
    refused_channels: tuple[str, ...] | None = None  # of kind `channels`
    changed_at: datetime


class RulebookActivated(Struct, frozen=True, kw_only=True):
    name: str
    version: str | None = None  # None: the book no longer applies
    from_on: date  # 00:00 of that day in the tenant's zone


TYPES: dict[str, type[Struct]] = {
    "contact-planned": ContactPlanned,
    "contact-suppressed": ContactSuppressed,
    "contact-cancelled": ContactCancelled,
    "contact-sent": ContactSent,
    "contact-uncertain": ContactUncertain,
    "contact-failed": ContactFailed,
    "task-created": TaskCreated,
    "approval-requested": ApprovalRequested,
    "consent-granted": ConsentGranted,
    "consent-revoked": ConsentRevoked,
    "preference-changed": PreferenceChanged,
    "rulebook-activated": RulebookActivated,
}

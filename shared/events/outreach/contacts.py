"""What is announced of contacts, once per contact, or per contact and rule."""

from datetime import datetime
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
    channel: str  # email | sms | voice | letter | portal | webhook | person | hand-over
    strategy: str
    strategy_version: str
    step: str
    tone: str
    arms: dict[str, str] = {}
    template_version: str | None = None
    rulebook_version: str | None = None
    collector: str | None = None
    purpose: str | None = None  # what it is for: overdue, upcoming, or the reaction that it is
    language: str | None = None  # in which it is written
    cost_micros: int = 0  # millionths of a unit of the currency; the last announced replaces
    cost_minor: int = 0  # the same, rounded half up
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
        "reply", "claim", "withdrawn", "manual", "corrected", "erased", "superseded",
    ]  # fmt: skip


class ContactSent(_Contact, frozen=True, kw_only=True):
    sent_at: datetime  # business time
    message_id: str
    disclosures: tuple[str, ...] = ()
    resolved_from: Literal["uncertain"] | None = None  # what was in doubt was found out


class ContactUncertain(_Contact, frozen=True, kw_only=True):
    """The hand-over was begun and its end is not known. Counted, never repeated."""

    because: str


class ContactFailed(_Contact, frozen=True, kw_only=True):
    """The provider refused the message, or could not deliver it. `not-accepted`: it never had it,
    so that it counts as no attempt."""

    reason_code: str
    is_address_dead: bool = False
    next_channel: str | None = None  # over which the same step is tried next
    failed_at: datetime | None = None  # the provider's instant, in business time
    resolved_from: Literal["uncertain"] | None = None


class ContactDelivered(_Contact, frozen=True, kw_only=True):
    """The provider says that the message has arrived."""

    delivered_at: datetime
    outcome: str | None = None  # of a call: how it ended (`no_answer`, `conversation`, …)


class ContactOpened(_Contact, frozen=True, kw_only=True):
    """The message seems to have been opened. Counts for nothing."""

    opened_at: datetime

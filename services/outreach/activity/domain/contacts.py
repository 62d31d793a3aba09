"""The record of a contact: which invoices, in which words, how far it has come.

planned → claimed → intent → sent | uncertain | failed        (e-mail)
planned → claimed → handed-over                               (a person)
planned → suppressed | cancelled                              at any time before the intent
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from services.outreach.activity.domain.decisions import Decision

AccountKind = Literal["consumer", "business"]
Channel = Literal["email", "person"]
Tone = Literal["friendly", "neutral", "firm", "final"]
State = Literal[
    "planned", "claimed", "intent", "sent", "uncertain", "failed", "suppressed", "cancelled",
    "handed-over",
]  # fmt: skip

# The results after which a message may have reached the debtor.
REACHED: frozenset[State] = frozenset({"sent", "uncertain"})


class Item(Struct, frozen=True, order=True):
    """One invoice's step that a contact covers."""

    account_id: str
    invoice_id: str
    due_on: date
    strategy: str
    step: str  # the step that is made by it
    words: str  # the step whose tone and template it takes; the same but for a late first contact
    kind: AccountKind

    @property
    def invoice(self) -> tuple[str, str, date]:
        return (self.account_id, self.invoice_id, self.due_on)


class Cover(Struct, frozen=True, order=True):
    """One account that the contact speaks of, as checked."""

    account_id: str
    checked_sequence: int
    invoice_ids: tuple[str, ...]


class DebtorContact(Struct, frozen=True, rename={"decision": "ruling"}):
    """One contact of a debtor; its JSON is kept, so names in it don't change."""

    contact_id: str
    debtor_key: str
    debtor_id: str | None
    zone: str  # of the account under which its events stand: for their calendar day
    channel: Channel
    strategy: str
    strategy_version: str
    step: str
    tone: Tone
    template: str | None
    template_version: str | None
    state: State
    due_at: datetime
    items: tuple[Item, ...]
    covers: tuple[Cover, ...]
    arms: Mapping[str, str] = {}
    rules: tuple[str, ...] = ()  # under which a suppression has been announced
    attempted_at: datetime | None = None  # business time of the hand-over
    until: datetime | None = None  # the earliest instant of another try
    because: str | None = None  # how it ended, where the state doesn't say it all
    message_id: str | None = None
    decision: Decision | None = None  # the contact rules' last one on it
    mailbox: str = ""  # which one has refused it for now (a mark of it, not the address)
    refused_since: datetime | None = None  # this and `retry_at`: business time
    refusals: int = 0  # in a row, by that mailbox
    retry_at: datetime | None = None  # not before then, while it is a message
    charge_texts: tuple[str, ...] = ()  # what it tells of charges to come

    @property
    def rulebook_version(self) -> str | None:
        return self.decision.rulebook_version if self.decision is not None else None

    @property
    def disclosures(self) -> tuple[str, ...]:
        """The texts that the message carries: what rules require, and what charges need."""
        required = self.decision.text_ids if self.decision is not None else ()
        return tuple(dict.fromkeys((*required, *self.charge_texts)))

    @property
    def account_id(self) -> str:
        """The account under which its events stand: the lowest it covers."""
        return self.covers[0].account_id

    @property
    def account_ids(self) -> tuple[str, ...]:
        return tuple(cover.account_id for cover in self.covers)

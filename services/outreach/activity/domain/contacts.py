"""The record of a contact: about which subjects, in which words, over what, how far it has come.

planned → claimed → intent → sent | uncertain | failed        (a message)
planned → claimed → handed-over                               (a person; a hand-over)
planned ⇄ held; planned, held → suppressed | cancelled        (a person decides first)
sent → delivered | failed; failed → delivered; uncertain → sent | failed
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from services.outreach.activity.domain.decisions import Decision

AccountKind = Literal["consumer", "business"]
Channel = Literal["email", "sms", "voice", "letter", "portal", "webhook", "person", "hand-over"]
MessageChannel = Literal["email", "sms", "voice", "letter", "portal", "webhook"]
Tone = Literal["friendly", "neutral", "firm", "final"]
State = Literal[
    "planned", "held", "claimed", "intent", "sent", "delivered", "uncertain", "failed",
    "suppressed", "cancelled", "handed-over",
]  # fmt: skip
SubjectKind = Literal[
    "invoice", "promise", "plan", "instalment", "settlement", "payment", "dispute", "account"
]
Section = Literal["overdue", "upcoming", "promise", "instalment", "service"]

TONES: tuple[Tone, ...] = ("friendly", "neutral", "firm", "final")  # softest first
# The results after which a message may have reached the debtor.
REACHED: frozenset[State] = frozenset({"sent", "delivered", "uncertain"})
# What counts as an attempt when a contact ends sent or uncertain; people's calls besides.
ATTEMPTS: frozenset[Channel] = frozenset({"email", "sms", "voice", "letter"})
_SECTIONS: Mapping[str, Section] = {
    "promise-due": "promise",
    "promise-broken": "promise",
    "instalment-due": "instalment",
    "instalment-missed": "instalment",
    "settlement-due": "instalment",
    "by-hand": "overdue",
}
BY_HAND = "by-hand"  # a person's message about what is overdue; stands where a reaction does
BY_HAND_SERVICE = "by-hand-service"  # one that asks for nothing


class Item(
    Struct,
    frozen=True,
    order=True,
    omit_defaults=True,
    rename={"subject_id": "invoice_id", "anchor_on": "due_on"},
):
    """One step of one subject that a contact covers. It says all that becomes of it, whatever
    becomes of its strategy. Its JSON is kept, so names in it don't change."""

    account_id: str
    subject_id: str
    anchor_on: date  # an invoice's due day; the day of what is answered
    strategy: str
    step: str  # the step that is made by it
    words: str  # the step whose tone and template it takes; the same but for a late first contact
    subject: SubjectKind = "invoice"
    version: str = ""
    n: int = 0  # the step's ladder day
    reaction: str = ""  # what it answers; none: it is a step of the ladder
    tone: Tone = "friendly"
    template: str | None = None
    channels: tuple[Channel, ...] = ("email",)  # the preferred first
    invoices: tuple[str, ...] = ()  # what a reaction speaks of; an invoice's step of its own
    kind: AccountKind = "consumer"

    @property
    def key(self) -> tuple[str, SubjectKind, str, date, str]:
        """What climbs: no step of it is made twice."""
        return (self.account_id, self.subject, self.subject_id, self.anchor_on, self.reaction)

    @property
    def invoice(self) -> tuple[str, str, date]:
        return (self.account_id, self.subject_id, self.anchor_on)

    @property
    def invoice_id(self) -> str:
        return self.subject_id

    @property
    def due_on(self) -> date:
        return self.anchor_on

    @property
    def invoice_ids(self) -> tuple[str, ...]:
        return (self.subject_id,) if self.subject == "invoice" else self.invoices

    @property
    def is_ladder(self) -> bool:
        return not self.reaction

    @property
    def is_reminder(self) -> bool:
        """Whether it is a ladder's step about money that is not past due yet."""
        return self.is_ladder and self.n <= 0

    @property
    def is_person(self) -> bool:
        return self.channels == ("person",)

    @property
    def section(self) -> Section:
        """Where a message speaks of it."""
        if self.is_ladder:
            return "upcoming" if self.n <= 0 else "overdue"
        return _SECTIONS.get(self.reaction, "service")

    @property
    def purpose(self) -> str:
        """What a contact is for that it leads."""
        return self.reaction or self.section

    @property
    def firmness(self) -> tuple[bool, int, int, str, str, str]:
        """What "leading" compares: a person, then the tone, then the ladder day, then the ids, and
        of one subject what is answered."""
        n = self.n if self.is_ladder else 0
        rank = TONES.index(self.tone)
        return (self.is_person, rank, n, self.account_id, self.subject_id, self.reaction)


def leading(items: Iterable[Item]) -> Item:
    """The firmest item: its strategy speaks for the contact."""
    return max(items, key=lambda item: item.firmness)


class PassedOver(Struct, frozen=True, omit_defaults=True):
    """A channel that was not taken, and under which rule."""

    channel: Channel
    rule: str
    until: datetime | None = None


class HandOverTo(Struct, frozen=True):
    """Who takes an invoice over, and who has to agree."""

    kind: Literal["agency", "legal"]
    to: str
    approve: str  # role


class PromisedAmount(Struct, frozen=True):
    """A promise that a message confirms."""

    promise_id: str
    currency: str
    amount_minor: int
    due_on: date


class ServiceTerms(Struct, frozen=True, omit_defaults=True):
    """Of a message that leaves at once: what it answers, and how long it is worth sending."""

    cause: str  # one message for each
    expires_at: datetime  # business time
    asked_at: datetime | None = None  # when the debtor wrote what it answers
    promise: PromisedAmount | None = None
    is_requested: bool = False  # the debtor waits for it at this moment
    language: str | None = None  # in which they have asked


class Resolution(Struct, frozen=True):
    """What a person knows of an uncertain contact. The evidence is theirs: deleted at erasure."""

    was_sent: bool
    evidence: str
    by: str
    at: datetime  # machine time


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
    claims_interest: bool | None = None  # it asks for interest; None: no check has told yet
    purpose: str = "overdue"  # overdue, upcoming, or the reaction that leads
    language: str | None = None  # in which it is written
    address: str | None = None  # to which it goes: personal, deleted at erasure
    provider: str | None = None  # by its name in the tenant's settings
    provider_id: str | None = None  # what the provider calls it
    passed_over: tuple[PassedOver, ...] = ()  # channels before the one that is taken
    tried: tuple[Channel, ...] = ()  # over which its steps have failed before
    given_up: tuple[PassedOver, ...] = ()  # channels that it is not to take, by what came of them
    unavailable_since: datetime | None = None  # business time; its channel has been away since
    attempts: int = 0  # of sending it, to which the provider said "later"
    left_at: datetime | None = None  # business time of the hand-over, also of what counts as none
    handed_at: datetime | None = None  # machine time of it
    find_at: datetime | None = None  # machine time: the provider is asked about it then
    units: int = 0  # that are paid for: segments, sheets
    outcome: str | None = None  # of a call: how it ended, as rules know it
    seconds: int = 0  # that a call lasted
    resolution: Resolution | None = None  # what a person found out of it while it was uncertain
    is_opened: bool = False  # a provider has said so
    slot_day: date | None = None  # of the tenant: the slots that it holds
    slots: tuple[str, ...] = ()
    approved_rules: tuple[str, ...] = ()  # which a person has let pass
    cost_micros: int = 0
    cost_currency: str | None = None
    queue: str | None = None  # of a person's task
    script: str | None = None  # template that a person or a call reads out
    hand_over: HandOverTo | None = None
    service: ServiceTerms | None = None  # it leaves at once; what the debtor has asked for
    collector: str | None = None  # who sends it by hand

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

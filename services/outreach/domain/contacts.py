"""A contact: its life from plan to result, and the events that tell it.

planned → claimed → intent → sent | uncertain | failed        (e-mail)
planned → claimed → handed-over                               (a person)
planned → suppressed | cancelled                              at any time before the intent
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from services.outreach.domain.governing import Decided, Effect, Ruling
from services.outreach.domain.planning import Because, Debtor, Item, lead
from services.outreach.domain.strategies import Channel, Strategies, Tone
from shared import ids
from shared.clock import local_day
from shared.events import OUTREACH, Event, outreach

State = Literal[
    "planned", "claimed", "intent", "sent", "uncertain", "failed", "suppressed", "cancelled",
    "handed-over",
]  # fmt: skip

# Why a contact is not made, besides the contact rules. The first three end it; after the others it
# is tried again.
CHANNEL_NOT_CONFIGURED = "channel-not-configured"
NO_ADDRESS = "no-address"
NO_WORDS = "disclosure-without-words"  # a text that must be said is in no language of ours
TOO_SOON = "one-contact-a-day"
LIVE_CHECK_UNANSWERED = "live-check-unanswered"
LIVE_CHECK_BEHIND = "live-check-behind-intake"
LIVE_CHECK_STALE = "live-check-stale"
CHANNEL_UNAVAILABLE = "channel-unavailable"
DETAILS_BEHIND = "contact-details-behind"  # an account's details have not been read yet

# The results after which a message may have reached the debtor.
REACHED: frozenset[State] = frozenset({"sent", "uncertain"})


class Cover(Struct, frozen=True, order=True):
    """One account that the contact speaks of, as checked."""

    account_id: str
    checked_sequence: int
    invoice_ids: tuple[str, ...]


@dataclass(frozen=True)
class Contact:
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
    arms: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[str, ...] = ()  # under which a suppression has been said
    attempted_at: datetime | None = None  # business time of the hand-over
    until: datetime | None = None  # the earliest instant of another try
    because: str | None = None  # how it ended, where the state doesn't say it all
    message_id: str | None = None
    ruling: Ruling | None = None  # the governor's last word on it

    @property
    def rulebook_version(self) -> str | None:
        return self.ruling.rulebook_version if self.ruling is not None else None

    @property
    def disclosures(self) -> tuple[str, ...]:
        """The texts that the message must carry."""
        return self.ruling.text_ids if self.ruling is not None else ()

    @property
    def account_id(self) -> str:
        """The account under which its events stand: the lowest it covers."""
        return self.covers[0].account_id

    @property
    def account_ids(self) -> tuple[str, ...]:
        return tuple(cover.account_id for cover in self.covers)


class Verdict(Struct, frozen=True):
    """What has been decided of a contact so far, and by which rules."""

    verdict: Effect
    decided_by: tuple[Decided, ...] = ()


def verdict_of(contact: Contact) -> Verdict | None:
    """What the rules made of a contact; None: it has not been tried yet."""
    ruling = contact.ruling
    is_refused = ruling is not None and ruling.verdict in ("block", "require_approval")
    if contact.state in ("suppressed", "cancelled"):
        if ruling is not None and is_refused and contact.because in _rules_of(ruling):
            return Verdict(ruling.verdict, ruling.decided_by)
        return Verdict("block", (Decided(contact.because or "", "block", None),))
    if contact.state not in ("planned", "claimed"):
        return Verdict("allow", ruling.decided_by if ruling and ruling.verdict == "allow" else ())
    if ruling is not None and is_refused:
        return Verdict(ruling.verdict, ruling.decided_by)
    if not contact.rules:
        return None
    if ruling is not None and ruling.verdict == "defer" and contact.rules[-1] in _rules_of(ruling):
        return Verdict("defer", ruling.decided_by)
    last = len(contact.rules) - 1
    return Verdict(
        "defer",
        tuple(
            Decided(rule, "defer", contact.until if place == last else None)
            for place, rule in enumerate(contact.rules)
        ),
    )


def _rules_of(ruling: Ruling) -> set[str]:
    return {decided.rule for decided in ruling.decided_by}


def contact_id(tenant: str, debtor_key: str, items: Iterable[Item], attempt: int) -> str:
    """Made from what it is about, so that a retry makes the same one. `attempt` counts the debtor's
    contacts: a step whose contact was cancelled can be planned again."""
    first = min(items)
    about = (first.account_id, first.invoice_id, first.due_on.isoformat(), first.step)
    return ids.event_id(tenant, "outreach", "contact", debtor_key, *about, str(attempt))


def worded(
    contact: Contact,
    items: tuple[Item, ...],
    strategies: Strategies,
    template_versions: Mapping[str, str],
    sequences: Mapping[str, int],
) -> Contact:
    """The contact about these items, in the words of the firmest of them."""
    _, strategy, step = lead(items, strategies)
    return replace(
        contact,
        channel=step.channel,
        strategy=strategy.name,
        strategy_version=strategy.version,
        step=step.name,
        tone=step.tone,
        template=step.template,
        template_version=template_versions.get(step.template) if step.template else None,
        items=items,
        covers=covers_of(items, sequences),
    )


def planned(
    debtor: Debtor,
    items: tuple[Item, ...],
    due_at: datetime,
    contact_id: str,
    strategies: Strategies,
    template_versions: Mapping[str, str],
) -> Contact:
    """A new contact of the debtor."""
    leading, strategy, step = lead(items, strategies)
    arms = next((a.arms for a in debtor.accounts if a.account_id == leading.account_id), {})
    draft = Contact(
        contact_id=contact_id,
        debtor_key=debtor.key,
        debtor_id=debtor.debtor_id,
        zone=_zone(debtor, items),
        channel=step.channel,
        strategy=strategy.name,
        strategy_version=strategy.version,
        step=step.name,
        tone=step.tone,
        template=step.template,
        template_version=None,
        state="planned",
        due_at=due_at,
        items=items,
        covers=(),
        arms=dict(arms),
    )
    return worded(draft, items, strategies, template_versions, {})


def moved(
    contact: Contact,
    debtor: Debtor,
    items: tuple[Item, ...],
    due_at: datetime,
    strategies: Strategies,
    template_versions: Mapping[str, str],
) -> Contact:
    """The same contact after the facts have changed: another instant, other invoices."""
    base = replace(contact, zone=_zone(debtor, items), due_at=due_at)
    return worded(base, items, strategies, template_versions, {})


def _zone(debtor: Debtor, items: tuple[Item, ...]) -> str:
    lowest = min(item.account_id for item in items)
    return next(a.timezone for a in debtor.accounts if a.account_id == lowest)


def covers_of(items: Iterable[Item], sequences: Mapping[str, int]) -> tuple[Cover, ...]:
    """The items by account, lowest first, with the sequence that was checked (0: none yet)."""
    invoices: dict[str, list[str]] = {}
    for item in sorted(items):
        invoices.setdefault(item.account_id, []).append(item.invoice_id)
    return tuple(
        Cover(account_id, sequences.get(account_id, 0), tuple(found))
        for account_id, found in sorted(invoices.items())
    )


@dataclass(frozen=True)
class Teller:
    """Makes a contact's events: all at one instant of business time, recorded at another."""

    tenant: str
    at: datetime
    recorded_at: datetime

    def planned(self, contact: Contact) -> Event:
        data = outreach.ContactPlanned(**_common(contact), due_at=contact.due_at)
        return self._event("contact-planned", contact, "planned", data)

    def suppressed(
        self,
        contact: Contact,
        *,
        rule: str,
        until: datetime | None,
        citation: str | None,
    ) -> Event:
        data = outreach.ContactSuppressed(
            **_common(contact), rule=rule, citation=citation, until=until
        )
        return self._event("contact-suppressed", contact, rule, data)

    def cancelled(self, contact: Contact, because: Because) -> Event:
        data = outreach.ContactCancelled(**_common(contact), because=because)
        return self._event("contact-cancelled", contact, because, data)

    def sent(self, contact: Contact, message_id: str) -> Event:
        data = outreach.ContactSent(
            **_common(contact),
            sent_at=self.at,
            message_id=message_id,
            disclosures=contact.disclosures,
        )
        return self._event("contact-sent", contact, "sent", data)

    def uncertain(self, contact: Contact, because: str) -> Event:
        data = outreach.ContactUncertain(**_common(contact), because=because)
        return self._event("contact-uncertain", contact, "uncertain", data)

    def failed(self, contact: Contact, reason_code: str) -> Event:
        data = outreach.ContactFailed(**_common(contact), reason_code=reason_code)
        return self._event("contact-failed", contact, "failed", data)

    def approval_requested(self, contact: Contact, decided: Decided) -> Event:
        data = outreach.ApprovalRequested(
            contact_id=contact.contact_id,
            account_id=contact.account_id,
            channel=contact.channel,
            rule=decided.rule,
            role=decided.role,
            citation=decided.citation,
            rulebook_version=contact.rulebook_version,
        )
        return self._event("approval-requested", contact, decided.rule, data)

    def handed_over(self, contact: Contact) -> Event:
        data = outreach.TaskCreated(
            task_id=contact.contact_id,
            account_id=contact.account_id,
            debtor_id=contact.debtor_id,
            strategy=contact.strategy,
            strategy_version=contact.strategy_version,
            step=contact.step,
            due_on=local_day(self.at, contact.zone),
            invoice_ids=tuple(i for cover in contact.covers for i in cover.invoice_ids),
        )
        return self._event("task-created", contact, "handed-over", data)

    def _event(self, type_: str, contact: Contact, cause: str, data: Struct) -> Event:
        return Event(
            topic=OUTREACH,
            tenant=self.tenant,
            key=contact.account_id,
            type=type_,
            entity=contact.contact_id,
            cause=cause,
            time=self.at,
            day=local_day(self.at, contact.zone),
            recordedtime=self.recorded_at,
            data=data,
        )


def _common(contact: Contact) -> dict[str, Any]:
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
        "covers": tuple(
            outreach.Cover(
                account_id=cover.account_id,
                checked_sequence=cover.checked_sequence,
                invoice_ids=cover.invoice_ids,
            )
            for cover in contact.covers
        ),
    }


def refused(
    contact: Contact, ruling: Ruling, teller: Teller
) -> tuple[Contact, list[tuple[Event, tuple[str, ...]]]]:
    """The contact that a rule forbids, or leaves to a person; and what is to be said of it."""
    leading = ruling.leading
    assert leading is not None, "what is refused is refused by a rule"
    ended = replace(
        contact,
        state="suppressed",
        because=leading.rule,
        ruling=ruling,
        until=ruling.until,
        rules=contact.rules if leading.rule in contact.rules else (*contact.rules, leading.rule),
    )
    said = []
    if leading.rule not in contact.rules:
        event = teller.suppressed(
            ended, rule=leading.rule, until=ruling.until, citation=leading.citation
        )
        said.append((event, ended.account_ids))
    if ruling.verdict == "require_approval":
        said.append((teller.approval_requested(ended, leading), ended.account_ids))
    return ended, said

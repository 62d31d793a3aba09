"""Messages that leave at once: what a debtor has asked for, or is told in answer.

They are contacts with an intent, a check, the contact rules, a result and events like all others;
they wait for no gap, cap, slot or day, and count for none. One is sent for each cause.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal

from msgspec import structs

from services.outreach.activity.domain.contacts import (
    Cover,
    DebtorContact,
    Item,
    PromisedAmount,
    ServiceTerms,
    SubjectKind,
)
from services.outreach.debtors.domain.debtor_profile import AccountProfile, DebtorProfile
from services.outreach.dunning.domain import suppressions
from services.outreach.dunning.domain.outcomes import Outcome
from services.outreach.dunning.domain.outgoing import OutgoingMessage, Recipients
from services.outreach.history.domain import PastContact
from shared import ids

ServiceTemplate = Literal["stop-confirmed", "new-link", "code", "promise-made"]
ServiceChannel = Literal["email", "sms"]

# So long they are worth sending: a STOP is confirmed within five minutes or not at all.
WITHIN: Final[Mapping[ServiceTemplate, timedelta]] = {
    "stop-confirmed": timedelta(minutes=5),
    "code": timedelta(minutes=10),
    "new-link": timedelta(minutes=15),
    "promise-made": timedelta(days=1),
}
REQUESTED: Final = frozenset({"code", "new-link"})  # what somebody in the portal waits for
AGAIN_AFTER: Final = timedelta(seconds=30)  # what could not leave at once is tried again
STRATEGY: Final = "service"  # of what no strategy asks for
SERVICE: Final = "service"  # whose claim it is
TOO_LATE: Final = "too-late"


@dataclass(frozen=True, kw_only=True)
class ServiceMessage:
    """What somebody wants to be sent, to the address that has asked for it."""

    template: ServiceTemplate
    account_id: str
    channel: ServiceChannel
    address: str = field(repr=False)
    cause: str
    asked_at: datetime | None = None  # when the debtor wrote what it answers
    promise: PromisedAmount | None = None
    language: str | None = None  # in which they have asked
    code: str | None = field(default=None, repr=False)  # this and the next are kept nowhere
    portal_url: str | None = field(default=None, repr=False)  # else the message's own

    def contact_id(self, tenant: str) -> str:
        return ids.event_id(tenant, "outreach", "service", self.template, self.cause)

    @property
    def _subject(self) -> tuple[SubjectKind, str]:
        if self.promise is not None:
            return "promise", self.promise.promise_id
        return "account", self.cause

    @property
    def _days(self) -> tuple[int, ...]:
        """A strategy's own answer to a promise, on the same day or the next, does not follow."""
        return (0, 1) if self.promise is not None else (0,)

    def contact(
        self,
        tenant: str,
        at: datetime,
        *,
        debtor_key: str,
        debtor_id: str | None,
        zone: str,
        day: date,
        version: str | None,
    ) -> DebtorContact:
        """As it is claimed at once."""
        subject, subject_id = self._subject
        items = tuple(
            Item(
                account_id=self.account_id,
                subject_id=subject_id,
                anchor_on=day,
                strategy=STRATEGY,
                step=self.template,
                words=self.template,
                subject=subject,
                n=n,
                reaction=self.template,
                template=self.template,
                channels=(self.channel,),
            )
            for n in self._days
        )
        return DebtorContact(
            contact_id=self.contact_id(tenant),
            debtor_key=debtor_key,
            debtor_id=debtor_id,
            zone=zone,
            channel=self.channel,
            strategy=STRATEGY,
            strategy_version="",
            step=self.template,
            tone="friendly",
            template=self.template,
            template_version=version,
            state="claimed",
            due_at=at,
            items=items,
            covers=(Cover(self.account_id, 0, ()),),
            purpose=self.template,
            address=self.address,
            service=ServiceTerms(
                cause=self.cause,
                expires_at=at + WITHIN[self.template],
                asked_at=self.asked_at,
                promise=self.promise,
                is_requested=self.template in REQUESTED,
                language=self.language,
            ),
        )


def as_asked(profile: DebtorProfile, contact: DebtorContact) -> DebtorProfile:
    """The debtor as the rules are asked about the one answer: what they wrote went before it, and
    a word to stop does not forbid its own confirmation."""
    terms = contact.service
    if terms is None:
        return profile
    asked: tuple[PastContact, ...] = ()
    if terms.asked_at is not None:
        more = {"initiated_by": "debtor", "by": contact.address}
        past = PastContact(
            contact.account_ids, terms.asked_at, contact.channel, "conversation", more
        )
        asked = (past,)
    return replace(
        profile,
        accounts=tuple(_before(account, terms.cause) for account in profile.accounts),
        history=(*asked, *profile.history),
    )


def _before(account: AccountProfile, cause: str) -> AccountProfile:
    wishes = account.wishes
    if wishes is None:
        return account
    kept = tuple(c for c in wishes.consents if c.state != "revoked" or c.evidence != cause)
    return replace(account, wishes=replace(wishes, consents=kept))


@dataclass(frozen=True)
class GivenRecipients(Recipients):
    """Each goes to the address that has asked for it; what is kept nowhere comes from whoever made
    it."""

    message: ServiceMessage | None = None

    def address(self, contact: DebtorContact) -> OutgoingMessage | Outcome:
        if contact.channel not in self.configured:
            return Outcome(contact, "suppressed", suppressions.CHANNEL_NOT_CONFIGURED)
        if contact.address is None:
            return Outcome(contact, "suppressed", suppressions.NO_ADDRESS)
        if (contact.channel, contact.address) in self.unusable:
            return Outcome(contact, "suppressed", suppressions.ADDRESS_UNUSABLE)
        person = self.people.get(contact.account_id)
        name = person.name if person is not None else ""
        known = self.message
        return OutgoingMessage(
            contact,
            contact.address,
            name,
            code=known.code if known is not None else None,
            portal_url=known.portal_url if known is not None else None,
        )


def kept_waiting(outcome: Outcome, at: datetime) -> Outcome:
    """One that cannot leave now: tried again soon, unless it is too late by then."""
    contact, terms = outcome.contact, outcome.contact.service
    if outcome.kind != "deferred" or terms is None:
        return outcome
    decision = outcome.decision
    instants = [at + AGAIN_AFTER, contact.retry_at, decision.until if decision else None]
    again_at = max(instant for instant in instants if instant is not None)
    if again_at >= terms.expires_at or terms.is_requested:
        return replace(outcome, kind="suppressed")
    return replace(outcome, contact=structs.replace(contact, retry_at=again_at))

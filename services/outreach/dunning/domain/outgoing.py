"""A message about to leave, and each question that decides whether it may: to whom, still due by
the live check, still due by what is known, allowed by the contact rules. Each gives the message, or
the outcome that it has instead."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from msgspec import structs

from services.outreach.activity.domain.contacts import DebtorContact, Item
from services.outreach.channels.domain.languages import language_chain
from services.outreach.channels.domain.message_values import CreditorDetails
from services.outreach.channels.domain.templates import Templates
from services.outreach.debtors.domain.governor_question import wished_language
from services.outreach.dunning.domain import suppressions
from services.outreach.dunning.domain.cancellations import first_reason
from services.outreach.dunning.domain.contacts import worded
from services.outreach.dunning.domain.governor import (
    NEEDS_NO_ADDRESS,
    ContactGovernor,
    addresses,
)
from services.outreach.dunning.domain.live_check import (
    CheckedAccount,
    is_ahead,
    is_complete,
    still_due,
)
from services.outreach.dunning.domain.live_conditions import StepConditions
from services.outreach.dunning.domain.message_content import asks_for_interest
from services.outreach.dunning.domain.outcomes import Outcome, OutcomeKind
from services.outreach.dunning.domain.runs import ContentVersions
from shared.countries import country_code
from shared.events import ledger


@dataclass(frozen=True)
class OutgoingMessage:
    """A contact that is about to be handed over: by e-mail, or to a person (no recipient)."""

    contact: DebtorContact
    recipient: str
    recipient_name: str
    governor: ContactGovernor | None = None  # with what is known of the debtor
    conditions: StepConditions = field(default_factory=dict)  # of its items
    code: str | None = field(default=None, repr=False)  # that it tells; kept nowhere
    portal_url: str | None = field(default=None, repr=False)  # in place of the contact's own link

    def languages(self, at: datetime, of_tenant: str | None = None) -> tuple[str, ...]:
        """Those to try: the one in which it was asked for, what the debtor prefers, the account's,
        the tenant's, English."""
        profile = self.governor.profile if self.governor is not None else None
        asked_in = self.contact.service.language if self.contact.service is not None else None
        if profile is None:
            return language_chain(asked_in, of_tenant)
        wished = wished_language(profile, at)
        return language_chain(asked_in, wished, profile.account_language, of_tenant)

    @property
    def country(self) -> str | None:
        """Of the account under which its events stand: how days and amounts are written."""
        accounts = self.governor.profile.accounts if self.governor is not None else ()
        named = (a.country for a in accounts if a.account_id == self.contact.account_id)
        country = next(named, None)
        return country_code(country) if country is not None else None

    @property
    def addressed(self) -> DebtorContact:
        """The contact, with where it goes."""
        return structs.replace(self.contact, address=self.recipient or None)

    def with_contact(self, contact: DebtorContact) -> "OutgoingMessage":
        return replace(self, contact=contact)


@dataclass(frozen=True)
class Recipients:
    """What is known of the accounts of claimed contacts."""

    people: Mapping[str, ledger.Contact]  # by account
    sequences: Mapping[str, int]  # the ledger's, as far as it was taken in
    configured: frozenset[str]  # channels that have a provider
    countries: Mapping[str, str | None] = field(default_factory=dict)  # by account
    unusable: frozenset[tuple[str, str]] = frozenset()  # channel and address: nothing goes there
    conditions: StepConditions = field(default_factory=dict)

    def address(self, contact: DebtorContact) -> OutgoingMessage | Outcome:
        """To whom it goes; or that it can't. A person who takes over needs no address."""
        found = self._address(contact)
        if isinstance(found, Outcome):
            return found
        own = {i: self.conditions[i] for i in contact.items if i in self.conditions}
        return replace(found, conditions=own)

    def _address(self, contact: DebtorContact) -> OutgoingMessage | Outcome:
        if contact.channel == "person":
            return OutgoingMessage(contact, "", "")
        if contact.channel not in self.configured:
            return Outcome(contact, "suppressed", suppressions.CHANNEL_NOT_CONFIGURED)
        if contact.channel in NEEDS_NO_ADDRESS:
            found_people = [self.people[a] for a in contact.account_ids if a in self.people]
            name = found_people[0].name if found_people else ""
            return OutgoingMessage(contact, "", name)
        for account_id in contact.account_ids:
            person = self.people.get(account_id)
            found = addresses(contact.channel, person, self.countries.get(account_id))
            usable = (each for each in found if (contact.channel, each) not in self.unusable)
            address = next(usable, None)
            if person is not None and address is not None:
                return OutgoingMessage(contact, address, person.name)
        if not self.people.keys() >= set(contact.account_ids):  # every account has details
            return Outcome(contact, "deferred", suppressions.DETAILS_BEHIND)
        people = [self.people[account_id] for account_id in contact.account_ids]
        named = [person.email for person in people if contact.channel == "email"]
        is_there = any(email is not None and email.strip() for email in named)
        rule = suppressions.ADDRESS_UNUSABLE if is_there else suppressions.NO_ADDRESS
        return Outcome(contact, "suppressed", rule)


def confirmed(
    message: OutgoingMessage,
    checked: Mapping[str, CheckedAccount],
    recipients: Recipients,
    content: ContentVersions,
) -> OutgoingMessage | Outcome:
    """The message about what the ledger says is still due; or why nothing of it is."""
    contact, sequences = message.contact, recipients.sequences
    if not is_complete(checked, contact.account_ids, sequences):
        return Outcome(contact, "deferred", suppressions.LIVE_CHECK_BEHIND)
    due = due_of(message, checked, sequences, content)
    if isinstance(due, Outcome):
        return due
    if due.channel == "person":
        return Outcome(due, "handed-over")
    # Where the hand-over it was to be has fallen away, a message for the rest is left.
    return message.with_contact(due) if message.recipient else recipients.address(due)


def due_of(
    message: OutgoingMessage,
    checked: Mapping[str, CheckedAccount],
    known: Mapping[str, int],
    content: ContentVersions,
) -> DebtorContact | Outcome:
    """The contact about what is still due by the check; `known`: the sequences before it."""
    contact, conditions = message.contact, message.conditions

    def applies(item: Item, account: CheckedAccount) -> bool:
        return item not in conditions or conditions[item].holds(item, account)

    due = still_due(contact.items, checked, applies)
    if not due.items:
        is_news = is_ahead(checked, contact.account_ids, known)
        has_lapsed = any(
            item in conditions and not applies(item, checked[item.account_id])
            for item in contact.items
        )
        return Outcome(contact, "cancelled", due.because, is_news=is_news, has_lapsed=has_lapsed)
    sequences = {name: account.sequence for name, account in checked.items()}
    after = worded(contact, due.items, content.template_versions, sequences)
    to_tell = {text for name in after.account_ids for text in checked[name].disclose}
    return structs.replace(
        after,
        charge_texts=tuple(sorted(to_tell & content.text_ids)),
        claims_interest=asks_for_interest(after.items, checked),
    )


def reviewed(
    message: OutgoingMessage, governor: ContactGovernor, content: ContentVersions, at: datetime
) -> OutgoingMessage | Outcome:
    """The message about what still stands: a payment may have come in since the check was asked."""
    contact = message.contact
    lapsed = {item: why for item in contact.items if (why := governor.lapsed(item, at))}
    if not lapsed:
        return replace(message, governor=governor)
    items = tuple(item for item in contact.items if item not in lapsed)
    if not items:
        return Outcome(contact, "cancelled", first_reason(lapsed.values()), is_news=True)
    sequences = {cover.account_id: cover.checked_sequence for cover in contact.covers}
    contact = worded(contact, items, content.template_versions, sequences)
    return replace(message, contact=contact, governor=governor)


def governed(
    message: OutgoingMessage, at: datetime, templates: Templates, creditor: CreditorDetails
) -> OutgoingMessage | Outcome:
    """The message with what the contact rules decide at that instant; or why it may not leave."""
    contact, governor = message.contact, message.governor
    assert governor is not None, "a message is decided on by what is known of its debtor"
    decision = governor.govern(
        at,
        contact.items,
        contact.channel,
        message.recipient,
        claims_interest=bool(contact.claims_interest),
    )
    decision = decision.with_approved(frozenset(contact.approved_rules))
    contact = structs.replace(contact, decision=decision)
    leading = decision.leading
    if decision.verdict != "allow" and leading is not None:
        # What a person must decide is held by planning, which comes by again.
        kind: OutcomeKind = "suppressed" if decision.verdict == "block" else "deferred"
        return Outcome(contact, kind, leading.rule)
    if templates.unworded(decision.text_ids, message.languages(at)[0], creditor):
        return Outcome(contact, "suppressed", suppressions.NO_WORDS)
    return replace(message, contact=contact)


def split(
    results: Iterable[OutgoingMessage | Outcome],
) -> tuple[list[OutgoingMessage], list[Outcome]]:
    """Those that go on, and how the others ended."""
    remaining: list[OutgoingMessage] = []
    ended: list[Outcome] = []
    for result in results:
        if isinstance(result, Outcome):
            ended.append(result)
        else:
            remaining.append(result)
    return remaining, ended

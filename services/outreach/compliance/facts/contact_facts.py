"""Facts of the contact: who is reached, where, and what the number or address has been used for."""

from typing import Any

from msgspec import UNSET

from services.outreach.compliance.facts import permissions
from services.outreach.compliance.facts.situation import CALLED, Reader, Situation
from services.outreach.compliance.question.terms import given


def _party(facts: Situation, _debt: int) -> Any:
    return facts.question.party


def _person(facts: Situation, _debt: int) -> Any:
    """Who is contacted: the one named, else whose the number or address is. Where none is named,
    it is one of those on file, which are the debtor's."""
    contact, debtor = facts.question.contact, facts.question.debtor
    if contact.person is not UNSET:
        return contact.person
    phones = [phone.number for phone in given(debtor.phones)]
    emails = [email.address for email in given(debtor.emails)]
    if contact.channel == "portal":  # behind the debtor's own link
        return "debtor"
    if contact.to is not UNSET:
        return "debtor" if contact.to in phones or contact.to in emails else UNSET
    own: list[Any] = []
    if contact.channel in CALLED:
        own = phones
    elif contact.channel == "email":
        own = emails
    elif contact.channel in {"letter", "in_person"}:
        own = list(given(debtor.addresses))
    return "debtor" if own else UNSET


def _location(facts: Situation, _debt: int) -> Any:
    contact = facts.question.contact
    if contact.location is not UNSET:
        return contact.location
    if contact.channel in CALLED:
        return facts.of_phones("use")
    if contact.channel == "email":
        employer = facts.of_emails("employer_provided")
        return UNSET if employer is UNSET else "work" if employer else "home"
    return UNSET if contact.channel == "in_person" else "home"


def _last_debtor_text(facts: Situation, debt: int) -> Any:
    if not facts.history_known:
        return UNSET
    phones = tuple(given(facts.question.debtor.phones))
    to = facts.question.contact.to
    return facts.history.last_from_debtor(
        "sms", facts.label(debt), None if to is UNSET else to, only_one=len(phones) == 1
    )


def _email_used(facts: Situation, debt: int) -> Any:
    own = facts.of_emails("used_with_collector")
    if own is True:
        return True
    if not facts.history_known:
        return UNSET
    to = facts.question.contact.to
    emails = tuple(given(facts.question.debtor.emails))
    last = facts.history.last_from_debtor(
        "email", facts.label(debt), None if to is UNSET else to, only_one=len(emails) == 1
    )
    return last is not None


def _address_refused(facts: Situation, _debt: int) -> Any:
    if facts.channel in CALLED:
        return facts.of_phones("refused", None)
    return facts.of_emails("refused", None) if facts.channel == "email" else False


READERS: dict[str, Reader] = {
    "party": _party,
    "contact.person": _person,
    "contact.location": _location,
    "channel.refused": lambda facts, _debt: permissions.is_refused(facts.question),
    "address.refused": _address_refused,
    "number.last_debtor_text_at": _last_debtor_text,
    "email.used_with_collector": _email_used,
}

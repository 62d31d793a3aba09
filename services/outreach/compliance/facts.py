"""What a question says, fact by fact: a value, `None` for "known to be none", `UNSET` for "not
known". Read once each; what changes with the clock alone is read anew at every instant.
"""

from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import Any

from msgspec import UNSET

from services.outreach.compliance import permissions
from services.outreach.compliance.ground import CALLED, Ground
from services.outreach.compliance.question import Question, given
from services.outreach.compliance.vocabulary import FACTS


class Facts(Ground):
    """The facts of one question. Built for every verdict, so nothing is computed ahead."""

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        self.cache: list[dict[str, Any]] = [{} for _ in range(len(question.debts) + 1)]
        self.debts = self._about()
        self.inbound = question.contact.initiated_by == "debtor"
        # The rules in force know these two; verdict.py sets them.
        self.period_end: Callable[[int], Any] = lambda _debt: UNSET
        self.limitation: Callable[[int, datetime], tuple[str, str]] = _no_table

    def value(self, name: str, debt: int, at: datetime) -> Any:
        # Most conditions are about members of the question: a look costs less than a memory.
        get = DIRECT.get(name)
        if get is not None:
            return get(self)
        get = OF_DEBT.get(name)
        if get is not None:
            return get(self.question.debts[debt])
        cache = self.cache[debt]
        if name in cache:
            return cache[name]
        read = READERS.get(name)
        if read is None:
            return CHANGING[name](self, debt, at)
        found = cache[name] = read(self, debt)
        return found

    def of_phones(self, member: str, absent: Any = UNSET) -> Any:
        """What is known of the number called: of all on file alike, if it isn't named."""
        if self.channel not in CALLED:
            return None
        debtor, to = self.question.debtor, self.question.contact.to
        if any(email.address == to for email in given(debtor.emails)):
            to = UNSET  # an address of another medium names no number
        return _agreed(debtor.phones, "number", to, member, absent)

    def of_emails(self, member: str, absent: Any = UNSET) -> Any:
        if self.channel != "email":
            return None
        debtor, to = self.question.debtor, self.question.contact.to
        if any(phone.number == to for phone in given(debtor.phones)):
            to = UNSET  # a number names no address
        return _agreed(debtor.emails, "address", to, member, absent)

    def _about(self) -> tuple[int, ...]:
        about = self.question.contact.about
        everything = tuple(range(len(self.question.debts)))
        if about is UNSET or not about:
            return everything
        names = set(about)
        return tuple(i for i in everything if self.question.debts[i].id in names)

    def label(self, debt: int) -> str:
        return self.question.debts[debt].id

    def purpose(self, debt: int) -> str | None:
        """What the debt is for; None where that isn't known."""
        purpose = self.question.debts[debt].purpose
        return None if purpose is UNSET else purpose


def _no_table(_debt: int, _at: datetime) -> tuple[str, str]:
    return "unknown", "unknown"


def _agreed(items: Any, key: str, to: Any, member: str, absent: Any) -> Any:
    """The member of the item that is meant; UNSET where several may be and they differ. `absent`
    stands for what an item doesn't say."""
    if items is UNSET:
        return absent
    found = [getattr(item, member) for item in given(items) if to in {UNSET, getattr(item, key)}]
    values = [absent if value is UNSET else value for value in found]
    if not values:
        return absent
    return values[0] if all(value == values[0] for value in values) else UNSET


Reader = Callable[[Facts, int], Any]
Changing = Callable[[Facts, int, datetime], Any]


# ── Facts that are derived ──────────────────────────────────────────────────────────────────────


def _party(facts: Facts, _debt: int) -> Any:
    return facts.question.party


def _person(facts: Facts, _debt: int) -> Any:
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


def _location(facts: Facts, debt: int) -> Any:
    contact = facts.question.contact
    if contact.location is not UNSET:
        return contact.location
    if contact.channel in CALLED:
        return facts.value("number.use", debt, facts.at)
    if contact.channel == "email":
        employer = facts.value("email.employer_provided", debt, facts.at)
        return UNSET if employer is UNSET else "work" if employer else "home"
    return UNSET if contact.channel == "in_person" else "home"


def _natural_person(facts: Facts, _debt: int) -> Any:
    debtor = facts.question.debtor
    if debtor.kind == "consumer" or debtor.entity in {"natural_person", "sole_trader"}:
        return True
    if debtor.guarantor_natural_person is True:
        return True
    return False if debtor.entity == "entity" else UNSET


def _number_consent(facts: Facts, debt: int, at: datetime) -> Any:
    """Consent for the number as it stands: the phone's own or one on file, none once revoked."""
    if facts.channel not in CALLED:
        return None
    question, label = facts.question, facts.label(debt)
    kind = permissions.KIND_OF[facts.channel]
    own = facts.of_phones("consent")
    written = permissions.is_consented(question, kind, label, at, permissions.in_writing)
    on_file = permissions.is_consented(question, kind, label, at, permissions.anyone)
    opted_out = permissions.is_opted_out(question, label, at)
    if opted_out:
        return "none"
    if own == "none" and not on_file:
        return "none" if on_file is not UNSET else UNSET
    found: Any = UNSET
    if own == "written" or written:
        found = "written"
    elif own == "express" or on_file:
        found = "express"
    return UNSET if opted_out is UNSET else found


def _last_debtor_text(facts: Facts, debt: int) -> Any:
    if not facts.history_known:
        return UNSET
    phones = tuple(given(facts.question.debtor.phones))
    to = facts.question.contact.to
    return facts.history.last_from_debtor(
        "sms", facts.label(debt), None if to is UNSET else to, only_one=len(phones) == 1
    )


def _email_used(facts: Facts, debt: int) -> Any:
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


def _attorney(facts: Facts, debt: int, at: datetime) -> Any:
    attorney = facts.question.debtor.attorney
    if attorney is UNSET or attorney is None:
        return UNSET if attorney is UNSET else False
    if attorney.since is not UNSET and attorney.since > at:
        return False
    return attorney.debts is UNSET or facts.label(debt) in attorney.debts


def _attorney_member(member: str) -> Reader:
    def read(facts: Facts, _debt: int) -> Any:
        attorney = facts.question.debtor.attorney
        return getattr(attorney, member) if attorney else attorney

    return read


def _address_refused(facts: Facts, _debt: int) -> Any:
    if facts.channel in CALLED:
        return facts.of_phones("refused", None)
    return facts.of_emails("refused", None) if facts.channel == "email" else False


def _disputed(facts: Facts, debt: int) -> Any:
    found = facts.question.debts[debt]
    return True if found.dispute else found.disputed


def _dispute_member(member: str) -> Reader:
    def read(facts: Facts, debt: int) -> Any:
        found = facts.question.debts[debt]
        if found.dispute:
            return getattr(found.dispute, member)
        if found.disputed is False or found.disputed is None:
            return None
        if found.dispute is None and found.disputed is UNSET:
            return None
        return UNSET  # disputed, and nothing said about how

    return read


def _dispute_verified(facts: Facts, debt: int) -> Any:
    sent = _dispute_member("verification_sent_at")(facts, debt)
    return sent if sent is UNSET else sent is not None


def _dispute_in_period(facts: Facts, debt: int) -> Any:
    at = _dispute_member("at")(facts, debt)
    if at is None:
        return False
    end = facts.period_end(debt)
    if end is None:  # no notice was sent: no period has ended
        return True
    if at is UNSET or end is UNSET:
        return UNSET
    return any(day <= end for day in facts.dates(at))


def _first_communication(facts: Facts, debt: int) -> Any:
    if not facts.history_known:
        return UNSET
    return facts.history.first_communication(facts.label(debt)) is None


def _plain(name: str) -> Reader:
    """What reads a fact that is a member of the question."""
    group, _, member = name.partition(".")
    get = attrgetter(member)
    absent = UNSET if FACTS[name].asked else None
    match group:
        case "debt":
            return lambda facts, debt: get(facts.question.debts[debt])
        case "debtor":
            return lambda facts, _debt: get(facts.question.debtor)
        case "contact":
            return lambda facts, _debt: get(facts.question.contact)
        case "number":
            return lambda facts, _debt: facts.of_phones(member, absent)
        case "email":
            return lambda facts, _debt: facts.of_emails(member, absent)
        case "content":
            return lambda facts, _debt: _member(facts.question.contact.content, member)
    assert group == "creditor"
    return lambda facts, _debt: _member(facts.question.creditor, member)


def _member(whole: Any, member: str) -> Any:
    return getattr(whole, member) if whole else whole


def _if_known(read: Reader) -> Reader:
    """Of what one either knows or doesn't have: where it is absent, there is none."""

    def known(facts: Facts, debt: int) -> Any:
        value = read(facts, debt)
        return None if value is UNSET else value

    return known


_DERIVED: dict[str, Reader] = {
    "party": _party,
    "contact.person": _person,
    "contact.location": _location,
    "debtor.natural_person": _natural_person,
    "debtor.attorney_asked_at": _attorney_member("asked_at"),
    "debtor.attorney_consents": _attorney_member("consents"),
    "channel.refused": lambda facts, _debt: permissions.is_refused(facts.question),
    "address.refused": _address_refused,
    "number.last_debtor_text_at": _last_debtor_text,
    "email.used_with_collector": _email_used,
    "debt.attorney_since": _attorney_member("since"),
    "debt.disputed": _disputed,
    "debt.dispute_form": _dispute_member("form"),
    "debt.dispute_at": _dispute_member("at"),
    "debt.dispute_verified": _dispute_verified,
    "debt.dispute_in_period": _dispute_in_period,
    "debt.first_communication": _first_communication,
}


def _readers() -> dict[str, Reader]:
    found = {}
    for name, fact in FACTS.items():
        if fact.timed or fact.dated:
            continue
        read = _DERIVED[name] if name in _DERIVED else _plain(name)
        own = fact.asked or name.startswith(("number.", "email.", "address."))
        found[name] = read if own else _if_known(read)
    return found


# ── Facts that the clock alone changes ──────────────────────────────────────────────────────────


def _period(facts: Facts, debt: int, at: datetime) -> Any:
    end = facts.period_end(debt)
    if end is None or end is UNSET:
        return "none" if end is None else UNSET
    return "running" if min(facts.dates(at)) <= end else "over"


def _consent(kind: str | None, fits: permissions.Fits) -> Changing:
    return lambda facts, debt, at: permissions.is_consented(
        facts.question, kind, facts.label(debt), at, fits
    )


def _latest(kind: str) -> Changing:
    return lambda facts, debt, at: permissions.latest(facts.question, kind, facts.label(debt), at)


def _changing() -> dict[str, Changing]:
    found: dict[str, Changing] = {
        "channel.opted_out_elsewhere": lambda facts, _debt, at: permissions.is_opted_out_elsewhere(
            facts.question, at
        ),
        "number.consent": _number_consent,
        "debt.attorney": _attorney,
        "debt.opted_out": lambda facts, debt, at: permissions.is_opted_out(
            facts.question, facts.label(debt), at
        ),
        "contact.is_reply": lambda facts, _debt, at: (
            facts.is_reply(at) if facts.history_known else UNSET
        ),
        "debt.validation_period": _period,
        "debt.limitation": lambda facts, debt, at: facts.limitation(debt, at)[0],
        "debt.time_barred": lambda facts, debt, at: facts.limitation(debt, at)[1],
        "consent.extra_calls": _consent("extra_calls", permissions.anyone),
    }
    for kind in ("voice", "sms", "email"):
        found[f"consent.{kind}"] = _consent(kind, permissions.anyone)
        found[f"consent.{kind}.collector"] = _consent(kind, permissions.to_collector)
        found[f"consent.{kind}.written"] = _consent(kind, permissions.in_writing)
        found[f"consent.{kind}.collector_at"] = _latest(kind)
    for what in ("time", "place", "attorney", "work"):
        found[f"consent.{what}"] = _consent(None, permissions.covering(what))
    return found


def _members(*groups: str) -> list[str]:
    """The facts that are members of the question as they stand."""
    return [
        name
        for name, fact in FACTS.items()
        if fact.asked
        and not (fact.timed or fact.dated)
        and name not in _DERIVED
        and name.partition(".")[0] in groups
    ]


DIRECT: dict[str, Callable[[Any], Any]] = {
    name: attrgetter(f"question.{name}") for name in _members("debtor", "contact")
}
OF_DEBT: dict[str, Callable[[Any], Any]] = {
    name: attrgetter(name.partition(".")[2]) for name in _members("debt")
}
READERS = _readers()
CHANGING = _changing()

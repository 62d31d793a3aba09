"""What a question says, fact by fact: a value, `None` for "known to be none", `UNSET` for "not
known". Each is read once; what changes with the clock alone is read anew at every instant.

The names and types of all facts are in `vocabulary`. Most are members of the question; the derived
ones are grouped by what they are about (`contact_facts`, `debtor_facts`, `debt_facts`,
`permission_facts`).
"""

from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import Any

from msgspec import UNSET

from services.outreach.compliance.facts import (
    contact_facts,
    debt_facts,
    debtor_facts,
    permission_facts,
)
from services.outreach.compliance.facts.situation import Changing, Reader, Situation
from services.outreach.compliance.facts.vocabulary import FACTS
from services.outreach.compliance.question.question import Question


class Facts(Situation):
    """The facts of one question. Built for every verdict, so nothing is computed ahead."""

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        self._read: list[dict[str, Any]] = [{} for _ in range(len(question.debts))]

    def value(self, name: str, debt: int, at: datetime) -> Any:
        """A fact by its name, about a debt, at an instant."""
        # Most conditions are about members of the question: reading one costs less than
        # looking up what was read.
        get = DIRECT.get(name)
        if get is not None:
            return get(self)
        get = OF_DEBT.get(name)
        if get is not None:
            return get(self.question.debts[debt])
        known = self._read[debt]
        if name in known:
            return known[name]
        read = READERS.get(name)
        if read is None:
            return CHANGING[name](self, debt, at)
        found = known[name] = read(self, debt)
        return found


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

    def known(facts: Situation, debt: int) -> Any:
        value = read(facts, debt)
        return None if value is UNSET else value

    return known


_DERIVED: dict[str, Reader] = {
    **contact_facts.READERS,
    **debtor_facts.READERS,
    **debt_facts.READERS,
}
CHANGING: dict[str, Changing] = {
    **debtor_facts.CHANGING,
    **debt_facts.CHANGING,
    **permission_facts.CHANGING,
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

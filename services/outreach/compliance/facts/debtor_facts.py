"""Facts of the debtor: whether they are a natural person, and who represents them."""

from datetime import datetime
from typing import Any

from msgspec import UNSET

from services.outreach.compliance.facts.situation import Changing, Reader, Situation


def _natural_person(facts: Situation, _debt: int) -> Any:
    debtor = facts.question.debtor
    if debtor.kind == "consumer" or debtor.entity in {"natural_person", "sole_trader"}:
        return True
    if debtor.guarantor_natural_person is True:
        return True
    return False if debtor.entity == "entity" else UNSET


def _attorney(facts: Situation, debt: int, at: datetime) -> Any:
    attorney = facts.question.debtor.attorney
    if attorney is UNSET or attorney is None:
        return UNSET if attorney is UNSET else False
    if attorney.since is not UNSET and attorney.since > at:
        return False
    return attorney.debts is UNSET or facts.label(debt) in attorney.debts


def _attorney_member(member: str) -> Reader:
    def read(facts: Situation, _debt: int) -> Any:
        attorney = facts.question.debtor.attorney
        return getattr(attorney, member) if attorney else attorney

    return read


READERS: dict[str, Reader] = {
    "debtor.natural_person": _natural_person,
    "debtor.attorney_asked_at": _attorney_member("asked_at"),
    "debtor.attorney_consents": _attorney_member("consents"),
    "debt.attorney_since": _attorney_member("since"),
}
CHANGING: dict[str, Changing] = {"debt.attorney": _attorney}

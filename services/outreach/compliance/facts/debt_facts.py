"""Facts of a debt: its dispute, what was communicated about it, and its periods."""

from datetime import datetime
from typing import Any

from msgspec import UNSET

from services.outreach.compliance.facts.situation import Changing, Reader, Situation


def _disputed(facts: Situation, debt: int) -> Any:
    found = facts.question.debts[debt]
    return True if found.dispute else found.disputed


def _dispute_member(member: str) -> Reader:
    def read(facts: Situation, debt: int) -> Any:
        found = facts.question.debts[debt]
        if found.dispute:
            return getattr(found.dispute, member)
        if found.disputed is False or found.disputed is None:
            return None
        if found.dispute is None and found.disputed is UNSET:
            return None
        return UNSET  # disputed, and nothing known of how

    return read


def _dispute_verified(facts: Situation, debt: int) -> Any:
    sent = _dispute_member("verification_sent_at")(facts, debt)
    return sent if sent is UNSET else sent is not None


def _dispute_in_period(facts: Situation, debt: int) -> Any:
    at = _dispute_member("at")(facts, debt)
    if at is None:
        return False
    end = facts.period_end(debt)
    if end is None:  # no notice was sent: no period has ended
        return True
    if at is UNSET or end is UNSET:
        return UNSET
    return any(day <= end for day in facts.dates(at))


def _first_communication(facts: Situation, debt: int) -> Any:
    if not facts.history_known:
        return UNSET
    return facts.history.first_communication(facts.label(debt)) is None


def _period(facts: Situation, debt: int, at: datetime) -> Any:
    end = facts.period_end(debt)
    if end is None or end is UNSET:
        return "none" if end is None else UNSET
    return "running" if min(facts.dates(at)) <= end else "over"


READERS: dict[str, Reader] = {
    "debt.disputed": _disputed,
    "debt.dispute_form": _dispute_member("form"),
    "debt.dispute_at": _dispute_member("at"),
    "debt.dispute_verified": _dispute_verified,
    "debt.dispute_in_period": _dispute_in_period,
    "debt.first_communication": _first_communication,
}
CHANGING: dict[str, Changing] = {
    "debt.validation_period": _period,
    "debt.limitation": lambda facts, debt, at: facts.limitation(debt, at)[0],
    "debt.time_barred": lambda facts, debt, at: facts.limitation(debt, at)[1],
}

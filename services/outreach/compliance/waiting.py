"""Waiting periods: a notice that must go first and rest for some days, a notice that must follow
in time, and the period that runs from it (which goes to the record)."""

from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from msgspec import UNSET

from services.outreach.compliance.calendars import calendar, names
from services.outreach.compliance.facts import Facts
from services.outreach.compliance.params import Waiting
from services.outreach.compliance.question import given
from services.outreach.compliance.rules import (
    ALLOW,
    APPROVAL,
    DEFER,
    STRENGTH,
    Case,
    Finding,
    Rule,
    exempt,
    not_known,
)
from services.outreach.compliance.vocabulary import FACTS
from shared.clock import local_day
from shared.errors import FieldError


def prepare(params: Waiting, pointer: str, errors: list[FieldError]) -> frozenset[str]:
    """The kinds of notice that are the one meant."""
    if (params.notice is None) is (params.sent_on is None):
        errors.append(FieldError(pointer, "needs one of `notice` and `sent_on`"))
    fact = FACTS.get(params.sent_on) if params.sent_on is not None else None
    if params.sent_on is not None and (fact is None or fact.type != "day"):
        errors.append(FieldError(f"{pointer}/sent_on", f"{params.sent_on!r} is no fact of a day"))
    if not (params.wait_days or params.deadline_days or params.period_days):
        errors.append(FieldError(pointer, "needs `wait_days`, `deadline_days` or `period_days`"))
    for member in ("deadline_calendar", "receipt_calendar"):
        name = getattr(params, member)
        if name is not None and name not in names():
            errors.append(FieldError(f"{pointer}/{member}", f"there is no calendar {name!r}"))
    if params.receipt_days and params.receipt_calendar is None:
        errors.append(
            FieldError(
                f"{pointer}/receipt_days", "counts business days: needs a `receipt_calendar`"
            )
        )
    kinds = (params.notice,) if isinstance(params.notice, str) else params.notice or ()
    if params.notice is not None and not all(kinds or ("",)):
        errors.append(FieldError(f"{pointer}/notice", "must name a kind of notice"))
    return frozenset(_plain(kind) for kind in kinds)


def _plain(kind: str) -> str:
    """A kind of notice however it is written: Letter of claim, letter_of_claim."""
    return kind.strip().casefold().replace("_", "-").replace(" ", "-")


def judge(rule: Rule, case: Case, debt: int) -> Finding | None:
    params: Waiting = rule.params
    if not (params.wait_days or params.deadline_days):
        return None
    facts = case.facts
    free = exempt(rule, case, inbound=params.inbound, reply=params.reply)
    if free is not None:
        return free
    contact = facts.question.contact
    if contact.purpose == "notice" and (params.by is None or contact.channel in params.by):
        return Finding(rule, ALLOW, "this is the notice itself")
    days = _sent(rule, facts, debt)
    if days is UNSET:
        field = FACTS[params.sent_on].field if params.sent_on else "debts[].notices"
        return not_known(rule, [field.replace("[]", f"[{facts.label(debt)}]")], params.role)
    if params.wait_days is not None:
        finding = _wait(rule, case, days)
        if finding.effect != ALLOW or params.deadline_days is None:
            return finding
    return _deadline(rule, case, debt, days)


def _wait(rule: Rule, case: Case, days: list[date]) -> Finding:
    params: Waiting = rule.params
    if not days:
        return _missing(rule, "the notice that must go first was not sent")
    assert params.wait_days is not None
    free = min(days) + timedelta(days=params.wait_days)
    until = case.facts.start_of(free)
    text = f"notice sent on {min(days)}, contact from {free} on ({params.wait_days} days)"
    if until > case.at:
        return Finding(rule, DEFER, text, until)
    return Finding(rule, ALLOW, text)


def _deadline(rule: Rule, case: Case, debt: int, days: list[date]) -> Finding | None:
    """Whether a notice that is late holds further contact up."""
    params: Waiting = rule.params
    facts = case.facts
    if days:
        return Finding(rule, ALLOW, f"notice sent on {max(days)}")
    if not facts.history_known:
        return not_known(rule, ["history"], params.role)
    began = facts.history.first_approach(facts.label(debt))
    if began is None:
        return Finding(rule, ALLOW, "the collector has told nothing yet, so no notice is due")
    assert params.deadline_days is not None
    first = min(local_day(began, name) for name in facts.zones)
    last: date | None = first + timedelta(days=params.deadline_days)
    if params.deadline_calendar is not None:
        last = _business_days(params.deadline_calendar, first, params.deadline_days)
    if last is None:
        return not_known(rule, [f"the calendar {params.deadline_calendar} at that time"])
    if max(facts.dates(case.at)) <= last:
        return Finding(rule, ALLOW, f"notice due by {last}")
    return _missing(rule, f"first communication on {first}, notice was due by {last}, none sent")


def _missing(rule: Rule, text: str) -> Finding:
    params: Waiting = rule.params
    effect = STRENGTH[params.missing]
    return Finding(rule, effect, text, None, params.role if effect == APPROVAL else None)


def _sent(rule: Rule, facts: Facts, debt: int) -> Any:
    """The days on which the notice was sent; UNSET where that isn't known."""
    params: Waiting = rule.params
    if params.sent_on is not None:
        day = facts.value(params.sent_on, debt, facts.at)
        return UNSET if day is UNSET else [] if day is None else [day]
    notices = facts.question.debts[debt].notices
    if notices is UNSET:
        return UNSET
    fitting = [notice for notice in given(notices) if _plain(notice.kind) in rule.plan]
    if params.by is None:
        return [notice.sent_on for notice in fitting]
    sure = [notice.sent_on for notice in fitting if notice.by in params.by]
    if not sure and any(notice.by is UNSET for notice in fitting):
        return UNSET
    return sure


def period(rule: Rule, facts: Facts, debt: int) -> Any:
    """When the notice counts as received and the last day of the period that runs from it: a pair,
    None when no notice was sent, UNSET where that isn't known."""
    params: Waiting = rule.params
    days = _sent(rule, facts, debt)
    if days is UNSET or not days:
        return UNSET if days is UNSET else None
    received: date | None = max(days)
    if params.receipt_calendar is not None:
        received = _business_days(params.receipt_calendar, max(days), params.receipt_days)
    if received is None or params.period_days is None:
        return UNSET
    return received, received + timedelta(days=params.period_days)


@lru_cache(maxsize=4096)
def _business_days(name: str, day: date, count: int) -> date | None:
    return calendar(name).add_business_days(day, count)


def evidence(rule: Rule, case: Case, debt: int) -> dict[str, Any] | None:
    """The period that runs, to be kept with the contact."""
    params: Waiting = rule.params
    if params.period_days is None:
        return None
    found = period(rule, case.facts, debt)
    if found is None or found is UNSET:
        return {"period_ends_on": None}
    received, ends = found
    return {"period_ends_on": ends, "assumed_received_on": received}

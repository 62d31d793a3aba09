"""Waiting periods: a notice that must go first and rest for some days, a notice that must follow
in time, and the period that runs from it (which goes to the record)."""

from datetime import date, timedelta
from functools import lru_cache
from typing import Annotated, Any

from msgspec import UNSET, Meta

from services.outreach.compliance.facts.facts import Facts
from services.outreach.compliance.facts.vocabulary import FACTS
from services.outreach.compliance.params import Days, Params, Role, Stop, Whether, Word
from services.outreach.compliance.question.terms import Channel, given
from services.outreach.compliance.rule import (
    ALLOW,
    APPROVAL,
    DEFER,
    STRENGTH,
    Attempt,
    Finding,
    Kind,
    Rule,
    RuleDraft,
    Stage,
    ever,
    exempt,
    not_known,
)
from shared.calendars import calendar, names
from shared.clock import local_day


class Waiting(Params, frozen=True, kw_only=True):
    """A notice must go first (`wait_days`), or must follow in time (`deadline_days`).

    {notice: medical, by: [letter], wait_days: 60}
    {sent_on: debt.validation_notice_sent_on, deadline_days: 5, period_days: 30,
     receipt_days: 5, receipt_calendar: us-federal}
    """

    notice: str | tuple[str, ...] | None = None  # the kinds of debts[].notices that are it …
    sent_on: Word | None = None  # … or a fact that holds the day
    by: tuple[Channel, ...] | None = None  # the notice counts only if sent so
    wait_days: Annotated[int, Meta(ge=1, le=366)] | None = None  # contact from that day on
    deadline_days: Annotated[int, Meta(ge=1, le=366)] | None = None  # after the first communication
    deadline_calendar: Word | None = None  # then the deadline counts business days
    period_days: Annotated[int, Meta(ge=1, le=366)] | None = None  # evidence: the period that runs
    receipt_days: Days = 0  # business days until it counts as received
    receipt_calendar: Word | None = None
    missing: Stop = "block"
    role: Role = "compliance"
    inbound: Whether = "exempt"
    reply: Whether = "bound"


def _prepare(params: Waiting, draft: RuleDraft) -> frozenset[str]:
    """The kinds of notice that are the one meant."""
    if (params.notice is None) is (params.sent_on is None):
        draft.fault("needs one of `notice` and `sent_on`")
    fact = FACTS.get(params.sent_on) if params.sent_on is not None else None
    if params.sent_on is not None and (fact is None or fact.type != "day"):
        draft.fault(f"{params.sent_on!r} is no fact of a day", "/sent_on")
    if not (params.wait_days or params.deadline_days or params.period_days):
        draft.fault("needs `wait_days`, `deadline_days` or `period_days`")
    for member in ("deadline_calendar", "receipt_calendar"):
        name = getattr(params, member)
        if name is not None and name not in names():
            draft.fault(f"there is no calendar {name!r}", f"/{member}")
    if params.receipt_days and params.receipt_calendar is None:
        draft.fault("counts business days: needs a `receipt_calendar`", "/receipt_days")
    kinds = (params.notice,) if isinstance(params.notice, str) else params.notice or ()
    if params.notice is not None and not all(kinds or ("",)):
        draft.fault("must name a kind of notice", "/notice")
    return frozenset(_plain(kind) for kind in kinds)


def _plain(kind: str) -> str:
    """A kind of notice however it is written: Letter of claim, letter_of_claim."""
    return kind.strip().casefold().replace("_", "-").replace(" ", "-")


def _evaluate(rule: Rule, attempt: Attempt, debt: int) -> Finding | None:
    params: Waiting = rule.params
    if not (params.wait_days or params.deadline_days):
        return None
    facts = attempt.facts
    free = exempt(rule, attempt, inbound=params.inbound, reply=params.reply)
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
        finding = _wait(rule, attempt, days)
        if finding.effect != ALLOW or params.deadline_days is None:
            return finding
    return _deadline(rule, attempt, debt, days)


def _wait(rule: Rule, attempt: Attempt, days: list[date]) -> Finding:
    params: Waiting = rule.params
    if not days:
        return _missing(rule, "the notice that must go first was not sent")
    assert params.wait_days is not None
    free = min(days) + timedelta(days=params.wait_days)
    until = attempt.facts.start_of(free)
    text = f"notice sent on {min(days)}, contact from {free} on ({params.wait_days} days)"
    if until > attempt.at:
        return Finding(rule, DEFER, text, until)
    return Finding(rule, ALLOW, text)


def _deadline(rule: Rule, attempt: Attempt, debt: int, days: list[date]) -> Finding | None:
    """Whether a notice that is late holds further contact up."""
    params: Waiting = rule.params
    facts = attempt.facts
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
    if max(facts.dates(attempt.at)) <= last:
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


def _period(rule: Rule, facts: Facts, debt: int) -> Any:
    """When the notice counts as received and the last day of the period that runs from it: a pair,
    None when no notice was sent or no period runs, UNSET where that isn't known."""
    params: Waiting = rule.params
    if params.period_days is None:
        return None
    days = _sent(rule, facts, debt)
    if days is UNSET or not days:
        return UNSET if days is UNSET else None
    received: date | None = max(days)
    if params.receipt_calendar is not None:
        received = _business_days(params.receipt_calendar, max(days), params.receipt_days)
    if received is None:
        return UNSET
    return received, received + timedelta(days=params.period_days)


@lru_cache(maxsize=4096)
def _business_days(name: str, day: date, count: int) -> date | None:
    return calendar(name).add_business_days(day, count)


def _evidence(rule: Rule, attempt: Attempt, debt: int) -> dict[str, Any] | None:
    """The period that runs, to be kept with the contact."""
    params: Waiting = rule.params
    if params.period_days is None:
        return None
    facts = attempt.facts
    period = _period(rule, facts, debt)
    kept: dict[str, Any] = {"period_ends_on": None}
    if period is not None and period is not UNSET:
        received, ends = period
        kept = {"period_ends_on": ends, "assumed_received_on": received}
    if len(facts.debts) > 1:
        kept["debt"] = facts.label(debt)
    return kept


KIND = Kind(
    name="waiting",
    params=Waiting,
    stage=Stage.TIME,
    prepare=_prepare,
    by_debt=ever,
    by_clock=ever,
    evaluate=_evaluate,
    evidence=_evidence,
    period=_period,
)

"""Bars: what stops a contact while it lasts, whether or not a person may release it."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta

from services.outreach.compliance.conditions.condition import ALWAYS, YES, Condition
from services.outreach.compliance.facts.vocabulary import FACTS
from services.outreach.compliance.params import Days, Params, RawConditions, Role, Whether, Word
from services.outreach.compliance.rule import (
    ALLOW,
    APPROVAL,
    STRENGTH,
    Attempt,
    Finding,
    Kind,
    Rule,
    RuleDraft,
    Stage,
    exempt,
    not_known,
)
from shared.clock import local_day


class Bar(Params, frozen=True, kw_only=True):
    """Stops the contact while the rule's conditions hold. One that ends (`days`) may also be a
    pause: `defer`.

    {since: debtor.breathing_space_from, days: 61}
    {role: legal, approval_when: {contact.purpose: [remedy_notice, notice]}}
    """

    effect: Literal["defer", "block", "require_approval"] = "block"
    role: Role = "compliance"
    stage: Literal["person", "channel"] = "person"  # the order of the explanation
    since: Word | None = None  # a fact, instant or day, from which it holds
    first_day: Annotated[int, Meta(ge=0, le=30)] = 0  # 1: from the day after
    days: Days | None = None  # and for how many days; absent: until it is lifted
    approval_when: RawConditions | None = None  # then a person may release it
    inbound: Whether = "bound"
    reply: Whether = "bound"


def _prepare(params: Bar, draft: RuleDraft) -> Condition | None:
    fact = FACTS.get(params.since) if params.since is not None else None
    if params.since is not None and (fact is None or fact.type not in {"instant", "day"}):
        draft.fault(f"{params.since!r} is no fact that holds a day", "/since")
    if params.since is None and (params.days is not None or params.first_day):
        draft.fault("`days` and `first_day` need `since`")
    if params.effect == "defer" and params.days is None:
        draft.fault("a pause ends: needs `since` and `days`", "/effect")
    if params.approval_when is None:
        return None
    return draft.condition(params.approval_when, "/approval_when")


def _conditions(release: Condition | None) -> list[Condition]:
    return [] if release is None else [release]


def _runs_from_a_day(params: Bar) -> bool:
    return params.since is not None


def _stage(params: Bar) -> Stage:
    return Stage.MEDIUM if params.stage == "channel" else Stage.PERSON


def _evaluate(rule: Rule, attempt: Attempt, debt: int) -> Finding | None:
    params: Bar = rule.params
    facts, at = attempt.facts, attempt.at
    free = exempt(rule, attempt, inbound=params.inbound, reply=params.reply)
    if free is not None:
        return free
    until = None
    text = rule.because or (rule.when or ALWAYS).text
    if params.since is not None:
        since = facts.value(params.since, debt, at)
        if since is UNSET:
            return not_known(rule, [FACTS[params.since].field], params.role)
        first, last = _span(rule, attempt, since)
        if first is None or max(facts.dates(at)) < first:
            return Finding(rule, ALLOW, f"{params.since} holds nothing that stops this")
        if last is not None:
            if min(facts.dates(at)) > last:
                return Finding(rule, ALLOW, f"over since {last}")
            until = facts.start_of(last + timedelta(days=1))
            text = f"{rule.because or params.since}: from {first} to {last}"
        else:
            text = f"{rule.because or params.since}: since {first}"
    effect = STRENGTH[params.effect]
    release: Condition | None = rule.plan
    if release is not None and release.test(facts, debt, at) == YES:
        effect = APPROVAL
        text += " (a person may release this)"
    role = params.role if effect == APPROVAL else None
    return Finding(rule, effect, text, until, role)


def _span(rule: Rule, attempt: Attempt, since: Any) -> tuple[date | None, date | None]:
    """The first and the last local day of a bar that runs from a day; the widest of all zones."""
    params: Bar = rule.params
    if since is None:
        return None, None
    days = (
        [local_day(since, name) for name in attempt.facts.zones]
        if isinstance(since, datetime)
        else [since]
    )
    first = min(days) + timedelta(days=params.first_day)
    if params.days is None:
        return first, None
    return first, max(days) + timedelta(days=params.first_day + params.days - 1)


KIND = Kind(
    name="bar",
    params=Bar,
    stage=_stage,
    prepare=_prepare,
    conditions=_conditions,
    by_debt=_runs_from_a_day,
    by_clock=_runs_from_a_day,
    evaluate=_evaluate,
    named_when_satisfied=True,
    named_when_lifted=True,
)

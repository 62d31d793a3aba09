"""Bars: what stops a contact while it lasts, whether or not a person may release it."""

from datetime import date, datetime, timedelta
from typing import Any

from msgspec import UNSET

from services.outreach.compliance.conditions import (
    ALWAYS,
    YES,
    Condition,
    compile_condition,
)
from services.outreach.compliance.params import Bar
from services.outreach.compliance.rules import (
    ALLOW,
    APPROVAL,
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


def prepare(params: Bar, pointer: str, errors: list[FieldError]) -> Condition | None:
    fact = FACTS.get(params.since) if params.since is not None else None
    if params.since is not None and (fact is None or fact.type not in {"instant", "day"}):
        errors.append(
            FieldError(f"{pointer}/since", f"{params.since!r} is no fact that holds a day")
        )
    if params.since is None and (params.days is not None or params.first_day):
        errors.append(FieldError(pointer, "`days` and `first_day` need `since`"))
    if params.effect == "defer" and params.days is None:
        errors.append(FieldError(f"{pointer}/effect", "a pause ends: needs `since` and `days`"))
    if params.approval_when is None:
        return None
    return compile_condition(params.approval_when, f"{pointer}/approval_when", errors)


def judge(rule: Rule, case: Case, debt: int) -> Finding | None:
    params: Bar = rule.params
    facts, at = case.facts, case.at
    free = exempt(rule, case, inbound=params.inbound, reply=params.reply)
    if free is not None:
        return free
    until = None
    text = rule.because or (rule.when or ALWAYS).text
    if params.since is not None:
        since = facts.value(params.since, debt, at)
        if since is UNSET:
            return not_known(rule, [FACTS[params.since].field], params.role)
        first, last = _span(rule, case, since)
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


def _span(rule: Rule, case: Case, since: Any) -> tuple[date | None, date | None]:
    """The first and the last local day of a bar that runs from a day; the widest of all zones."""
    params: Bar = rule.params
    if since is None:
        return None, None
    days = (
        [local_day(since, name) for name in case.facts.zones]
        if isinstance(since, datetime)
        else [since]
    )
    first = min(days) + timedelta(days=params.first_day)
    if params.days is None:
        return first, None
    return first, max(days) + timedelta(days=params.first_day + params.days - 1)

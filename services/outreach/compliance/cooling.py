"""Cooling-off: no contact for some local days after one that got through, its own day included."""

from datetime import timedelta

from services.outreach.compliance.caps import counted_channels, excused_spans, same
from services.outreach.compliance.history import Key
from services.outreach.compliance.params import CoolingOff
from services.outreach.compliance.rules import (
    ALLOW,
    DEFER,
    Case,
    Finding,
    Rule,
    exempt,
    not_known,
)
from shared.clock import day_start, local_day


def prepare(params: CoolingOff, channels: frozenset[str] | None) -> frozenset[str]:
    return counted_channels(channels, params.channels)


def judge(rule: Rule, case: Case, debt: int) -> Finding | None:
    params: CoolingOff = rule.params
    facts, at = case.facts, case.at
    person = facts.value("contact.person", debt, at)
    if isinstance(person, str) and person not in params.persons:
        return None
    free = exempt(rule, case, inbound=params.inbound, reply=params.reply)
    if free is not None:
        return free
    if not facts.history_known:
        return not_known(rule, ["history"])
    if params.excused is not None and any(
        span.is_open(at) for span in excused_spans(facts, params.excused)
    ):
        return Finding(rule, ALLOW, "the debtor consented to further contact")
    history = facts.history
    # Two days more than the rest lasts: no zone is further from another than that.
    recent = history.since(at - timedelta(days=params.days + 2))
    last = next(
        (
            index
            for index in reversed(recent)
            if _starts(params, rule.plan, history.key(index))
            and same(facts, params.per, debt, history.pasts[index])
        ),
        None,
    )
    if last is None:
        return Finding(
            rule, ALLOW, f"no {' or '.join(params.after)} in the last {params.days} days"
        )
    began = history.times[last]
    until = max(
        day_start(local_day(began, name) + timedelta(days=params.days), name)
        for name in facts.zones
    )
    day = local_day(began, facts.zones[0])
    text = f"last {history.key(last).outcome or 'contact'} on {day}, {params.days} days of rest"
    return Finding(rule, DEFER if until > at else ALLOW, text, until if until > at else None)


def _starts(params: CoolingOff, channels: frozenset[str], key: Key) -> bool:
    return (
        key.channel in channels
        and (key.outcome is None or key.outcome in params.after)
        and (key.person is None or key.person in params.persons)
        and (params.initiated_by == "any" or key.side != "debtor")
    )

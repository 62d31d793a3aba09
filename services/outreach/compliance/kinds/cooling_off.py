"""Cooling-off: no contact for some local days after one that got through, its own day included."""

from datetime import timedelta
from typing import Annotated, Literal

from msgspec import Meta

from services.outreach.compliance.facts.history import ContactTraits
from services.outreach.compliance.params import Params, Whether
from services.outreach.compliance.question.terms import Channel, Outcome, Person
from services.outreach.compliance.rule import (
    ALLOW,
    DEFER,
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
from services.outreach.compliance.tally import (
    Excused,
    Per,
    counted_channels,
    excused_spans,
    in_scope,
)
from shared.clock import day_start, local_day


class CoolingOff(Params, frozen=True, kw_only=True):
    """No contact for some days after one that got through; its own day is the first.

    {after: [conversation], days: 7, per: debt, channels: [voice]}
    """

    after: tuple[Outcome, ...] = ("conversation",)
    days: Annotated[int, Meta(ge=1, le=366)]
    per: Per = "debt"
    channels: tuple[Channel, ...] | None = None  # of what went before; default: the rule's
    persons: tuple[Person, ...] = ("debtor", "spouse")
    initiated_by: Literal["collector", "any"] = "any"
    excused: Excused | None = None
    inbound: Whether = "exempt"
    reply: Whether = "bound"


def _prepare(params: CoolingOff, draft: RuleDraft) -> frozenset[str]:
    return counted_channels(draft.channels, params.channels)


def _evaluate(rule: Rule, attempt: Attempt, debt: int) -> Finding | None:
    params: CoolingOff = rule.params
    facts, at = attempt.facts, attempt.at
    person = facts.value("contact.person", debt, at)
    if isinstance(person, str) and person not in params.persons:
        return None
    free = exempt(rule, attempt, inbound=params.inbound, reply=params.reply)
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
            if _starts(params, rule.plan, history.traits(index))
            and in_scope(facts, params.per, debt, index)
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
    text = f"last {history.traits(last).outcome or 'contact'} on {day}, {params.days} days of rest"
    return Finding(rule, DEFER if until > at else ALLOW, text, until if until > at else None)


def _starts(params: CoolingOff, channels: frozenset[str], traits: ContactTraits) -> bool:
    return (
        traits.channel in channels
        and (traits.outcome is None or traits.outcome in params.after)
        and (traits.person is None or traits.person in params.persons)
        and (params.initiated_by == "any" or traits.side != "debtor")
    )


KIND = Kind(
    name="cooling_off",
    params=CoolingOff,
    stage=Stage.FREQUENCY,
    prepare=_prepare,
    by_debt=ever,
    by_clock=ever,
    evaluate=_evaluate,
    named_when_satisfied=True,
)

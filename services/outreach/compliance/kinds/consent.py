"""Consents: a medium that may only be used when one of the routes to it is in evidence."""

from typing import Annotated

from msgspec import Meta, Struct

from services.outreach.compliance.conditions.condition import MAYBE, YES, Condition
from services.outreach.compliance.params import Params, RawConditions, Role, Stop, Whether, Word
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


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Word
    when: RawConditions


class Consents(Params, frozen=True, kw_only=True):
    """Stops the contact unless one of the routes is in evidence.

    {routes: [{name: "they texted us", when: {number.last_debtor_text_at: {within_days: 60}}}]}
    """

    routes: Annotated[tuple[Route, ...], Meta(min_length=1)]
    effect: Stop = "block"
    role: Role = "compliance"
    inbound: Whether = "exempt"
    reply: Whether = "bound"


Plan = tuple[tuple[str, Condition], ...]  # the routes by name


def _prepare(params: Consents, draft: RuleDraft) -> Plan:
    return tuple(
        (route.name, draft.condition(route.when, f"/routes/{index}/when"))
        for index, route in enumerate(params.routes)
    )


def _conditions(plan: Plan) -> list[Condition]:
    return [condition for _name, condition in plan]


def _evaluate(rule: Rule, attempt: Attempt, debt: int) -> Finding | None:
    params: Consents = rule.params
    free = exempt(rule, attempt, inbound=params.inbound, reply=params.reply)
    if free is not None:
        return free
    routes: Plan = rule.plan
    unknown: list[str] = []
    for name, condition in routes:
        truth = condition.test(attempt.facts, debt, attempt.at)
        if truth == YES:
            return Finding(rule, ALLOW, f"in evidence: {name}")
        if truth == MAYBE:
            facts = condition.unknowns(attempt.facts, debt, attempt.at)
            unknown += [fact.field for fact in facts]
    if unknown:
        return not_known(rule, unknown, params.role)
    effect = STRENGTH[params.effect]
    text = rule.because or f"not in evidence: {', or '.join(name for name, _ in routes)}"
    return Finding(rule, effect, text, None, params.role if effect == APPROVAL else None)


KIND = Kind(
    name="consent",
    params=Consents,
    stage=Stage.MEDIUM,
    prepare=_prepare,
    conditions=_conditions,
    evaluate=_evaluate,
    named_when_satisfied=True,
)

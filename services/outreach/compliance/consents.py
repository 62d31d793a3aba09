"""Consents: a medium that may only be used when one of the routes to it is in evidence."""

from services.outreach.compliance.conditions import (
    MAYBE,
    YES,
    Condition,
    compile_condition,
)
from services.outreach.compliance.params import Consents
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
from shared.errors import FieldError

Routes = tuple[tuple[str, Condition], ...]


def prepare(params: Consents, pointer: str, errors: list[FieldError]) -> Routes:
    return tuple(
        (route.name, compile_condition(route.when, f"{pointer}/routes/{index}/when", errors))
        for index, route in enumerate(params.routes)
    )


def judge(rule: Rule, case: Case, debt: int) -> Finding | None:
    params: Consents = rule.params
    free = exempt(rule, case, inbound=params.inbound, reply=params.reply)
    if free is not None:
        return free
    routes: Routes = rule.plan
    open_: list[str] = []
    for name, condition in routes:
        truth = condition.test(case.facts, debt, case.at)
        if truth == YES:
            return Finding(rule, ALLOW, f"in evidence: {name}")
        if truth == MAYBE:
            open_ += [fact.field for fact in condition.unknowns(case.facts, debt, case.at)]
    if open_:
        return not_known(rule, open_, params.role)
    effect = STRENGTH[params.effect]
    text = rule.because or f"not in evidence: {', or '.join(name for name, _ in routes)}"
    return Finding(rule, effect, text, None, params.role if effect == APPROVAL else None)

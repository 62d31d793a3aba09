"""Approvals: contacts that a person must release first."""

from services.outreach.compliance.params import Params, Role, Whether
from services.outreach.compliance.rule import APPROVAL, Attempt, Finding, Kind, Rule, Stage, exempt


class Approval(Params, frozen=True, kw_only=True):
    """A person of this role must agree first.

    {role: legal}
    """

    role: Role
    inbound: Whether = "exempt"


def _evaluate(rule: Rule, attempt: Attempt, _debt: int) -> Finding | None:
    params: Approval = rule.params
    free = exempt(rule, attempt, inbound=params.inbound, reply="bound")
    if free is not None:
        return free
    text = rule.because or (rule.when.text if rule.when else "asks for a person's approval")
    return Finding(rule, APPROVAL, text, None, params.role)


KIND = Kind(name="approval", params=Approval, stage=Stage.DOCUMENTS, evaluate=_evaluate)

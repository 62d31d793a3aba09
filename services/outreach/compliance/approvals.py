"""Approvals: contacts that a person must release first."""

from services.outreach.compliance.params import Approval
from services.outreach.compliance.rules import APPROVAL, Case, Finding, Rule, exempt


def judge(rule: Rule, case: Case, _debt: int) -> Finding | None:
    params: Approval = rule.params
    free = exempt(rule, case, inbound=params.inbound, reply="bound")
    if free is not None:
        return free
    text = rule.because or (rule.when.text if rule.when else "asks for a person's approval")
    return Finding(rule, APPROVAL, text, None, params.role)

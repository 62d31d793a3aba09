"""Retention: how long the evidence of a contact that is made must be kept."""

from typing import Any

from services.outreach.compliance.params import Retention
from services.outreach.compliance.rules import Case, Rule


def evidence(rule: Rule, case: Case, _debt: int) -> dict[str, Any] | None:
    params: Retention = rule.params
    last = max(case.facts.dates(case.at))
    year = last.year + params.years
    leap = last.month == 2 and last.day == 29
    return {
        "keep_until": last.replace(year=year, month=3, day=1) if leap else last.replace(year=year)
    }

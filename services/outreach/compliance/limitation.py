"""Periods of limitation: whether a debt is too old to be sued for, by the tables of the rule books.

A period that nobody verified may stop a contact, never permit one.
"""

from datetime import date, datetime

from services.outreach.compliance.facts.facts import Facts
from services.outreach.compliance.rule_set import RuleSet
from shared.countries import country_code


def state_of(
    facts: Facts, rules: RuleSet, places: frozenset[str], debt: int, at: datetime
) -> tuple[str, str]:
    """Whether the period is over: by any row, and as far as rows are verified."""
    owed = facts.question.debts[debt]
    listed = places & rules.limitation.keys()
    creditor = facts.question.creditor
    home = country_code(creditor.country) if creditor and creditor.country else None
    if creditor and home:
        listed |= {f"{home}-{creditor.region}" if creditor.region else ""}
    if owed.governing_law:
        listed |= {owed.governing_law}
    kind = owed.contract_type if isinstance(owed.contract_type, str) else None
    years, verified = _shortest(rules, listed, kind)
    if years is None or not isinstance(owed.default_on, date):
        return "unknown", "unknown"
    if max(facts.dates(at)) >= _years_after(owed.default_on, years):
        return "passed", "barred"
    return "running", "open" if verified else "unknown"


def _shortest(
    rules: RuleSet, places: frozenset[str], contract_type: str | None
) -> tuple[int | None, bool]:
    """The shortest plausible period in years, and whether all that went into it was verified.

    None when a place has no row: nobody knows.
    """
    years: list[int] = []
    verified = contract_type is not None
    for place in places:
        for limit in rules.limitation.get(place, ()):
            own = limit.years.get(contract_type or "")
            years.append(min(limit.years.values()) if own is None else own)
            verified = verified and own is not None and limit.verified_on is not None
    return (min(years) if years else None), verified


def _years_after(day: date, years: int) -> date:
    if day.month == 2 and day.day == 29:
        return date(day.year + years, 3, 1)
    return day.replace(year=day.year + years)

"""Retention: how long the evidence of a contact that is made must be kept."""

from typing import Annotated, Any

from msgspec import Meta

from services.outreach.compliance.params import Params
from services.outreach.compliance.rule import Attempt, Kind, Rule, Stage


class Retention(Params, frozen=True, kw_only=True):
    """How long the evidence of a contact that is made must be kept.

    {years: 3}
    """

    years: Annotated[int, Meta(ge=1, le=100)]


def _evidence(rule: Rule, attempt: Attempt, _debt: int) -> dict[str, Any]:
    params: Retention = rule.params
    last = max(attempt.facts.dates(attempt.at))
    year = last.year + params.years
    leap = last.month == 2 and last.day == 29
    return {
        "keep_until": last.replace(year=year, month=3, day=1) if leap else last.replace(year=year)
    }


KIND = Kind(
    name="retention",
    params=Retention,
    stage=Stage.DOCUMENTS,
    evidence=_evidence,
    evidence_of_sent=True,
)

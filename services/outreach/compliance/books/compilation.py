"""A rule from its record: scope, conditions and parameters made ready for evaluation."""

from typing import Any

from services.outreach.compliance.books.records import Record
from services.outreach.compliance.conditions.condition import Condition
from services.outreach.compliance.conditions.language import compile_condition
from services.outreach.compliance.params import Params
from services.outreach.compliance.rule import Kind, Rule, RuleDraft
from shared.errors import FieldError


def compile_rule(
    record: Record, kind: Kind, params: Params, pointer: str, errors: list[FieldError]
) -> Rule:
    """A rule from its record and its typed parameters. Faults go to `errors`."""
    when = _condition(record.when, f"{pointer}/when", errors)
    unless = _condition(record.unless, f"{pointer}/unless", errors)
    channels = None if record.channels == "all" else frozenset(record.channels)
    plan = kind.prepare(params, RuleDraft(channels, f"{pointer}/params", errors))
    places = (record.jurisdiction,) if isinstance(record.jurisdiction, str) else record.jurisdiction
    conditions = [each for each in (when, unless, *kind.conditions(plan)) if each is not None]
    replies = params.exempts_replies
    return Rule(
        id=record.id,
        part=record.part,
        kind=kind,
        stage=kind.stage_of(params),
        jurisdictions=frozenset(places),
        binds_first=record.binds != "third",
        binds_third=record.binds != "first",
        consumer=record.debts != "commercial",
        commercial=record.debts != "consumer",
        channels=channels,
        since=record.effective.since,
        until=record.effective.until,
        confidence=record.confidence,
        sources=record.sources,
        citation=record.citation,
        note=record.note,
        because=record.because,
        speaks_for=frozenset(record.speaks_for),
        when=when,
        unless=unless,
        params=params,
        plan=plan,
        per_debt=kind.by_debt(params) or any(each.per_debt for each in conditions),
        timed=kind.by_clock(params) or replies or any(each.timed for each in conditions),
        dated=any(each.dated for each in conditions),
        conditional=replies or any(each.timed or each.dated for each in conditions),
    )


def _condition(raw: Any, pointer: str, errors: list[FieldError]) -> Condition | None:
    return None if raw is None else compile_condition(raw, pointer, errors)

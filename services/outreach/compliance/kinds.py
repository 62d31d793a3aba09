"""The kinds of rule: how each is made ready and who judges it. A new kind is added here."""

from collections.abc import Callable
from typing import Any

from services.outreach.compliance import (
    approvals,
    bars,
    caps,
    consents,
    contents,
    cooling,
    disclosures,
    interest,
    waiting,
    windows,
)
from services.outreach.compliance.conditions import Condition, compile_condition
from services.outreach.compliance.params import PARAMS
from services.outreach.compliance.records import Record
from services.outreach.compliance.rules import Case, Finding, Rule
from shared.errors import FieldError

Judge = Callable[[Rule, Case, int], Finding | None]

JUDGES: dict[str, Judge] = {
    "window": windows.judge,
    "cap": caps.judge,
    "cooling_off": cooling.judge,
    "bar": bars.judge,
    "consent": consents.judge,
    "waiting": waiting.judge,
    "content": contents.judge,
    "approval": approvals.judge,
    "interest": interest.judge,
}

# The stages of the explanation: bars, bars of the medium, frequency, time, content, documents.
_STAGES = {
    "bar": 1,
    "consent": 2,
    "cap": 3,
    "cooling_off": 3,
    "window": 4,
    "waiting": 4,
    "content": 5,
    "disclosure": 5,
    "approval": 6,
    "interest": 6,
    "retention": 6,
    "gate": 6,
}
# What an `allow` names: the rules that were bound and satisfied.
NAMED_WHEN_SATISFIED = frozenset({"window", "cap", "cooling_off", "bar", "consent"})
_BY_DEBT = frozenset({"cap", "cooling_off", "waiting", "interest"})
_BY_CLOCK = frozenset({"window", "cap", "cooling_off", "waiting", "interest"})


def compile_rule(record: Record, params: Any, pointer: str, errors: list[FieldError]) -> Rule:
    """A rule from its record and its typed parameters. Faults go to `errors`."""
    when = _condition(record.when, f"{pointer}/when", errors)
    unless = _condition(record.unless, f"{pointer}/unless", errors)
    channels = None if record.channels == "all" else frozenset(record.channels)
    plan = _plan(record.kind, params, channels, f"{pointer}/params", errors)
    places = (record.jurisdiction,) if isinstance(record.jurisdiction, str) else record.jurisdiction
    conditions = [each for each in (when, unless, *_inner(plan)) if each is not None]
    return Rule(
        id=record.id,
        part=record.part,
        kind=record.kind,
        stage=2 if getattr(params, "stage", None) == "channel" else _STAGES[record.kind],
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
        per_debt=record.kind in _BY_DEBT
        or getattr(params, "since", None) is not None
        or any(each.per_debt for each in conditions),
        timed=record.kind in _BY_CLOCK
        or getattr(params, "since", None) is not None
        or "exempt"
        in {
            getattr(params, "reply", ""),
        }
        or any(each.timed for each in conditions),
        dated=any(each.dated for each in conditions),
        conditional=any(each.timed or each.dated for each in conditions)
        or getattr(params, "reply", None) == "exempt",
    )


def _condition(raw: Any, pointer: str, errors: list[FieldError]) -> Condition | None:
    return None if raw is None else compile_condition(raw, pointer, errors)


def _plan(
    kind: str, params: Any, channels: frozenset[str] | None, at: str, errors: list[FieldError]
) -> Any:
    """What the kind makes of its parameters."""
    match kind:
        case "window":
            return windows.prepare(params, at, errors)
        case "cap":
            return caps.prepare(params, channels, at, errors)
        case "cooling_off":
            return cooling.prepare(params, channels)
        case "bar":
            return bars.prepare(params, at, errors)
        case "consent":
            return consents.prepare(params, at, errors)
        case "disclosure":
            return disclosures.prepare(params, at, errors)
        case "waiting":
            return waiting.prepare(params, at, errors)
        case "content":
            return contents.prepare(params, at, errors)
        case "interest":
            return interest.prepare(params, at, errors)
    assert kind in PARAMS
    return None


def _inner(plan: Any) -> list[Condition]:
    """The conditions inside a kind's own parameters."""
    if isinstance(plan, Condition):
        return [plan]
    if isinstance(plan, tuple):
        return [each for pair in plan for each in pair if isinstance(each, Condition)]
    return []

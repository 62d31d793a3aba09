"""The next days of a question as stretches of one verdict: when allowed, when not, and who says so.

Between two instants at which anything may change, the verdict is the same: those instants are the
edges of hours, the midnights of every plausible zone, and what the question itself names.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from services.outreach.compliance.answer import Effect
from services.outreach.compliance.evaluation import Evaluation
from services.outreach.compliance.explanation import rule_ids
from services.outreach.compliance.facts.history import REPLY_WITHIN
from services.outreach.compliance.question.question import Question
from services.outreach.compliance.rule import Guards, Rule
from services.outreach.compliance.rule_set import RuleSet
from services.outreach.compliance.verdict import evaluation_of, verdict_at

DAYS_MAX = 62
_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)


class Stretch(Struct, frozen=True, kw_only=True):
    """From an instant to before another; `rules` are those that stand against the contact."""

    start: datetime = msgspec.field(name="from")
    end: datetime = msgspec.field(name="to")
    verdict: Effect
    rules: tuple[str, ...]


def timeline(
    question: Question, rules: RuleSet, *, days: int = 14, guards: Guards | None = None
) -> tuple[Stretch, ...]:
    """The stretches of the next days, from the instant asked about on."""
    evaluation = evaluation_of(question, rules, guards or Guards())
    start = evaluation.facts.at
    end = start + min(days, DAYS_MAX) * _DAY
    lapse = evaluation.facts.confirmed_until or end
    lapsed = evaluation.lapsed(lapse) or evaluation
    changes = {lapse, *_changes(evaluation, end), *_changes(lapsed, end)}
    instants = sorted({start, *(each for each in changes if start < each < end)})
    stretches: list[Stretch] = []
    for begin, stop in zip(instants, [*instants[1:], end], strict=True):
        verdict, findings = verdict_at(evaluation if begin < lapse else lapsed, begin)
        ids = rule_ids(findings) if verdict != "allow" else ()
        if stretches and (stretches[-1].verdict, stretches[-1].rules) == (verdict, ids):
            begin = stretches.pop().start
        stretches.append(Stretch(start=begin, end=stop, verdict=verdict, rules=ids))
    return tuple(stretches)


def _changes(evaluation: Evaluation, end: datetime) -> Iterator[datetime]:
    """All instants at which a rule may begin to decide otherwise."""
    facts = evaluation.facts
    yield from evaluation.ahead
    asked = facts.asked_at
    if asked is not None:
        yield asked + REPLY_WITHIN + _INSTANT
    midnight = facts.at
    while midnight < end:
        midnight = facts.next_midnight(midnight)
        yield midnight
    for rule in _rules(evaluation, end):
        changes = rule.kind.changes
        if changes is not None:
            yield from changes(rule, facts, end, evaluation.guards)


def _rules(evaluation: Evaluation, end: datetime) -> set[Rule]:
    """The rules in force now, and those that come into force until the end."""
    return {
        each.rule
        for at in (evaluation.facts.at, end)
        for _debt, scope in evaluation.scopes_at(at)
        for each in scope.evaluated
    }

"""The next days of a question as stretches of one verdict: when allowed, when not, and who says so.

Between two instants at which anything may change, the verdict is the same: those instants are the
edges of hours, the midnights of every plausible zone, and what the question itself names.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from services.outreach.compliance import windows
from services.outreach.compliance.answer import Effect
from services.outreach.compliance.hearing import Hearing
from services.outreach.compliance.history import REPLY_WITHIN
from services.outreach.compliance.library import Books
from services.outreach.compliance.question import Question, given
from services.outreach.compliance.rules import Guards, Rule
from services.outreach.compliance.verdict import judge, open_hearing, speakers
from shared.clock import local_day

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
    question: Question, books: Books, *, days: int = 14, guards: Guards | None = None
) -> tuple[Stretch, ...]:
    """The stretches of the next days, from the instant asked about on."""
    hearing = open_hearing(question, books, guards or Guards())
    start = hearing.facts.at
    end = start + min(days, DAYS_MAX) * _DAY
    lapse = hearing.facts.confirmed_until or end
    lapsed = hearing.lapsed(lapse) or hearing
    changes = {lapse, *_changes(hearing, end), *_changes(lapsed, end)}
    instants = sorted({start, *(each for each in changes if start < each < end)})
    found: list[Stretch] = []
    for begin, stop in zip(instants, [*instants[1:], end], strict=True):
        verdict, findings = judge(hearing if begin < lapse else lapsed, begin)
        rules = speakers(findings) if verdict != "allow" else ()
        if found and (found[-1].verdict, found[-1].rules) == (verdict, rules):
            begin = found.pop().start
        found.append(Stretch(start=begin, end=stop, verdict=verdict, rules=rules))
    return tuple(found)


def _changes(hearing: Hearing, end: datetime) -> Iterator[datetime]:
    """All instants at which a rule may begin to speak otherwise."""
    facts = hearing.facts
    yield from hearing.ahead
    asked = facts.asked_at
    if asked is not None:
        yield asked + REPLY_WITHIN + _INSTANT
    midnight = facts.at
    while midnight < end:
        midnight = facts.next_midnight(midnight)
        yield midnight
    for rule in _rules(hearing, end):
        if rule.kind == "window":
            yield from _edges(rule, hearing, end)
        elif rule.kind == "cap" and rule.params.minutes is not None:
            for past in given(facts.question.history):
                yield past.at + timedelta(minutes=rule.params.minutes)


def _rules(hearing: Hearing, end: datetime) -> set[Rule]:
    """The rules in force now, and those that come into force until the end."""
    return {
        each.rule
        for at in (hearing.facts.at, end)
        for _debt, scope in hearing.scopes_at(at)
        for each in scope.judged
    }


def _edges(rule: Rule, hearing: Hearing, end: datetime) -> Iterator[datetime]:
    facts = hearing.facts
    spans = given(facts.question.debtor.inconvenient) if rule.params.inconvenient else ()
    for name in facts.zones:
        day = local_day(facts.at, name)
        while day <= local_day(end, name):
            for begin, stop in windows.edges(rule, spans, name, day, hearing.guards):
                yield begin
                yield stop
            day += _DAY

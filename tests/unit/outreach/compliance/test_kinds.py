"""What a kind of rule is stands in one module; one more kind is one more module."""

import importlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest

from services.outreach import compliance
from services.outreach.compliance import (
    RuleSet,
    compare,
    evaluate,
    read_book,
    read_question,
    schema,
    timeline,
)
from services.outreach.compliance.kinds import KINDS
from services.outreach.compliance.params import Params, Whether
from services.outreach.compliance.question.terms import Weekday
from services.outreach.compliance.rule import (
    ALLOW,
    DEFER,
    Attempt,
    Finding,
    Kind,
    Rule,
    RuleDraft,
    Stage,
    ever,
    exempt,
)
from services.outreach.compliance.schedules import DAYS
from shared.errors import Invalid
from tests.unit.outreach.compliance.kind_names import decisions_by_name
from tests.unit.outreach.compliance.questions import question
from tests.unit.outreach.compliance.shipped import shipped_data, shipped_rule_books

FOLDER = Path(compliance.__file__).parent
MODULES = sorted(path.stem for path in (FOLDER / "kinds").glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("name", MODULES)
def test_a_module_of_kinds_holds_the_one_kind_that_it_is_named_for(name: str) -> None:
    module = importlib.import_module(f"services.outreach.compliance.kinds.{name}")
    kinds = [value for value in vars(module).values() if isinstance(value, Kind)]
    assert kinds == [KINDS[name]]
    assert KINDS[name].name == name


def test_every_kind_of_the_shipped_books_has_exactly_one_kind() -> None:
    written = Counter(rule["kind"] for book in shipped_data() for rule in book["rules"])
    assert set(written) == set(KINDS) == set(MODULES)
    read = Counter(rule.kind for book in shipped_rule_books() for rule in book.rules)
    assert {kind.name: count for kind, count in read.items()} == written


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_kind_does_something(kind: Kind) -> None:
    assert kind.evaluate or kind.texts or kind.evidence or kind.extends


def test_no_module_outside_kinds_decides_by_the_name_of_a_kind() -> None:
    found = [
        f"{path.relative_to(FOLDER)}:{line}"
        for path in sorted(FOLDER.rglob("*.py"))
        if path.parent.name != "kinds"
        for line in decisions_by_name(path.read_text("utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        'if rule.kind == "window": ...',
        'if "gate" != rule.kind.name: ...',
        'if kind in {"cap", "cooling_off"}: ...',
        'STAGES = {"bar": 1, "consent": 2}',
        'KEPT = frozenset({"waiting", "interest", "retention"})',
        'match rule.kind:\n    case "cap": ...',
    ],
)
def test_a_decision_by_name_is_seen(text: str) -> None:
    assert decisions_by_name(text) == [1]


# ── A new kind ──────────────────────────────────────────────────────────────────────────────────
# All that a module in `kinds/` would hold: parameters, what it makes of them, how it decides.


class RestDays(Params, frozen=True, kw_only=True):
    """No contact on these days of the debtor's week.

    {days: [wed]}
    """

    days: tuple[Weekday, ...]
    inbound: Whether = "exempt"


def _prepare(params: RestDays, draft: RuleDraft) -> frozenset[int]:
    if len(set(params.days)) == len(DAYS):
        draft.fault("leaves no day", "/days")
    return frozenset(DAYS.index(day) for day in params.days)


def _evaluate(rule: Rule, attempt: Attempt, _debt: int) -> Finding | None:
    params: RestDays = rule.params
    free = exempt(rule, attempt, inbound=params.inbound, reply="bound")
    if free is not None:
        return free
    rest: frozenset[int] = rule.plan
    days = [day for day in attempt.facts.dates(attempt.at) if day.weekday() in rest]
    if not days:
        return Finding(rule, ALLOW, "no day of rest")
    until = attempt.facts.start_of(max(days) + timedelta(days=1))
    return Finding(rule, DEFER, f"{DAYS[days[0].weekday()]} is a day of rest", until)


REST_DAYS = Kind(
    name="rest_days",
    params=RestDays,
    stage=Stage.TIME,
    prepare=_prepare,
    by_clock=ever,
    evaluate=_evaluate,
    named_when_satisfied=True,
)
WITH_REST_DAYS = {**KINDS, "rest_days": REST_DAYS}
BOOK = """\
name: trial
class: law
title: A trial
version: "2026-11-22"
rules:
  - id: XX-REST
    kind: rest_days
    jurisdiction: any
    binds: both
    debts: both
    channels: [voice]
    effective: {from: null, to: null}
    confidence: S
    citation: "an example"
    params: {days: [tue, wed]}
  - id: XX-HOURS
    kind: window
    jurisdiction: any
    binds: both
    debts: both
    channels: all
    effective: {from: null, to: null}
    confidence: S
    citation: "an example"
    params: {hours: {all: ["08:00", "21:00"]}}
"""
TUESDAY = "2026-11-24T18:00:00Z"  # noon in Chicago
THURSDAY_8 = datetime(2026, 11, 26, 14, tzinfo=UTC)


def _rules() -> RuleSet:
    return RuleSet.of([read_book(BOOK, WITH_REST_DAYS)])


def test_a_new_kind_decides_explains_and_waits_like_the_others() -> None:
    answer = evaluate(read_question(question("us-il", {"at": TUESDAY})), _rules())
    assert (answer.verdict, answer.until) == ("defer", THURSDAY_8)  # with the hours of the window
    assert [(row.rule, row.because) for row in answer.decided_by] == [
        ("XX-REST", "tue is a day of rest")
    ]


def test_a_new_kind_is_in_the_timeline_and_in_comparisons() -> None:
    asked = read_question(question("us-il", {"at": TUESDAY}))
    first, second = timeline(asked, _rules(), days=2)[:2]
    assert (first.verdict, first.rules) == ("defer", ("XX-REST",))
    assert second.start == datetime(2026, 11, 25, 3, tzinfo=UTC)  # 21:00: both object
    without = RuleSet.of([read_book(BOOK.replace("[tue, wed]", "[sun]"), WITH_REST_DAYS)])
    assert compare([asked], without, _rules()).stricter == 1


def test_a_new_kind_is_checked_like_the_others() -> None:
    with pytest.raises(Invalid, match="leaves no day"):
        read_book(BOOK.replace("[tue, wed]", "[mon, tue, wed, thu, fri, sat, sun]"), WITH_REST_DAYS)
    with pytest.raises(Invalid, match="XX-REST/params/days"):
        read_book(BOOK.replace("[tue, wed]", "[someday]"), WITH_REST_DAYS)
    with pytest.raises(Invalid, match="must be one of gate, window"):
        read_book(BOOK)


def test_a_new_kind_is_in_the_schema_for_editors() -> None:
    record = {
        "id": "XX-REST",
        "kind": "rest_days",
        "jurisdiction": "any",
        "binds": "both",
        "debts": "both",
        "channels": "all",
        "effective": {},
        "confidence": "S",
        "citation": "an example",
        "params": {"days": ["wed"]},
    }
    book = {"name": "x", "class": "law", "title": "x", "version": "2026-11-22", "rules": [record]}
    jsonschema.validate(book, schema(WITH_REST_DAYS))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(book, schema())
    record["params"] = {"days": ["someday"]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(book, schema(WITH_REST_DAYS))

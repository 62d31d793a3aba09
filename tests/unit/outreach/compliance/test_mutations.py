"""No number of a rule book is untested: each, changed by one unit, turns a case red.

A unit is a minute of an hour, one of a count, a day of a date, a hundredth of a rate. A changed
record is tried on the cases that name it, then on those in whose answers it speaks, then on all
that remain; what no case notices is a survivor.
"""

import copy
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from services.outreach.compliance import Question, RuleSet, evaluate, read_book, read_question
from shared.errors import Invalid
from tests.unit.outreach.compliance.beginnings import NO_FIRST_DAY, late_or_early
from tests.unit.outreach.compliance.case_files import Case, ask, faults, load, mentioned
from tests.unit.outreach.compliance.questions import Json
from tests.unit.outreach.compliance.shipped import (
    alone,
    label,
    records,
    shipped_books,
    shipped_data,
    shipped_rule_books,
    single,
    with_record,
)

pytestmark = pytest.mark.slow

_CLOCK = re.compile(r"\d\d:\d\d")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_RATE = re.compile(r"\d+(\.\d+)?")
_MONTH_DAY = re.compile(r"\d\d-\d\d")

_ONLY_REFERENCE_DAYS = "the rate of a half-year is that of its reference day alone"

# What no question can show: record, the change as a pattern, the reason.
UNSEEN: list[tuple[str, str, str]] = [
    (
        "CA-AB-HOURS/sunday-and-holidays",
        r"params\.hours\.mon-sat\..*",
        "open all day: the hours of these days are the first part's",
    ),
    ("EU-LPD-INT", r"params\.rate\.base\.\d+\.from = .*(12-31|06-30)", _ONLY_REFERENCE_DAYS),
    ("EU-LPD-INT", r"params\.rate\.base\.\d+\.until = 2026-12-31", _ONLY_REFERENCE_DAYS),
    ("UK-LPA-INT", r"params\.rate\.base\.\d+\.from = .*", _ONLY_REFERENCE_DAYS),
    ("UK-LPA-INT", r"params\.rate\.base\.\d+\.until = 2026-12-30", _ONLY_REFERENCE_DAYS),
    (
        "US-FDCPA-SCOPE/regulation-f",
        r"effective\.from = 2021-11-29",
        "what it extends begins on 2021-11-30 itself",
    ),
    (
        "US-REGF-7AFTER",
        r"params\.excused\.days = 8",
        "the consent follows the conversation, whose pause is over before it is",
    ),
    (
        "US-REGF-STUDENT/after-conversation",
        r"params\.excused\.days = 8",
        "the consent follows the conversation, whose pause is over before it is",
    ),
]


def is_unseen(name: str, change: str) -> bool:
    return any(name == where and re.fullmatch(pattern, change) for where, pattern, _ in UNSEEN)


Path = tuple[str | int, ...]


def _numbers(node: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The changed values of every number, time and day below a node."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _numbers(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _numbers(value, (*path, index))
    else:
        yield from ((path, value) for value in _neighbours(node))


def _neighbours(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return []
    if isinstance(value, int):
        return [value + 1, value - 1]
    text = str(value)
    if _DAY.fullmatch(text):
        day = date.fromisoformat(text)
        return [str(day + timedelta(days=1)), str(day - timedelta(days=1))]
    if _CLOCK.fullmatch(text):
        minutes = int(text[:2]) * 60 + int(text[3:])
        near = [at for at in (minutes + 1, minutes - 1) if 0 <= at <= 24 * 60]
        return [f"{at // 60:02}:{at % 60:02}" for at in near]
    if _RATE.fullmatch(text):
        return [str(Decimal(text) + Decimal("0.01")), str(Decimal(text) - Decimal("0.01"))]
    if _MONTH_DAY.fullmatch(text):
        day = date.fromisoformat(f"2026-{text}")
        return [(day + timedelta(days=n)).strftime("%m-%d") for n in (1, -1)]
    return []


def _mutants(rule: Mapping[str, Any]) -> Iterator[tuple[str, Any, Json]]:
    for part in ("params", "when", "unless", "effective"):
        for path, value in _numbers(rule.get(part), (part,)):
            mutant = copy.deepcopy(dict(rule))
            node: Any = mutant
            for step in path[:-1]:
                node = node[step]
            node[path[-1]] = value
            yield ".".join(str(step) for step in path), value, mutant


class _Trial:
    """The cases, read once, and in whose answers each record speaks."""

    def __init__(self) -> None:
        books = shipped_books()
        self.cases = load()
        self.questions: dict[str, Question] = {}
        self.by_rule: defaultdict[str, list[Case]] = defaultdict(list)
        for case in self.cases:
            if "packs" in case.question:
                continue  # about what is no law
            self.questions[case.id] = read_question(case.question)
            answer = ask(books, case.question)
            if faults(case.expect, answer):
                continue  # red already: it can't turn red
            for rule in sorted({case.rule} | case.names | mentioned(answer)):
                self.by_rule[rule].append(case)
        for rule, cases in self.by_rule.items():
            cases.sort(key=lambda case: (case.rule != rule, rule not in case.names))

    def notices(self, rule: str, changed: RuleSet, before: RuleSet) -> bool:
        """Whether a case that was green before turns red."""
        return any(
            self._red(case, changed) and not self._red(case, before) for case in self.by_rule[rule]
        )

    def _red(self, case: Case, books: RuleSet) -> bool:
        answer = evaluate(self.questions[case.id], books)
        read: Json = msgspec.json.decode(msgspec.json.encode(answer))
        return bool(faults(case.expect, read))


@pytest.fixture(scope="module")
def trial() -> _Trial:
    return _Trial()


_LAW = [
    pytest.param(*place, id=label(*place))
    for place in records()
    if next(_mutants(shipped_data()[place[0]]["rules"][place[1]]), None)
]


@pytest.mark.parametrize(("number", "index"), _LAW)
def test_a_number_changed_by_one_turns_a_case_red(number: int, index: int, trial: _Trial) -> None:
    book = shipped_data()[number]
    record = book["rules"][index]
    before = with_record(number, index, shipped_rule_books()[number].rules[index])
    survivors = []
    for path, value, mutant in _mutants(record):
        change = f"{path} = {value}"
        if is_unseen(label(number, index), change):
            continue
        try:
            changed = read_book(single(book, mutant)).rules[0]
        except Invalid:
            continue  # no book would be taken with it
        if path == "effective.from":
            if label(number, index) in NO_FIRST_DAY:
                continue
            seen = late_or_early(record, alone(number, changed)) is not None
        else:
            seen = trial.notices(record["id"], with_record(number, index, changed), before)
        if not seen:
            survivors.append(change)
    assert not survivors, survivors


def test_what_nothing_shows_is_there_to_be_shown() -> None:
    there = {
        (label(number, index), f"{path} = {value}")
        for number, index in records()
        for path, value, _ in _mutants(shipped_data()[number]["rules"][index])
    }
    for name, pattern, _ in UNSEEN:
        assert any(name == where and re.fullmatch(pattern, change) for where, change in there)

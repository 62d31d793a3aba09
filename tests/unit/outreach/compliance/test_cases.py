"""Every record of the rule books at its boundary: the minute, the count, the day.

The cases are data (`cases/`), written from the law and from the published contract.
"""

from collections import defaultdict
from functools import lru_cache

import pytest

from services.outreach.compliance import RuleSet
from shared.errors import Invalid
from tests.unit.outreach.compliance.beginnings import NO_FIRST_DAY, first_day, late_or_early
from tests.unit.outreach.compliance.case_files import (
    Case,
    ask,
    faults,
    load,
    mentioned,
    objecting,
)
from tests.unit.outreach.compliance.questions import SETTINGS, Json, question
from tests.unit.outreach.compliance.shipped import (
    all_rules,
    alone,
    label,
    law_rules,
    records,
    shipped_books,
    shipped_data,
    shipped_rule_books,
)

# Records that no question about a contact can bring up, each with the reason.
NOT_ASKED: dict[str, str] = {}


@lru_cache(maxsize=1024)
def _answer(case_id: str) -> Json:
    return ask(shipped_books(), _by_id()[case_id].question)


@lru_cache(maxsize=1)
def _by_id() -> dict[str, Case]:
    return {case.id: case for case in load()}


@pytest.mark.parametrize("case", load(), ids=lambda case: case.id)
def test_a_case_comes_out_as_the_law_has_it(case: Case) -> None:
    answer = _answer(case.id)
    assert not faults(case.expect, answer), (case.why, answer)


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_base_question_of_each_setting_may_be_made(setting: str, books: RuleSet) -> None:
    answer = ask(books, question(setting))
    assert answer["verdict"] == "allow", answer
    assert not answer["unverified"], answer


def test_no_two_cases_have_the_same_name() -> None:
    assert len(_by_id()) == len(load())


def test_every_case_is_about_a_rule_of_the_books() -> None:
    known = all_rules() | {"SYS-MISSING", "SYS-HOLIDAY", "SYS-TZDATA", "SYS-DEQUEUE"}
    assert {case.rule for case in load()} <= known


def test_every_record_speaks_in_one_case_and_is_silent_in_another() -> None:
    spoken: dict[str, str] = {}
    silent: dict[str, str] = {}
    for case in load():
        answer = _answer(case.id)
        for rule in mentioned(answer):
            spoken.setdefault(rule, case.id)
        annotated = {row["rule"] for row in [*answer["disclosures"], *answer["record"]]}
        for rule in case.names - objecting(answer) - annotated:
            silent.setdefault(rule, case.id)
    lacking: defaultdict[str, list[str]] = defaultdict(list)
    for rule in sorted(set(law_rules()) - set(NOT_ASKED)):
        if rule not in spoken:
            lacking[rule].append("no case in which it speaks")
        if rule not in silent:
            lacking[rule].append("no case in which it is silent")
    assert not lacking, dict(lacking)


@pytest.mark.parametrize(
    ("number", "index"),
    [
        pytest.param(*place, id=label(*place))
        for place in records()
        if label(*place) not in NO_FIRST_DAY
    ],
)
def test_a_record_begins_on_its_day(number: int, index: int) -> None:
    record = shipped_data()[number]["rules"][index]
    first = first_day(record)
    begins = record["effective"]["from"]
    assert begins == (None if first is None else str(first))
    if first is not None:
        rule = shipped_rule_books()[number].rules[index]
        assert late_or_early(record, alone(number, rule)) is None


def test_a_thousand_entries_of_history_are_taken_and_not_one_more(books: RuleSet) -> None:
    thousand = {"history": ["1000x 2026-10-01T00:00Z email delivered by=debtor"]}
    assert ask(books, question("us-ny", thousand))["verdict"] == "allow"
    with pytest.raises(Invalid):
        ask(books, question("us-ny", {"history": ["1001x 2026-10-01T00:00Z email delivered"]}))


def test_the_records_that_are_not_asked_about_are_in_the_books() -> None:
    assert set(NOT_ASKED) <= set(law_rules())

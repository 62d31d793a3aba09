"""The oracle answers the golden stories as the page has them: it is held to hand-made numbers."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from tests.oracles.metrics import experiments
from tests.oracles.metrics.answers import FIGURES, Question, answer, costs_elsewhere
from tests.oracles.metrics.matrices import roll_matrix
from tests.oracles.metrics.reading import read
from tests.portfolios.stories import STORIES
from tests.portfolios.telling import Asked, Judged, Matrix, Story

FILTERS = ("segment", "country", "kind", "arm", "channel", "strategy", "collector", "method")


def question_of(kpi: str, query: Any) -> Question:
    """A question, as the service takes it, for the oracle."""

    def day(name: str) -> date | None:
        return date.fromisoformat(query[name]) if name in query else None

    start, end = day("from"), day("to")
    assert start is not None
    assert end is not None
    return Question(
        kpi,
        start,
        end,
        currency=query.get("currency"),
        by=query.get("by", ""),
        per=query.get("per"),
        group_by=tuple(query["group_by"].split(",")) if "group_by" in query else (),
        filters={name: (query[name],) for name in FILTERS if name in query},
        at=day("at"),
        as_of=day("as_of"),
    )


def is_near(found: Any, expected: Any) -> bool:
    if expected is None or found is None:
        return found is expected
    return float(found) == pytest.approx(float(expected), abs=0.0005)


def check_asked(story: Story, asked: Asked) -> None:
    question = question_of(asked.kpi, asked.query)
    book = read(story.events, as_of=question.as_of)
    found = answer(book, question)
    if asked.group is not None:
        found = found["groups"][tuple(asked.group.values())]
    told = (found["value"], found["numerator"], found["denominator"])
    expected = (asked.value, asked.numerator, asked.denominator)
    assert all(map(is_near, told, expected)), (asked, told)
    more = dict(asked.more)
    elsewhere = more.pop("costs_elsewhere", None)
    if elsewhere is not None:
        assert costs_elsewhere(book, question) == elsewhere
    for name, value in more.items():
        assert is_near(found[name], value), (asked, name, found[name])


def check_matrix(story: Story, asked: Matrix) -> None:
    month = date.fromisoformat(asked.query["month"] + "-01")
    book = read(story.events)
    found = roll_matrix(book, month, asked.query["currency"], asked.query["by"])
    told = {
        bucket: {column: value for column, value in row.items() if value}
        for bucket, (base, row) in found.items()
        if base
    }
    assert told == asked.rows
    assert all(sum(row.values()) == base for base, row in found.values())


def check_judged(story: Story, asked: Judged) -> None:
    book = read(story.events)
    (run,) = book.runs
    at = date.fromisoformat(asked.at).toordinal()
    found = experiments.sums(book, run, asked.metric, at, currency="EUR")
    nothing = experiments.sums_of([])
    told = {arm: found.get(arm, nothing) for arm in run.shares}
    assert {arm: (float(each.y), float(each.x)) for arm, each in told.items()} == asked.arms, asked
    assert sum(each.crossed for each in experiments.takers(book, run)) == 1


@pytest.mark.parametrize("name", STORIES)
def test_the_oracle_tells_the_golden_stories(name: str) -> None:
    story = STORIES[name]()
    for asked in story.answers:
        if isinstance(asked, Asked):
            check_asked(story, asked)
        elif isinstance(asked, Matrix):
            check_matrix(story, asked)
        else:
            check_judged(story, asked)


def test_met_9_the_oracle_judges_sums_as_the_page_does() -> None:
    """MET-9: what the sums of a settled share say, and when the shares do not fit."""

    def share(settled: int, of: int) -> experiments.Sums:
        y, x = Fraction(settled), Fraction(of)
        return experiments.Sums(of, y, x, y, y, x)

    early = experiments.effect(share(300, 1000), share(360, 1000), 0.05)
    assert (round(early.effect, 6), round(early.p, 6)) == (0.06, 0.080287)
    assert (round(early.low, 6), round(early.high, 6)) == (-0.003962, 0.123962)
    late = experiments.effect(share(600, 2000), share(720, 2000), 0.05)
    assert (round(late.low, 6), round(late.high, 6)) == (0.014846, 0.105154)
    assert round(late.p, 6) == 0.001927
    halves = {"std": 0.5, "call": 0.5}
    for std, call, evidence in ((5210, 4790, 617.71), (5230, 4770, 3532.90)):
        found = experiments.mismatch({"std": std, "call": call}, halves)
        assert round(found, 2) == evidence


def test_every_figure_that_is_asked_of_a_story_is_one_of_the_oracles() -> None:
    asked = {
        each.kpi for tell in STORIES.values() for each in tell().answers if isinstance(each, Asked)
    }
    assert asked <= set(FIGURES)

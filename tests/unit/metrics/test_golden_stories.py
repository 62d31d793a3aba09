"""The golden stories, told to the domain in memory."""

from datetime import date
from typing import Any

import pytest

from services.metrics.domain.kinds.registry import HANDLERS
from services.metrics.domain.kpis import KPIS
from tests.metrics_figures import Memory
from tests.oracles.metrics.answers import Question
from tests.portfolios.log import moment
from tests.portfolios.questions import compared
from tests.portfolios.stories import STORIES
from tests.portfolios.telling import Asked, Story, a_world, on
from tests.unit.metrics.test_oracle_stories import is_near, question_of


def memory_of(story: Story) -> Memory:
    memory = Memory()
    memory.take([event for event in story.events if event.type in HANDLERS])
    return memory


def answered(memory: Memory, asked: Asked) -> dict[str, Any]:
    question = question_of(asked.kpi, asked.query)
    more: dict[str, Any] = {"by": question.by} if question.by else {}
    found = memory.ask(
        question.name,
        question.start,
        question.end,
        currency=question.currency,
        group_by=question.group_by,
        filters=dict(question.filters or {}),
        per=question.per or "",
        at=question.at,
        as_of=question.as_of,
        **more,
    )
    if asked.group is None:
        return found
    return next(group for group in found["groups"] if group["key"] == dict(asked.group))


CASES = [
    pytest.param(name, number, id=f"{name}-{number}-{each.kpi}")
    for name, tell in STORIES.items()
    for number, each in enumerate(tell().answers)
    if isinstance(each, Asked) and each.kpi in KPIS
]


@pytest.mark.parametrize(("name", "number"), CASES)
def test_the_domain_tells_the_golden_stories(name: str, number: int) -> None:
    check_told(name, number)


def check_told(name: str, number: int) -> None:
    story = STORIES[name]()
    asked = story.answers[number]
    assert isinstance(asked, Asked)
    found = answered(memory_of(story), asked)
    told = (found["value"], found["numerator"], found["denominator"])
    assert all(map(is_near, told, (asked.value, asked.numerator, asked.denominator))), told
    for member, value in asked.more.items():
        if member == "costs_elsewhere":
            spent = {each["currency"]: each["amount_minor"] for each in found[member]}
            assert spent == value
        else:
            assert is_near(found[member], value), (member, found[member])


def test_every_day_of_a_story_is_one() -> None:
    for tell in STORIES.values():
        for each in tell().answers:
            if isinstance(each, Asked):
                assert date.fromisoformat(each.query["from"]) <= date.fromisoformat(
                    each.query["to"]
                )


def test_what_was_taken_back_needs_no_rate() -> None:
    """Cash of a day without a rate that no longer stands is in nothing that is converted."""
    world = a_world("C")
    world.rates("EUR", [("JPY", on("01-21"), "0.0062")], moment("01-01", 1))
    world.issue("C", "I1", 10000, on("01-02"), on("01-05"), "JPY")
    world.pay("C", "P1", moment("01-15"), {"I1": 7721})
    world.reverse("P1", "R1", moment("01-19"))
    world.pay("C", "P2", moment("02-12"), {"I1": 10000})
    events = [event for event in world.events if event.type in HANDLERS]
    for name in ("average_days_to_pay", "average_days_late"):
        question = Question(name, on("01-01"), on("02-28"), by="amount", into="EUR")
        assert not compared([events], question, "UTC")

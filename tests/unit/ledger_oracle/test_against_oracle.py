"""The ledger's domain and the slow model agree: after every step, in any order, split and again."""

from typing import Any

import pytest
from hypothesis import given, settings

from services.ledger.domain import (
    amounts_at,
    as_of,
    begin,
    difference,
    load_account,
    new_account,
    record,
)
from tests.oracles.ledger_questions import Questions
from tests.unit.ledger_oracle.comparison import (
    Steps,
    check_state,
    figures,
    without_nothing,
)
from tests.unit.ledger_oracle.scenarios import Story, seeded_story, stories

DEEP = settings.get_current_profile_name() == "deep"
pytestmark = [pytest.mark.slow, *([pytest.mark.full] if DEEP else [])]
slowly = settings(
    max_examples=4000 if DEEP else 100,
    derandomize=not DEEP,
)


def told(story: Story) -> Steps:
    steps = Steps(story.tenant_zone)
    for step in story.steps:
        if step.begun is not None:
            steps.begin(step.begun)
        for fact in step.facts:
            steps.record(fact)
    return steps


@slowly
@given(stories())
def test_after_every_step_the_domain_is_what_the_model_says(story: Story) -> None:
    told(story)


@pytest.mark.parametrize("start", range(0, 5000 if DEEP else 200, 100))
def test_the_domain_is_what_the_model_says_of_a_hundred_seeded_stories(start: int) -> None:
    """Wider than what Hypothesis draws; a story that fails is cut down to its needed steps."""
    for seed in range(start, start + 100):
        story = seeded_story(seed, size=2 if seed % 10 == 0 else 1)
        if _differs(story):
            told(_cut_down(story))


def _differs(story: Story) -> bool:
    try:
        told(story)
    except AssertionError:
        return True
    return False


def _cut_down(story: Story) -> Story:
    for index in reversed(range(len(story.steps))):
        if _differs(story.without(index)):
            story = story.without(index)
    print(story)
    return story


@slowly
@given(stories(size=2 if DEEP else 1))
def test_the_end_is_the_same_however_the_facts_arrived(story: Story) -> None:
    """Loaded from all facts in reverse order, and in batches: the same account as one by one."""
    steps = told(story)
    announcements = list(steps.announced.values())
    loaded = load_account(
        "C1", story.tenant_zone, story.facts[::-1], announcements, begun_on=steps.account.aged_on
    )
    check_state(loaded, steps.model.now, steps.begun)
    again = begin(loaded, steps.begun)
    assert again.announcements == []
    assert [_plain(event) for event in _in_batches(story)] == [_plain(e) for e in steps.said]


@slowly
@given(stories(size=2 if DEEP else 1))
def test_figures_as_of_a_day_count_what_was_effective_by_its_end(story: Story) -> None:
    account = load_account("C1", story.tenant_zone, story.facts, [])
    asked = Questions(story.facts, story.tenant_zone)
    past = as_of(account, story.look_on)
    seen = figures(amounts_at(past, story.look_on))
    assert seen == without_nothing(asked.amounts_as_of(story.look_on))


@slowly
@given(stories())
def test_the_same_fact_again_is_no_conflict(story: Story) -> None:
    for fact in story.facts:
        assert difference(fact.kind, (fact.time, fact.data), (fact.time, fact.data)) == []


def _in_batches(story: Story) -> list[Any]:
    account: Any = new_account("C1", story.tenant_zone)
    begun = Steps(story.tenant_zone).begun
    said: list[Any] = []
    for step in story.steps:
        if step.begun is not None:
            begun = step.begun
            decision = begin(account, begun)
        else:
            decision = record(account, step.facts, begun)
        said += decision.announcements
    return said


def _plain(event: Any) -> tuple[object, ...]:
    return event.type, event.entity, event.cause, event.time, event.day, event.data

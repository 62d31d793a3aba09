"""Strategies as YAML."""

from typing import get_args

import pytest

from services.outreach.dunning.domain.strategies import WARNINGS, by_kind, parse
from services.segmentation.domain import warnings
from shared.errors import Invalid
from tests.unit.outreach.builders import STRATEGIES

GOOD = """
name: test
kind: consumer
version: "1"
steps:
  - {name: one, offset_days: 1, channel: email, template: reminder, tone: friendly}
  - {name: two, offset_days: 9, channel: person, tone: final}
"""
WARNED = GOOD + "on_warning: {escalating-delay: {step: call-early, channel: person}}"


@pytest.mark.parametrize("kind", ["consumer", "business"])
def test_the_shipped_plans_go_from_a_week_before_due_to_a_person(kind: str) -> None:
    steps = STRATEGIES[kind].steps  # type: ignore[index]
    assert steps[0].offset_days == -7
    assert steps[0].is_reminder
    assert steps[-1].channel == "person"
    assert all(step.channel == "email" for step in steps[:-1])


def test_a_good_plan_is_taken() -> None:
    assert [step.name for step in parse(GOOD).steps] == ["one", "two"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("offset_days: 9", "offset_days: 1"), "later"),
        (("name: two", "name: one"), "twice"),
        (("tone: friendly", "tone: rude"), "tone"),
        (("template: reminder, ", ""), "template"),
        (("offset_days: 1,", "offset_days: -8,"), "offset_days"),
        (("kind: consumer", "kind: robot"), "kind"),
        (("steps:", "stages:"), "stages"),
        (('version: "1"', "version: 1"), "version"),
        (("- {name: one", "- {name: one, surprise: 1"), "surprise"),
        (("name: test", "{"), "YAML"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(change: tuple[str, str], says: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(GOOD.replace(*change))
    told = refused.value.detail + "".join(f"{e.pointer} {e.detail}" for e in refused.value.errors)
    assert says in told


def test_a_plan_may_start_on_an_early_warning() -> None:
    assert parse(GOOD).on_warning == {}
    (kind, start), *others = parse(WARNED).on_warning.items()
    assert (kind, start.step, start.channel, others) == (
        "escalating-delay", "call-early", "person", [],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("escalating-delay", "bad-mood"), "/on_warning/bad-mood is no early warning: escalating"),
        (("early, channel: person", "early, channel: email"), "/channel must be person"),
        (("early, channel: person", "early, channel: owl"), "owl"),
        (("step: call-early", "step: two"), "/on_warning/escalating-delay/step two is a step"),
        (("step: call-early", "step: Call Early"), "step"),
        (("step: call-early, ", ""), "step"),
        (("step: call-early", "step: call-early, template: x"), "template"),
    ],
)
def test_a_start_on_a_warning_that_cannot_be_is_refused(change: tuple[str, str], says: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(WARNED.replace(*change))
    told = refused.value.detail + "".join(f"{e.pointer} {e.detail}" for e in refused.value.errors)
    assert says in told


def test_a_plan_may_start_on_every_warning_there_is() -> None:
    assert get_args(warnings.Kind) == WARNINGS


def test_a_softer_tone_after_a_firmer_one_is_refused() -> None:
    with pytest.raises(Invalid):
        parse(
            GOOD.replace(
                "channel: person, tone: final", "channel: email, template: x, tone: friendly"
            ).replace("tone: friendly}\n  - {name: two", "tone: firm}\n  - {name: two")
        )


def test_each_kind_of_account_needs_one_plan() -> None:
    with pytest.raises(Invalid, match="business"):
        by_kind([STRATEGIES["consumer"]])
    with pytest.raises(Invalid, match="two"):
        by_kind([STRATEGIES["consumer"], STRATEGIES["consumer"]])

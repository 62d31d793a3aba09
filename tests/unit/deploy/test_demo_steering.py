"""What the demo sets in metrics is whole: a plan that can be approved, rules, an analysis."""

from datetime import date, timedelta

import pytest

from deploy.demo import opening, steering
from services.metrics.domain.experiments.analysis import read_analysis
from services.metrics.domain.plans.drafts import approval_faults, read_alert_rules, read_plan
from services.segmentation.domain import experiments

FIRST = date(2026, 1, 1)


@pytest.mark.parametrize(("days", "accounts"), [(2, 5), (24, 80), (365, 500)])
def test_the_plan_can_be_approved_however_long_the_demo_is(days: int, accounts: int) -> None:
    read = read_plan(steering.plan("EUR", FIRST, days, accounts))
    assert not read.warnings
    assert not approval_faults(read.plan)
    last = FIRST + timedelta(days=days - 1)
    assert read.plan.to_on is not None
    assert read.plan.to_on > last, "it is under way when the demo ends"


def test_rules_and_analysis_have_no_fault() -> None:
    assert read_alert_rules(steering.ALERT_RULES).rules
    assert read_analysis(steering.ANALYSIS).at_least > 1


def test_the_strategies_follow_the_arms_that_are_drawn() -> None:
    design = experiments.parse(steering.DESIGN)
    arms = {arm.name for arm in design.arms}
    assert design.champion in arms
    named = [
        rule["when"]["arm"]
        for rule in opening.ASSIGNMENTS["rules"]
        if "arm" in rule.get("when", {})
    ]
    assert named == [{steering.EXPERIMENT: [steering.CHALLENGER]}]
    assert steering.CHALLENGER in arms


def test_reviews_are_held_on_the_days_on_which_the_plan_wants_them() -> None:
    plan = read_plan(steering.plan("EUR", FIRST, 60, 10)).plan
    begins, _ = steering.plan_days(FIRST, 60)
    held = [FIRST + timedelta(days=n) for n in range(60)]
    held = [day for day in held if steering.reviews_on(day, begins)]
    assert plan.reviews is not None
    assert {day.day for day in held} == {plan.reviews.day}
    assert held
    assert all(begins < day for day in held)


def test_the_firmer_strategy_is_another_version_of_the_same() -> None:
    firmer = steering.firmer()
    assert firmer["name"] == opening.TELEPHONE["name"]
    assert firmer["version"] != opening.TELEPHONE["version"]
    assert firmer["ladder"] != opening.TELEPHONE["ladder"]

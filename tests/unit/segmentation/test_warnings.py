"""Early warnings are raised once per episode, say their figures, and are re-armed at its end."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.segmentation.domain.features import Features
from services.segmentation.domain.policies.document import (
    EscalatingDelay,
    ExposureOverLimit,
    GoodPayerTurning,
    WarningRules,
)
from services.segmentation.domain.warnings import EarlyWarning, watch
from tests.unit.segmentation.builders import day, some_features

RULES = WarningRules(
    escalating_delay=EscalatingDelay(trend_days_from=7, delay_days_from=5),
    good_payer_turning=GoodPayerTurning(settled_from=6, late_percent_below=21, age_days_from=31),
    exposure_over_limit=ExposureOverLimit(percent_above=100, rearmed_at_percent=95),
)


def raised(features: Features, warned: dict[str, date] | None = None) -> list[EarlyWarning]:
    return list(watch(RULES, features, warned or {}, day(5)).raised)


def run(story: list[Features], rules: WarningRules = RULES) -> list[tuple[int, str]]:
    """On which day of a story which warning was raised."""
    warned: dict[str, date] = {}
    seen: list[tuple[int, str]] = []
    for number, features in enumerate(story):
        watched = watch(rules, features, warned, day(number))
        warned = watched.warned
        seen += [(number, warning.kind) for warning in watched.raised]
    return seen


def delay(trend: float | None, mean: float | None = 20.0) -> Features:
    return some_features(delay_trend_days=trend, recent_delay_days=mean)


def good(age: int, **changes: Any) -> Features:
    return some_features(**{"settled": 10, "settled_late": 2, "age_days": age, **changes})


def exposed(balance: int, limit: int | None = 10_000) -> Features:
    return some_features(balance_minor=balance, credit_limit_minor=limit)


@pytest.mark.parametrize(
    ("features", "kinds"),
    [
        (delay(7.0), ["escalating-delay"]),
        (delay(6.99), []),
        (delay(7.0, 4.9), []),
        (delay(None), []),
        (good(31), ["good-payer-turning"]),
        (good(1), []),
        (good(31, settled_late=3), []),
        (good(31, settled=5, settled_late=0), []),
        (exposed(10_001), ["exposure-over-limit"]),
        (exposed(10_000), []),
        (exposed(10_001, None), []),
        (exposed(1, 0), ["exposure-over-limit"]),
        (exposed(0, 0), []),
    ],
)
def test_a_warning_begins_at_its_threshold(features: Features, kinds: list[str]) -> None:
    assert [warning.kind for warning in raised(features)] == kinds


def test_an_episode_is_said_once_and_again_after_it_has_ended() -> None:
    swinging = [delay(trend) for trend in (8.0, 6.0, 9.0, 4.0, 8.0, 3.4, 8.0)]
    assert run(swinging) == [(0, "escalating-delay"), (6, "escalating-delay")]
    turning = [good(age) for age in (31, 61, 91, 1, 31, 0, 31)]
    assert run(turning) == [(0, "good-payer-turning"), (6, "good-payer-turning")]
    owing = [exposed(minor) for minor in (10_100, 9_900, 10_100, 9_501, 10_100, 9_500, 10_100)]
    assert run(owing) == [(0, "exposure-over-limit"), (6, "exposure-over-limit")]


def test_what_ended_is_told_and_the_others_go_on() -> None:
    warned = {"escalating-delay": day(1), "exposure-over-limit": day(2)}
    watched = watch(RULES, exposed(20_000), warned, day(9))
    assert watched.ended == ("escalating-delay",)
    assert watched.warned == {"exposure-over-limit": day(2)}
    assert watched.raised == ()
    assert warned == {"escalating-delay": day(1), "exposure-over-limit": day(2)}


def test_a_limit_that_is_taken_away_ends_the_episode() -> None:
    assert watch(RULES, exposed(20_000, None), {"exposure-over-limit": day(1)}, day(2)).ended


def test_a_warning_that_is_switched_off_is_not_raised_and_ends() -> None:
    rules = WarningRules(exposure_over_limit=None)
    assert run([exposed(20_000)], rules) == []
    watched = watch(rules, exposed(20_000), {"exposure-over-limit": day(1)}, day(2))
    assert watched.ended == ("exposure-over-limit",)


def test_a_warning_gives_its_figures_and_its_first_day() -> None:
    (late,) = raised(delay(11.6, 18.2))
    assert (late.since_on, late.figures) == (day(5), {"trend_days": 12, "delay_days": 18})
    assert "12 days later" in late.because
    (turning,) = raised(good(31, overdue_minor=12_345))
    assert turning.because == (
        "paid 8 of 10 invoices in time, and is now 31 days past due with 123.45 EUR"
    )
    (over,) = raised(exposed(12_500))
    assert over.because == "owes 125.00 EUR of a limit of 100.00 EUR (125 %)"
    assert over.figures == {"balance_minor": 12_500, "credit_limit_minor": 10_000}


@given(st.lists(st.sampled_from([3.0, 5.0, 7.0, 20.0]), max_size=20), st.integers(0, 20))
def test_a_replay_that_goes_on_from_the_state_raises_the_same(
    trends: list[float], cut: int
) -> None:
    story = [delay(trend) for trend in trends]
    warned: dict[str, date] = {}
    seen: list[tuple[int, str]] = []
    for number, features in enumerate(story):
        if number == cut:
            warned = dict(warned)  # as it is loaded from where it was kept
        watched = watch(RULES, features, warned, day(number))
        warned = watched.warned
        seen += [(number, warning.kind) for warning in watched.raised]
    assert seen == run(story)

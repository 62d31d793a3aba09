"""Every rule of both cards at its boundaries, the probability, and what can be expected back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.segmentation.domain.features import Features
from services.segmentation.domain.recovery import expected_recovery
from services.segmentation.domain.score import (
    CARDS,
    chances,
    probability,
    score,
)
from services.segmentation.learning.cases import Target, target_of
from shared.errors import Invalid
from tests.unit.segmentation.builders import some_features


def points_of(target: Target, feature: str, features: Features) -> int:
    given_points = {reason.feature: reason.points for reason in score(features, target).reasons}
    return given_points.get(feature, 0)


BEHAVIOUR: list[tuple[str, dict[str, Any], int]] = [
    ("late_percent", {"settled": 0}, 0),
    ("late_percent", {"settled": 10, "settled_late": 0}, 20),
    ("late_percent", {"settled": 10, "settled_late": 1}, 20),
    ("late_percent", {"settled": 100, "settled_late": 11}, 8),
    ("late_percent", {"settled": 10, "settled_late": 3}, 8),
    ("late_percent", {"settled": 100, "settled_late": 31}, -10),
    ("late_percent", {"settled": 10, "settled_late": 6}, -10),
    ("late_percent", {"settled": 100, "settled_late": 61}, -25),
    ("recent_delay_days", {"recent_delay_days": None}, 0),
    ("recent_delay_days", {"recent_delay_days": 0.0}, 15),
    ("recent_delay_days", {"recent_delay_days": 0.5}, 5),
    ("recent_delay_days", {"recent_delay_days": 7.0}, 5),
    ("recent_delay_days", {"recent_delay_days": 7.5}, -10),
    ("recent_delay_days", {"recent_delay_days": 30.0}, -10),
    ("recent_delay_days", {"recent_delay_days": 31.0}, -20),
    ("recent_delay_days", {"recent_delay_days": 60.0}, -20),
    ("recent_delay_days", {"recent_delay_days": 61.0}, -35),
    ("delay_trend_days", {"delay_trend_days": None}, 0),
    ("delay_trend_days", {"delay_trend_days": -7.0}, 10),
    ("delay_trend_days", {"delay_trend_days": -6.0}, 0),
    ("delay_trend_days", {"delay_trend_days": 7.0}, 0),
    ("delay_trend_days", {"delay_trend_days": 8.0}, -10),
    ("delay_trend_days", {"delay_trend_days": 30.0}, -10),
    ("delay_trend_days", {"delay_trend_days": 30.5}, -20),
    ("failed_payments", {"failed_payments": 0}, 0),
    ("failed_payments", {"failed_payments": 1}, -10),
    ("failed_payments", {"failed_payments": 2}, -25),
    ("bounced_payments", {"bounced_payments": 0}, 0),
    ("bounced_payments", {"bounced_payments": 1}, -15),
    ("bounced_payments", {"bounced_payments": 2}, -30),
    ("tenure_days", {"tenure_days": 0}, -8),
    ("tenure_days", {"tenure_days": 89}, -8),
    ("tenure_days", {"tenure_days": 90}, 0),
    ("tenure_days", {"tenure_days": 364}, 0),
    ("tenure_days", {"tenure_days": 365}, 8),
    ("tenure_days", {"tenure_days": 1094}, 8),
    ("tenure_days", {"tenure_days": 1095}, 15),
]
DEBT: list[tuple[str, dict[str, Any], int]] = [
    ("age_of_debt_days", {"age_days": 0}, 30),
    ("age_of_debt_days", {"age_days": 1}, 10),
    ("age_of_debt_days", {"age_days": 31}, -10),
    ("age_of_debt_days", {"age_days": 61}, -30),
    ("age_of_debt_days", {"age_days": 91}, -50),
    ("age_of_debt_days", {"age_days": 121}, -80),
    ("disputed_percent", {"balance_minor": 10_000, "disputed_minor": 0}, 0),
    ("disputed_percent", {"balance_minor": 10_000, "disputed_minor": 1}, -10),
    ("disputed_percent", {"balance_minor": 10_000, "disputed_minor": 4_900}, -10),
    ("disputed_percent", {"balance_minor": 10_000, "disputed_minor": 4_901}, -25),
    ("overdue_to_usual", {"overdue_minor": 0, "usual_minor": 100}, 0),
    ("overdue_to_usual", {"overdue_minor": 100, "usual_minor": 0}, 0),
    ("overdue_to_usual", {"overdue_minor": 100, "usual_minor": 100}, 5),
    ("overdue_to_usual", {"overdue_minor": 101, "usual_minor": 100}, 0),
    ("overdue_to_usual", {"overdue_minor": 300, "usual_minor": 100}, 0),
    ("overdue_to_usual", {"overdue_minor": 301, "usual_minor": 100}, -10),
    ("overdue_to_usual", {"overdue_minor": 600, "usual_minor": 100}, -10),
    ("overdue_to_usual", {"overdue_minor": 601, "usual_minor": 100}, -20),
    ("days_since_payment", {"days_since_payment": None}, -5),
    ("days_since_payment", {"days_since_payment": 0}, 15),
    ("days_since_payment", {"days_since_payment": 30}, 15),
    ("days_since_payment", {"days_since_payment": 31}, 5),
    ("days_since_payment", {"days_since_payment": 90}, 5),
    ("days_since_payment", {"days_since_payment": 91}, -5),
    ("days_since_payment", {"days_since_payment": 180}, -5),
    ("days_since_payment", {"days_since_payment": 181}, -15),
]
LATE_ONLY: list[tuple[str, dict[str, Any], int]] = [
    ("age_of_debt_days", {"age_days": 0}, 0),
    ("age_of_debt_days", {"age_days": 1}, -15),
    ("age_of_debt_days", {"age_days": 31}, -25),
    ("age_of_debt_days", {"age_days": 61}, -40),
]


@pytest.mark.parametrize(("feature", "changes", "points"), BEHAVIOUR + DEBT)
def test_points_of_pays_within(feature: str, changes: dict[str, Any], points: int) -> None:
    assert points_of("pays_within", feature, some_features(**changes)) == points


@pytest.mark.parametrize(("feature", "changes", "points"), BEHAVIOUR + LATE_ONLY)
def test_points_of_late_payment(feature: str, changes: dict[str, Any], points: int) -> None:
    assert points_of("late_payment", feature, some_features(**changes)) == points


@pytest.mark.parametrize("target", list(CARDS))
def test_every_rule_of_a_card_has_golden_values(target: Target) -> None:
    tested = {feature for feature, _, _ in BEHAVIOUR + DEBT}
    assert {rule.feature for rule in CARDS[target][1]} <= tested


@pytest.mark.parametrize(
    ("points", "expected"),
    [(0, 0.5), (20, 0.6667), (-20, 0.3333), (40, 0.8), (-40, 0.2), (60, 0.8889), (400, 0.99)],
)
def test_twenty_points_double_the_odds(points: int, expected: float) -> None:
    assert probability(points) == expected


def test_a_score_from_start_to_reasons() -> None:
    features = some_features(
        age_days=31, settled=4, settled_late=2, recent_delay_days=12.5, tenure_days=400
    )
    result = score(features, "pays_within")
    assert [(r.feature, r.value, r.points) for r in result.reasons] == [
        ("start", "", 20),
        ("age_of_debt_days", "31", -10),
        ("late_percent", "50", -10),
        ("recent_delay_days", "12.5", -10),
        ("tenure_days", "400", 8),
        ("days_since_payment", "100", -5),
    ]
    assert (result.points, result.probability, result.horizon_days) == (-7, 0.4396, 30)


def test_late_payment_speaks_of_not_paying_in_time() -> None:
    result = score(some_features(), "late_payment")
    assert (result.points, result.probability) == (18, 0.3489)


@pytest.mark.parametrize(
    ("collectable", "expected"),
    [(0, 0), (1, 0), (2, 1), (10_000, 7_040), (2**53 - 1, 6_341_068_275_337_657)],
)
def test_expected_recovery_is_collectable_times_probability(
    collectable: int, expected: int
) -> None:
    features = some_features(collectable_minor=collectable, age_days=1)
    result = score(features, "pays_within")
    assert result.probability == 0.704
    assert expected_recovery(features.collectable_minor, result.probability, 0) == expected


def test_an_unknown_target_is_refused_by_name() -> None:
    with pytest.raises(Invalid, match="late_payment, pays_within"):
        target_of("churn")


@given(
    features=st.builds(
        some_features,
        age_days=st.sampled_from([0, 1, 31, 61, 91, 121]),
        balance_minor=st.integers(0, 2**53 - 1),
        disputed_minor=st.integers(0, 2**53 - 1),
        overdue_minor=st.integers(0, 2**53 - 1),
        collectable_minor=st.integers(0, 2**53 - 1),
        usual_minor=st.integers(0, 2**53 - 1),
        settled=st.integers(0, 500),
        settled_late=st.integers(0, 500),
        recent_delay_days=st.none() | st.floats(0, 5_000),
        delay_trend_days=st.none() | st.floats(-5_000, 5_000),
        failed_payments=st.integers(0, 50),
        bounced_payments=st.integers(0, 50),
        tenure_days=st.integers(0, 40_000),
        days_since_payment=st.none() | st.integers(0, 40_000),
    )
)
def test_scores_stay_in_bounds_and_reasons_add_up(features: Features) -> None:
    for target in CARDS:
        result = score(features, target)
        assert 0.01 <= result.probability <= 0.99
        assert chances(features)[target == "late_payment"] == result.probability
        assert sum(reason.points for reason in result.reasons) == result.points
        assert all(reason.points for reason in result.reasons)
    expected = expected_recovery(features.collectable_minor, chances(features)[0], 0)
    assert 0 <= expected <= features.collectable_minor

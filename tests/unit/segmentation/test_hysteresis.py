"""An account leaves its segment less easily than it came in, so that it does not flap."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.segmentation.domain.commitments import Commitments, SegmentStay
from services.segmentation.domain.features import Features
from services.segmentation.domain.policy import Policy, Scores, classify, decide, parse
from tests.unit.segmentation.builders import day, some_features
from tests.unit.segmentation.written import a_policy, one_condition, owing, scores


def walk(policy: Policy, story: list[tuple[Features, Scores]]) -> list[str]:
    """The segments an account goes through, one day after the other."""
    commitments, seen = Commitments(), []
    for number, (features, found) in enumerate(story):
        segment = classify(policy, features, found, commitments.stay, day(number))
        commitments.enter(segment, day(number))
        seen.append(segment)
    return seen


def changes(seen: list[str]) -> int:
    return sum(one != other for one, other in pairwise(seen))


def test_a_score_that_swings_about_a_threshold_moves_an_account_once() -> None:
    swinging = [(owing(0), scores(0.64 if n % 2 else 0.66)) for n in range(-1, 20)]
    assert changes(walk(parse(a_policy()), swinging)) == 1
    without = parse(a_policy(hysteresis={}))
    assert changes(walk(without, swinging)) == 20


def test_it_leaves_when_the_threshold_is_missed_by_the_slack_and_enters_at_the_threshold() -> None:
    policy = parse(a_policy())
    held = SegmentStay("risky", day(0))
    for late, segment in ((0.6, "risky"), (0.5999, "rest"), (0.65, "risky")):
        assert classify(policy, owing(0), scores(late), held, day(9)) == segment
    outside = SegmentStay("rest", day(0))
    for late, segment in ((0.6499, "rest"), (0.65, "risky")):
        assert classify(policy, owing(0), scores(late), outside, day(9)) == segment


@pytest.mark.parametrize(
    ("when", "enters", "stays", "leaves"),
    [
        ({"risk": ["low"]}, scores(0.29), scores(0.34), scores(0.35)),
        ({"risk": ["medium"]}, scores(0.3), scores(0.25), scores(0.2499)),
        ({"risk": ["medium"]}, scores(0.64), scores(0.69), scores(0.7)),
        ({"pays_within_below": 0.2}, scores(pays=0.19), scores(pays=0.24), scores(pays=0.25)),
        ({"late_payment_from": 0.8}, scores(0.8), scores(0.75), scores(0.74)),
    ],
)
def test_the_slack_of_scores(
    when: dict[str, Any], enters: Scores, stays: Scores, leaves: Scores
) -> None:
    policy, features = one_condition(when), owing(0)
    assert walk(policy, [(features, s) for s in (stays, enters, stays, leaves, stays)]) == [
        "out", "in", "in", "out", "out",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("when", "enters", "stays", "leaves"),
    [
        ({"late_percent_from": 50}, {"settled_late": 10}, {"settled_late": 9}, {"settled_late": 8}),
        ({"delay_trend_from": 7}, {"delay_trend_days": 7.0}, {"delay_trend_days": 4.0}, {}),
        (
            {"collectable_from": {"default": 100}},
            {"collectable_minor": 10_000},
            {"collectable_minor": 9_000},
            {"collectable_minor": 8_999},
        ),
        (
            {"collectable_below": 100},
            {"collectable_minor": 9_999},
            {"collectable_minor": 10_999},
            {"collectable_minor": 11_000},
        ),
    ],
)
def test_the_slack_of_figures(
    when: dict[str, Any], enters: dict[str, Any], stays: dict[str, Any], leaves: dict[str, Any]
) -> None:
    story = [(owing(31, settled=20, **f), scores()) for f in (stays, enters, stays, leaves, stays)]
    assert walk(one_condition(when), story) == ["out", "in", "in", "out", "out"]


def test_ages_and_flags_have_no_slack() -> None:
    policy = one_condition({"age_from": 31})
    assert walk(policy, [(owing(31), scores()), (owing(1), scores())]) == ["in", "out"]


def test_own_words_on_staying_take_the_place_of_the_slack() -> None:
    policy = one_condition({"risk": ["high"]}, keep_when={"late_payment_from": 0.4})
    story = [(owing(0), scores(late)) for late in (0.5, 0.7, 0.4, 0.39, 0.5)]
    assert walk(policy, story) == ["out", "in", "in", "out", "out"]


def test_own_words_on_staying_may_be_stricter_than_the_slack() -> None:
    policy = one_condition({"risk": ["high"]}, keep_when={"late_payment_from": 0.64})
    assert walk(policy, [(owing(0), scores(late)) for late in (0.7, 0.64, 0.62)]) == [
        "in", "in", "out",
    ]  # fmt: skip


def test_days_to_stay_hold_the_record_still_but_not_the_situation() -> None:
    policy = one_condition({"age_from": 1, "risk": ["high"]}, stay_days=10)
    held = SegmentStay("in", day(0))
    good = scores(0.1)
    assert classify(policy, owing(1), good, held, day(9)) == "in"
    assert classify(policy, owing(1), good, held, day(10)) == "out"
    assert classify(policy, some_features(), good, held, day(1)) == "out"


def test_an_earlier_segment_takes_an_account_out_at_once() -> None:
    raw = a_policy(
        segments=[
            {"name": "care", "description": "x", "when": {"tags_any": ["vulnerable"]}},
            {"name": "risky", "description": "x", "when": {"risk": ["high"]}, "stay_days": 90},
            {"name": "rest", "description": "others"},
        ]
    )
    held = SegmentStay("risky", day(0))
    marked = owing(1, tags=("vulnerable",))
    assert classify(parse(raw), marked, scores(0.9), held, day(1)) == "care"


@given(st.lists(st.sampled_from([0.58, 0.62, 0.64, 0.66, 0.7]), min_size=1, max_size=30))
def test_a_replay_makes_the_same_decisions_from_any_point_on(late: list[float]) -> None:
    policy = parse(a_policy())
    story = [(owing(0), scores(one)) for one in late]
    seen = walk(policy, story)
    commitments = Commitments()
    for number, (features, found) in enumerate(story):  # the state goes through storage each time
        commitments = msgspec.json.decode(msgspec.json.encode(commitments), type=Commitments)
        segment = classify(policy, features, found, commitments.stay, day(number))
        commitments.enter(segment, day(number))
        assert segment == seen[number]


def test_the_day_of_entry_counts_from_the_last_entry() -> None:
    commitments = Commitments()
    commitments.enter("a", date(2026, 1, 1))
    commitments.enter("a", date(2026, 1, 9))
    assert commitments.stay == SegmentStay("a", date(2026, 1, 1))
    commitments.enter("b", date(2026, 1, 9))
    commitments.enter("a", date(2026, 1, 9) + timedelta(days=1))
    assert commitments.stay == SegmentStay("a", date(2026, 1, 10))


def test_a_decision_says_why() -> None:
    policy = parse(a_policy())
    met = decide(policy, owing(0), scores(0.7))
    assert (met.how, met.because) == ("met", "open; risk high, as late_payment is 0.7")
    kept = decide(policy, owing(0), scores(0.62), SegmentStay("risky", day(0)), day(1))
    assert (kept.segment, kept.how) == ("risky", "kept")
    left = decide(policy, owing(0), scores(0.1))
    assert (left.segment, left.how) == ("rest", "left")
    amounts = one_condition({"age_from": 31, "collectable_from": {"default": 100}})
    because = decide(amounts, owing(61, 12_345), scores()).because
    assert because == "age_days 61 >= 31; collectable_minor 123.45 EUR >= 100.00 EUR"

"""The default policy decides every account, and a wrong policy says what is wrong and where."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import services.segmentation
from services.segmentation.domain.features import Features
from services.segmentation.domain.policy import Policy, Risk, Scores, classify, parse, risk_of
from shared.errors import Invalid
from tests.unit.segmentation.builders import some_features

DEFAULT = Path(services.segmentation.__file__).parent / "policies" / "default.yaml"
POLICY = parse(yaml.safe_load(DEFAULT.read_text(encoding="utf-8")))
LATE: dict[Risk, float] = {"low": 0.1, "medium": 0.45, "high": 0.8}


def past_due(age: int, **changes: Any) -> Features:
    fields = {"open_invoices": 1, "balance_minor": 9_000, "overdue_minor": 9_000}
    return some_features(**{**fields, "collectable_minor": 9_000, "age_days": age, **changes})


@pytest.mark.parametrize(
    ("features", "risk", "segment"),
    [
        (some_features(), "high", "current"),
        (some_features(open_invoices=1), "medium", "current"),
        (some_features(open_invoices=1), "high", "watch"),
        (past_due(1), "low", "self-cure"),
        (past_due(1), "medium", "reminder"),
        (past_due(1), "high", "reminder"),
        (past_due(31), "low", "negotiate"),
        (past_due(31), "medium", "negotiate"),
        (past_due(31), "high", "at-risk"),
        (past_due(61), "low", "negotiate"),
        (past_due(91), "low", "at-risk"),
        (past_due(121), "low", "at-risk"),
        (past_due(121, collectable_minor=9_999), "low", "at-risk"),
        (past_due(121, collectable_minor=10_000), "low", "legal"),
        (past_due(121, collectable_minor=14_999, currency="JPY"), "low", "at-risk"),
        (past_due(121, collectable_minor=15_000, currency="JPY"), "low", "legal"),
        (past_due(121, collectable_minor=100_000, currency="BHD"), "low", "legal"),
        (past_due(1, collectable_minor=0), "low", "disputed"),
        (past_due(121, collectable_minor=0), "high", "disputed"),
        (past_due(1, tags=("vulnerable",)), "low", "vulnerable"),
        (some_features(tags=("vulnerable",)), "low", "current"),
        (past_due(31, tenure_days=1095, settled=6, settled_late=1), "low", "patron"),
        (past_due(31, tenure_days=1094, settled=6, settled_late=1), "low", "negotiate"),
        (past_due(31, tenure_days=1095, settled=5, settled_late=1), "low", "negotiate"),
        (past_due(31, tenure_days=1095, settled=6, settled_late=2), "low", "negotiate"),
        (past_due(61, tenure_days=1095, settled=6, settled_late=1), "low", "negotiate"),
    ],
)
def test_the_default_policy(features: Features, risk: Risk, segment: str) -> None:
    scores = Scores(pays_within=0.5, late_payment=LATE[risk])
    assert classify(POLICY, features, scores) == segment


@pytest.mark.parametrize(
    ("late", "risk"),
    [(0.0, "low"), (0.2999, "low"), (0.3, "medium"), (0.6499, "medium"), (0.65, "high")],
)
def test_risk_bands(late: float, risk: str) -> None:
    assert risk_of(POLICY, late) == risk


@given(
    age=st.sampled_from([0, 1, 31, 61, 91, 121]),
    collectable=st.integers(0, 2**53 - 1),
    currency=st.sampled_from(["EUR", "JPY", "BHD", None]),
    tenure=st.integers(0, 5_000),
    settled=st.integers(0, 20),
    open_invoices=st.integers(0, 3),
)
def test_every_account_has_a_segment(
    age: int, collectable: int, currency: str | None, tenure: int, settled: int, open_invoices: int
) -> None:
    features = some_features(
        age_days=age,
        collectable_minor=collectable,
        currency=currency,
        tenure_days=tenure,
        settled=settled,
        open_invoices=open_invoices,
    )
    for late in LATE.values():
        scores = Scores(pays_within=1 - late, late_payment=late)
        assert classify(POLICY, features, scores) in POLICY.names


def a_policy(**changes: Any) -> dict[str, Any]:
    segments = [
        {"name": "late", "description": "past due", "when": {"age_from": 1}},
        {"name": "rest", "description": "all others"},
    ]
    risk = {"medium_from": 0.3, "high_from": 0.6}
    return {"name": "mine", "risk": risk, "segments": segments, **changes}


def faults(raw: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        parse(raw)
    return {error.pointer: error.detail for error in caught.value.errors}


def test_equal_policies_have_one_version_and_others_another() -> None:
    assert parse(a_policy()).version == parse(dict(reversed(a_policy().items()))).version
    other = a_policy(risk={"medium_from": 0.3, "high_from": 0.61})
    assert parse(a_policy()).version != parse(other).version
    assert parse(a_policy()).version.startswith("mine-")


def test_faults_of_form_are_all_named_by_place() -> None:
    raw = a_policy(
        name="My Policy",
        risk={"medium_from": 2},
        segments=[
            {"name": "a", "description": "x", "when": {"age_from": -1}},
            {"name": "b", "description": "x", "when": [{"risk": ["some"]}]},
            {"name": "c", "description": "x", "whenn": {}},
        ],
        extra=1,
    )
    assert set(faults(raw)) == {
        "/extra",
        "/name",
        "/risk/medium_from",
        "/risk/high_from",
        "/segments/0/when/age_from",
        "/segments/1/when/0/risk/0",
        "/segments/2/whenn",
    }


@pytest.mark.parametrize("raw", [None, 5, "text", []])
def test_what_is_no_object_is_no_policy(raw: Any) -> None:
    assert list(faults(raw)) == [""]


def test_missing_members_are_required() -> None:
    assert faults({}) == dict.fromkeys(["/name", "/risk", "/segments"], "required")


def test_faults_of_meaning_are_named_too() -> None:
    raw = a_policy(
        risk={"medium_from": 0.7, "high_from": 0.6},
        segments=[
            {"name": "a", "description": "takes all"},
            {"name": "a", "description": "twice", "when": {"age_from": 31, "age_below": 31}},
            {"name": "b", "description": "euro", "when": {"collectable_from": {"EURO": 1}}},
            {"name": "c", "description": "no number", "when": [{"collectable_below": "much"}]},
            {"name": "d", "description": "no cases", "when": []},
            {"name": "e", "description": "last", "when": {"open": True}},
        ],
    )
    assert set(faults(raw)) == {
        "/risk/high_from",
        "/segments/0",
        "/segments/1/name",
        "/segments/1/when/age_below",
        "/segments/2/when/collectable_from/EURO",
        "/segments/3/when/0/collectable_below",
        "/segments/4/when",
        "/segments/5/when",
    }
    assert list(faults(a_policy(segments=[]))) == ["/segments"]


def test_policies_are_values() -> None:
    assert parse(a_policy()) == parse(a_policy())
    assert isinstance(POLICY, Policy)

"""Policies as people write them: conditions, faults by their line, versions, the schema."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

import services.segmentation
from services.segmentation.domain.policies.schema import json_schema
from services.segmentation.domain.policies.vocabulary import VOCABULARY
from services.segmentation.domain.policy import classify, parse, parse_text
from shared.errors import Invalid, Unreadable
from tests.unit.segmentation.builders import some_features
from tests.unit.segmentation.written import a_policy, one_condition, scores

FOLDER = Path(services.segmentation.__file__).parent / "policies"


# ── Conditions ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("when", "features", "holds"),
    [
        ({"tags_any": ["a", "b"]}, {"tags": ("b", "c")}, True),
        ({"tags_all": ["a", "b"]}, {"tags": ("b", "c")}, False),
        ({"tags_all": ["b", "c"]}, {"tags": ("c", "b")}, True),
        ({"tags_none": ["a"]}, {"tags": ("b",)}, True),
        ({"tags_none": ["b"]}, {"tags": ("b",)}, False),
        ({"kind": ["business"]}, {"kind": "business"}, True),
        ({"country": ["DE", "AT"]}, {"country": "AT"}, True),
        ({"country": ["DE"]}, {"country": None}, False),
        ({"currency": ["JPY"]}, {"currency": "EUR"}, False),
        ({"recent_delay_days_from": 0}, {"recent_delay_days": None}, False),
        ({"recent_delay_days_below": 99}, {"recent_delay_days": None}, False),
        ({"collectable_from": {"USD": 1}}, {"collectable_minor": 900, "currency": "EUR"}, False),
        ({"collectable_from": "8.99"}, {"collectable_minor": 899}, True),
        ({"collectable_from": "9.00"}, {"collectable_minor": 899}, False),
        ({"indices_from": {"stress": 5}}, {"indices": {"stress": 5.5}}, True),
        ({"indices_from": {"stress": 6}}, {"indices": {"stress": 5.5}}, False),
        ({"indices_below": {"stress": 6}}, {"indices": {}}, False),
        ({"disputed": True}, {"disputed_minor": 1}, True),
        ({"insurance_pending": False}, {"insurance_minor": 0}, True),
        ({"days_past_due_from": 40}, {"days_past_due": 41}, True),
    ],
)
def test_a_condition(when: dict[str, Any], features: dict[str, Any], holds: bool) -> None:
    found = classify(one_condition(when), some_features(**features), scores())
    assert found == ("in" if holds else "out")


def test_every_number_of_the_features_and_scores_can_be_asked_for() -> None:
    for name in ("age", "tenure_days", "settled", "late_percent", "pays_within", "lifetime"):
        assert f"{name}_from" in VOCABULARY
        assert f"{name}_below" in VOCABULARY


# ── Faults ──────────────────────────────────────────────────────────────────────────────────────

FAULTY = """\
name: mine
risk: {medium_from: 0.3, high_from: 0.6}
hysterese: {percent: 3}
segments:
  - name: late
    description: past due
    when:
      age_from: 31
      tenure_day_from: 10
      risk: [hihg]
  - name: old
    description: older
    when: [{age_from: 91, age_below: 91}, {late_percent_from: 120}]
  - name: late
    description: again
    when: {collectable_from: {EURO: 1}}
  - name: rest
    description: others
    stay_days: 3
"""


def faults(text: str) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        parse_text(text)
    return {error.pointer: error.detail for error in caught.value.errors}


def test_every_fault_is_named_by_line_segment_field_and_reason() -> None:
    found = faults(FAULTY)
    assert list(found) == [
        "/hysterese",
        "/segments/0/when/tenure_day_from",
        "/segments/0/when/risk/0",
        "/segments/1/when/0/age_below",
        "/segments/1/when/1/late_percent_from",
        "/segments/2/name",
        "/segments/2/when/collectable_from/EURO",
        "/segments/3/stay_days",
    ]
    assert found["/hysterese"].startswith("line 3: unknown field; did you mean 'hysteresis'?")
    assert found["/segments/0/when/tenure_day_from"] == (
        "line 9: segment 'late': there is no condition 'tenure_day_from'; "
        "did you mean 'tenure_days_from'?"
    )
    assert "did you mean 'high'?" in found["/segments/0/when/risk/0"]
    assert found["/segments/1/when/1/late_percent_from"] == (
        "line 13: segment 'old': must lie between 0 and 101"
    )
    assert found["/segments/2/name"].startswith("line 14: segment 'late': there is another one")


def test_a_name_that_stands_twice_in_one_object_is_a_fault() -> None:
    text = FAULTY.replace("hysterese: {percent: 3}", "name: other")
    assert faults(text)["/name"] == "line 3: stands twice, first on line 1"


@pytest.mark.parametrize(
    ("segment", "pointer"),
    [
        ({"when": {"open": "yes"}}, "/segments/0/when/open"),
        ({"when": {"tags_any": "vip"}}, "/segments/0/when/tags_any"),
        ({"when": {"tags_any": []}}, "/segments/0/when/tags_any"),
        ({"when": {"tags_any": [True]}}, "/segments/0/when/tags_any/0"),
        ({"when": {"kind": ["person"]}}, "/segments/0/when/kind/0"),
        ({"when": {"currency": ["EURO"]}}, "/segments/0/when/currency/0"),
        ({"when": {"age_from": True}}, "/segments/0/when/age_from"),
        ({"when": {"age_from": float("nan")}}, "/segments/0/when/age_from"),
        ({"when": {"pays_within_from": 1.1}}, "/segments/0/when/pays_within_from"),
        ({"when": {"collectable_from": -1}}, "/segments/0/when/collectable_from"),
        ({"when": {"collectable_from": {}}}, "/segments/0/when/collectable_from"),
        ({"when": {"collectable_from": {"EUR": [1]}}}, "/segments/0/when/collectable_from/EUR"),
        ({"when": {"indices_from": 3}}, "/segments/0/when/indices_from"),
        ({"when": {"indices_from": {"x": "y"}}}, "/segments/0/when/indices_from/x"),
        ({"when": "open"}, "/segments/0/when"),
        ({"when": ["open"]}, "/segments/0/when/0"),
        ({"when": {}}, "/segments/0"),
        ({"when": {"open": True}, "stay_days": -1}, "/segments/0/stay_days"),
        ({"when": {"open": True}, "keep_when": {"opn": True}}, "/segments/0/keep_when/opn"),
        ({"when": {"open": True}, "description": ""}, "/segments/0/description"),
    ],
)
def test_a_bad_condition_is_named(segment: dict[str, Any], pointer: str) -> None:
    first = {"name": "in", "description": "x", **segment}
    raw = a_policy(segments=[first, {"name": "out", "description": "others"}])
    with pytest.raises(Invalid) as caught:
        parse(raw)
    assert [error.pointer for error in caught.value.errors] == [pointer]


@pytest.mark.parametrize(
    ("member", "value", "pointer"),
    [
        ("hysteresis", {"probability": 0.6}, "/hysteresis/probability"),
        ("hysteresis", {"prob": 0.1}, "/hysteresis/prob"),
        ("warnings", {"escalating_delay": {"trend_days_from": 0}},
         "/warnings/escalating_delay/trend_days_from"),
        ("warnings", {"exposure_over_limit": {"rearmed_at_percent": 101}},
         "/warnings/exposure_over_limit/rearmed_at_percent"),
        ("priority", {"uplift": 2}, "/priority/uplift"),
        ("segments", {}, "/segments"),
        ("segments", [1], "/segments/0"),
    ],
)  # fmt: skip
def test_a_bad_member_is_named(member: str, value: Any, pointer: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse(a_policy(**{member: value}))
    assert pointer in [error.pointer for error in caught.value.errors]


@pytest.mark.parametrize("text", ["a: &x 1\nb: *x", "name: [", "a: 2026-02-31", "[" * 5000])
def test_what_is_no_yaml_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_text(text)


def test_a_policy_of_endless_faults_is_refused_quickly_and_with_the_first_of_them() -> None:
    unknown = {f"condition_{number}": 1 for number in range(80)}
    many = [{"name": f"s{n}", "description": "x", "when": unknown} for n in range(150)]
    rest = {"name": "rest", "description": "others"}
    with pytest.raises(Invalid) as caught:
        parse(a_policy(segments=[*many, rest]))
    assert len(caught.value.errors) == 100
    for too_much in (
        [{"name": "a", "description": "x", "when": {str(n): 1 for n in range(9_000)}}, rest],
        [{"name": "a", "description": "x", "when": [{"open": True}] * 51}, rest],
        [rest] * 201,
    ):
        with pytest.raises(Invalid) as caught:
            parse(a_policy(segments=too_much))
        assert len(caught.value.errors) == 1


# ── Versions and schema ─────────────────────────────────────────────────────────────────────────


def test_the_text_does_not_count_for_the_version_but_the_content_does() -> None:
    text = yaml.safe_dump(a_policy())
    assert parse_text(f"# a comment\n{text}").version == parse(a_policy()).version
    assert parse(a_policy(title="x")).version != parse(a_policy()).version


def test_the_schema_accepts_the_packs_and_refuses_what_is_not_known() -> None:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for path in FOLDER.glob("*.yaml"):
        validator.validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    for when in ({"opn": True}, {"open": 1}, {"risk": ["some"]}, {"late_payment_from": 2}):
        first = {"name": "in", "description": "x", "when": when}
        raw = a_policy(segments=[first, {"name": "out", "description": "others"}])
        assert not validator.is_valid(raw), when

"""Conditions of steps: what is not known fails, whichever way it is asked."""

from dataclasses import fields
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.outreach.dunning.domain.condition_text import STEP_WORDS, read_when
from services.outreach.dunning.domain.conditions import ConditionFacts, holds
from services.outreach.dunning.domain.text_reading import TextReading
from shared.yaml_text import read_document

KNOWN = ConditionFacts(
    kind="consumer",
    country="DE",
    language="de-AT",
    segment="at-risk",
    product="shoes",
    purpose="sale",
    payer="account",
    arms={"E1": "b"},
    tags=frozenset({"vip", "old"}),
    currency="EUR",
    amount=2_000,
    balance=3_000,
    overdue=2_500,
    collectable=2_000,
    days_past_due=9,
    stage=1,
    pays_within=0.6,
    late_payment=0.3,
    priority=70,
    contacts=2,
    promises_broken=1,
    answered=False,
)


def asked(when: Any, facts: ConditionFacts = KNOWN) -> bool:
    reading = TextReading()
    written = read_document(msgspec.json.encode(when).decode(), fraction=Decimal).data
    read = read_when(reading, written, "", STEP_WORDS)
    assert not reading.errors
    return holds(read, facts)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, True),
        ({"kind": ["consumer"], "country": ["DE", "AT"]}, True),
        ({"kind": ["business"]}, False),
        ({"language": ["de"]}, True),
        ({"language": ["DE-at"]}, True),
        ({"language": ["en"]}, False),
        ({"arm": {"E1": ["a", "b"]}}, True),
        ({"arm": {"E1": ["a"]}}, False),
        ({"arm": {"E2": ["b"]}}, False),
        ({"tags_any": ["vip", "new"]}, True),
        ({"tags_all": ["vip", "new"]}, False),
        ({"tags_none": ["new"]}, True),
        ({"tags_none": ["vip"]}, False),
        ({"amount_from": 20}, True),
        ({"amount_from": 20.01}, False),
        ({"amount_below": 20}, False),
        ({"amount_from": {"default": 900, "EUR": 20}}, True),
        ({"amount_from": {"JPY": 1}}, False),  # of euros nothing is written
        ({"pays_within_from": 0.6}, True),
        ({"pays_within_below": 0.6}, False),
        ({"stage_from": 1, "stage_below": 31}, True),
        ({"answered": False}, True),
        ({"answered": True}, False),
        ([{"kind": ["business"]}, {"overdue_from": 25}], True),
        ([{"kind": ["business"]}, {"overdue_from": 26}], False),
    ],
)
def test_conditions(when: Any, expected: bool) -> None:
    assert asked(when) is expected


def test_amounts_have_the_decimals_of_their_currency() -> None:
    yen = ConditionFacts(currency="JPY", amount=3_000)
    when = {"amount_from": {"default": 20, "JPY": 3000}}
    assert asked(when, yen)
    assert not asked({"amount_from": {"JPY": 3001}}, yen)


CONDITIONS = {
    "kind": ["consumer"], "country": ["DE"], "language": ["de"], "segment": ["at-risk"],
    "product": ["shoes"], "purpose": ["sale"], "payer": ["account"], "arm": {"E1": ["b"]},
    "tags_any": ["vip"], "tags_all": ["vip"], "tags_none": ["new"], "amount_from": 1,
    "amount_below": 900, "balance_from": 1, "overdue_from": 1, "collectable_below": 900,
    "days_past_due_from": 1, "stage_below": 31, "pays_within_below": 0.9, "late_payment_from": 0.1,
    "priority_from": 1, "contacts_below": 9, "promises_broken_from": 1, "answered": False,
}  # fmt: skip


@given(st.sampled_from(sorted(CONDITIONS)))
def test_what_is_not_known_fails_its_condition(word: str) -> None:
    when = {word: CONDITIONS[word]}
    assert asked(when)
    assert not asked(when, ConditionFacts())


@given(st.sets(st.sampled_from(sorted(CONDITIONS)), min_size=1))
def test_all_of_a_case_must_hold(words: set[str]) -> None:
    when = {word: CONDITIONS[word] for word in words}
    assert asked(when)
    assert not asked({**when, "kind": ["business"]})


def test_every_fact_has_a_word() -> None:
    named = {word.removesuffix("_from").removesuffix("_below") for word in STEP_WORDS}
    named = {"arms" if name == "arm" else name.partition("_any")[0] for name in named}
    facts = {field.name for field in fields(ConditionFacts)} - {"currency", "party"}
    assert facts <= named | {"tags"}

"""Conditions in three-valued logic: what is not known is neither true nor false."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from services.outreach.compliance.conditions.condition import MAYBE, NO, YES, Condition
from services.outreach.compliance.conditions.language import compile_condition
from services.outreach.compliance.facts.vocabulary import FACTS
from shared.errors import FieldError

AT = datetime(2026, 11, 24, 18, tzinfo=UTC)
TODAY = AT.date()


class Plain:
    """Facts as a table; days are counted in two places, one of which is a day ahead."""

    def __init__(self, facts: dict[str, Any], *, ahead: int = 0) -> None:
        self.facts = facts
        self.ahead = ahead

    def value(self, name: str, _debt: int, _at: datetime) -> Any:
        return self.facts.get(name, UNSET)

    def days_since(self, value: date | datetime, at: datetime) -> tuple[int, int]:
        day = value.date() if isinstance(value, datetime) else value
        days = (at.date() - day).days
        return days, days + self.ahead


def condition(raw: Any) -> Condition:
    errors: list[FieldError] = []
    found = compile_condition(raw, "/when", errors)
    assert not errors, errors
    return found


def truth(raw: Any, *, ahead: int = 0, **facts: Any) -> int:
    named = {name.replace("__", "."): value for name, value in facts.items()}
    return condition(raw).test(Plain(named, ahead=ahead), 0, AT)


@pytest.mark.parametrize(
    ("test", "value", "expected"),
    [
        ({"debtor.deceased": True}, True, YES),
        ({"debtor.deceased": True}, False, NO),
        ({"debtor.deceased": True}, None, NO),
        ({"debtor.deceased": True}, UNSET, MAYBE),
        ({"debtor.deceased": False}, None, YES),
        ({"debtor.deceased": {"given": True}}, None, NO),
        ({"debt.product": "medical"}, "medical", YES),
        ({"debt.product": ["medical", "card"]}, "card", YES),
        ({"debt.product": "medical"}, "card", NO),
        ({"debt.product": "medical"}, None, NO),
        ({"debt.product": "medical"}, UNSET, MAYBE),
        ({"debt.product": {"not_in": ["medical"]}}, "card", YES),
        ({"debt.product": {"not_in": ["medical"]}}, "medical", NO),
        ({"debt.product": {"not_in": ["medical"]}}, None, YES),
        ({"debt.days_past_due": 30}, 30, YES),
        ({"debt.days_past_due": 30}, 31, NO),
        ({"debt.days_past_due": {"from": 30}}, 29, NO),
        ({"debt.days_past_due": {"from": 30}}, 30, YES),
        ({"debt.days_past_due": {"above": 30}}, 30, NO),
        ({"debt.days_past_due": {"above": 30}}, 31, YES),
        ({"debt.days_past_due": {"to": 30}}, 30, YES),
        ({"debt.days_past_due": {"to": 30}}, 31, NO),
        ({"debt.days_past_due": {"below": 30}}, 29, YES),
        ({"debt.days_past_due": {"below": 30}}, 30, NO),
        ({"debt.days_past_due": {"from": 30, "below": 60}}, 59, YES),
        ({"debt.days_past_due": {"from": 30, "below": 60}}, 60, NO),
        ({"debt.days_past_due": {"from": 30}}, UNSET, MAYBE),
        ({"debt.entered_on": {"from": date(2025, 7, 1)}}, date(2025, 7, 1), YES),
        ({"debt.entered_on": {"from": date(2025, 7, 1)}}, date(2025, 6, 30), NO),
        ({"debt.entered_on": {"before": date(2025, 7, 1)}}, date(2025, 6, 30), YES),
        ({"debt.entered_on": {"before": date(2025, 7, 1)}}, date(2025, 7, 1), NO),
        ({"debt.entered_on": {"from": date(2025, 7, 1)}}, None, NO),
        ({"debt.entered_on": {"within_days": 5}}, date(2026, 11, 19), YES),
        ({"debt.entered_on": {"within_days": 5}}, date(2026, 11, 18), NO),
        ({"debt.entered_on": {"older_than_days": 5}}, date(2026, 11, 19), NO),
        ({"debt.entered_on": {"older_than_days": 5}}, date(2026, 11, 18), YES),
        ({"debt.entered_on": {"older_than_days": 5}}, None, NO),
        ({"debt.entered_on": {"within_days": 5}}, UNSET, MAYBE),
        ({"debt.entered_on": {"within_days": 5}}, date(2026, 11, 25), NO),
        ({"debt.entered_on": {"given": True}}, TODAY, YES),
        ({"debt.entered_on": {"given": True}}, date(2026, 11, 25), NO),
        ({"debt.entered_on": {"given": False}}, date(2026, 11, 25), YES),
        ({"debtor.cease_requested_at": {"given": True}}, AT, YES),
        ({"debtor.cease_requested_at": {"given": True}}, AT.replace(second=1), NO),
        ({"debtor.cease_requested_at": {"given": True}}, None, NO),
        ({"debtor.cease_requested_at": {"given": False}}, None, YES),
        ({"debtor.cease_requested_at": {"given": True}}, UNSET, MAYBE),
    ],
)
def test_one_fact(test: dict[str, Any], value: Any, expected: int) -> None:
    (name,) = test
    assert condition(test).test(Plain({name: value}), 0, AT) == expected


def test_a_day_that_has_begun_in_one_place_only_is_open() -> None:
    day = {"debt.entered_on": {"within_days": 5}}
    assert truth(day, ahead=1, debt__entered_on=date(2026, 11, 19)) == MAYBE
    assert truth(day, ahead=1, debt__entered_on=date(2026, 11, 20)) == YES
    assert truth(day, ahead=1, debt__entered_on=date(2026, 11, 18)) == NO
    given_ = {"debt.entered_on": {"given": True}}
    assert truth(given_, ahead=1, debt__entered_on=date(2026, 11, 25)) == MAYBE


_A, _B = "debtor.deceased", "debtor.vulnerable"
_VALUES = {True: YES, False: NO, UNSET: MAYBE}


@pytest.mark.parametrize("one", [True, False, UNSET])
@pytest.mark.parametrize("two", [True, False, UNSET])
def test_conditions_combine_as_kleene_has_it(one: Any, two: Any) -> None:
    a, b = _VALUES[one], _VALUES[two]
    order = {NO: 0, MAYBE: 1, YES: 2}
    least, most = min(a, b, key=order.__getitem__), max(a, b, key=order.__getitem__)
    facts = Plain({_A: one, _B: two})
    assert condition({_A: True, _B: True}).test(facts, 0, AT) == least
    assert condition({"all": [{_A: True}, {_B: True}]}).test(facts, 0, AT) == least
    assert condition({"any": [{_A: True}, {_B: True}]}).test(facts, 0, AT) == most
    opposite = {YES: NO, NO: YES, MAYBE: MAYBE}
    assert condition({"not": {_A: True}}).test(facts, 0, AT) == opposite[a]
    assert condition({"surely": {_A: True}}).test(facts, 0, AT) == (YES if a == YES else NO)


_LEAVES = st.sampled_from([{name: flag} for name in (_A, _B, "debt.disputed") for flag in (1, 0)])


def _trees() -> st.SearchStrategy[Any]:
    leaves = _LEAVES.map(lambda leaf: {name: bool(flag) for name, flag in leaf.items()})
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
            inner.map(lambda part: {"not": part}),
        ),
        max_leaves=6,
    )


@given(
    _trees(),
    st.fixed_dictionaries({name: st.booleans() for name in (_A, _B, "debt.disputed")}),
    st.sampled_from([_A, _B, "debt.disputed"]),
)
def test_what_is_forgotten_never_turns_a_truth_round(
    raw: Any, facts: dict[str, bool], forgotten: str
) -> None:
    found = condition(raw)
    known = found.test(Plain(facts), 0, AT)
    less = Plain({name: value for name, value in facts.items() if name != forgotten})
    assert found.test(less, 0, AT) in {known, MAYBE}
    if found.test(less, 0, AT) == MAYBE:
        assert [fact.name for fact in found.unknowns(less, 0, AT)] == [forgotten]


def test_only_what_would_settle_it_is_asked_for() -> None:
    raw = {_A: True, "any": [{_B: True}, {"debt.disputed": True}], "surely": {_B: True}}
    facts = Plain({_A: True, "debt.disputed": False, _B: UNSET})
    assert condition(raw).unknowns(facts, 0, AT) == []  # false for sure: nobody need ask
    raw.pop("surely")
    assert [fact.name for fact in condition(raw).unknowns(facts, 0, AT)] == [_B]


@pytest.mark.parametrize(
    ("raw", "pointer", "reason"),
    [
        ({}, "/when", "must be conditions"),
        ([], "/when", "must be conditions"),
        ({"debt.colour": "red"}, "/when/debt.colour", "there is no fact 'debt.colour'"),
        ({"disputed": True}, "/when/disputed", "do you mean debt.disputed"),
        ({"debtor.deceased": "yes"}, "/when/debtor.deceased", "is a flag: true or false"),
        ({"debtor.deceased": {"from": 3}}, "/when/debtor.deceased", "does not fit a flag"),
        ({"contact.mode": "shouted"}, "/when/contact.mode", "can't be 'shouted'; it is one of"),
        ({"contact.mode": []}, "/when/contact.mode", "is a word: a text or a list of texts"),
        ({"contact.mode": {"not_in": ["x"]}}, "/when/contact.mode", "can't be 'x'"),
        ({"debt.days_past_due": "30"}, "/when/debt.days_past_due", "is a number"),
        ({"debt.days_past_due": True}, "/when/debt.days_past_due", "is a number"),
        ({"debt.days_past_due": {"from": "x"}}, "/when/debt.days_past_due", "a whole number"),
        ({"debt.days_past_due": {}}, "/when/debt.days_past_due", "needs a test"),
        ({"debt.entered_on": True}, "/when/debt.entered_on", "is a day: test it with"),
        ({"debt.entered_on": {"from": 3}}, "/when/debt.entered_on", "must be a day"),
        ({"debt.entered_on": {"given": "x"}}, "/when/debt.entered_on", "is true or false"),
        ({"all": []}, "/when/all", "must be a list of conditions"),
        ({"any": [{"no.fact": 1}]}, "/when/any/0/no.fact", "there is no fact"),
        ({"not": {"no.fact": 1}}, "/when/not/no.fact", "there is no fact"),
    ],
)
def test_a_bad_condition_is_named_by_place_and_reason(raw: Any, pointer: str, reason: str) -> None:
    errors: list[FieldError] = []
    compile_condition(raw, "/when", errors)
    assert [error.pointer for error in errors] == [pointer]
    assert reason in errors[0].detail


def test_conditions_read_as_words() -> None:
    raw = {"any": [{_A: True}, {"debt.product": ["card", "auto"]}], "not": {_B: True}}
    assert condition(raw).text == (
        "(debtor.deceased is so or debt.product is auto or card) and not (debtor.vulnerable is so)"
    )


def test_it_is_known_which_conditions_the_clock_can_turn() -> None:
    assert not condition({_A: True}).timed
    assert condition({"debt.entered_on": {"within_days": 3}}).timed
    assert condition({"not": {"debt.entered_on": {"older_than_days": 3}}}).timed
    assert condition({"consent.sms": True}).timed
    assert condition({"debtor.cease_requested_at": {"given": True}}).dated
    assert condition({"any": [{_A: True}, {"debt.attorney": True}]}).dated


def test_every_fact_has_a_name_a_type_and_a_field() -> None:
    assert len(FACTS) > 90
    for name, fact in FACTS.items():
        assert name == fact.name
        assert fact.field
        assert fact.per_debt == name.startswith("debt.")

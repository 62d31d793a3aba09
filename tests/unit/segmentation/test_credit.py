"""Credit advice follows from the record, is careful with what is not known, and says why."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.segmentation.domain.account import Account
from services.segmentation.domain.credit import (
    GRADES,
    Advice,
    CreditRecord,
    Prospect,
    References,
    advise_account,
    advise_prospect,
    record_of,
)
from tests.unit.segmentation.builders import some_features


def a_record(late: float = 0.05, **changes: Any) -> CreditRecord:
    features: dict[str, Any] = {"settled": 12, "settled_late": 1, "tenure_days": 720}
    own = {name: changes.pop(name) for name in CreditRecord.__struct_fields__ if name in changes}
    record = CreditRecord(
        features=some_features(**{**features, **changes}),
        late_payment=late,
        monthly_minor=100_000,
        monthly_invoices=1.0,
        now_limit_minor=None,
        now_terms_days=None,
    )
    return replace(record, **own)


def a_prospect(**changes: Any) -> Prospect:
    fields = {"kind": "business", "currency": "EUR", "monthly_minor": 100_000}
    return Prospect(**{**fields, **changes})


def about(advice: Advice, what: str) -> list[str]:
    return [reason.detail for reason in advice.reasons if reason.about == what]


@pytest.mark.parametrize(
    ("late", "grade", "limit", "terms"),
    [
        (0.0, "A", 300_000, 30),
        (0.1199, "A", 300_000, 30),
        (0.12, "B", 200_000, 14),
        (0.30, "C", 100_000, 14),
        (0.50, "D", 50_000, 7),
        (0.70, "E", 0, 0),
    ],
)
def test_the_grade_follows_the_chance_of_paying_late(
    late: float, grade: str, limit: int, terms: int
) -> None:
    advice = advise_account(a_record(late))
    assert (advice.grade, advice.limit_minor, advice.terms_days) == (grade, limit, terms)


@pytest.mark.parametrize(
    ("changes", "grade"),
    [
        ({"settled": 2, "settled_late": 0}, "C"),
        ({"age_days": 1}, "A"),
        ({"age_days": 31}, "B"),
        ({"age_days": 91}, "C"),
        ({"bounced_payments": 1}, "B"),
        ({"failed_payments": 1}, "A"),
        ({"failed_payments": 2}, "B"),
        ({"delay_trend_days": 14.0}, "B"),
        ({"age_days": 91, "bounced_payments": 1, "failed_payments": 2}, "E"),
    ],
)
def test_trouble_lowers_the_grade_and_is_named(changes: dict[str, Any], grade: str) -> None:
    advice = advise_account(a_record(**changes))
    assert advice.grade == grade
    lowered = [words for words in about(advice, "grade") if words.endswith("one grade lower")]
    if changes.get("settled") != 2:
        assert len(lowered) == GRADES.index(advice.grade)


def test_a_limit_is_raised_at_most_twofold_and_not_in_trouble() -> None:
    assert advise_account(a_record(now_limit_minor=100_000)).limit_minor == 200_000
    assert advise_account(a_record(now_limit_minor=200_000)).limit_minor == 300_000
    troubled = advise_account(a_record(now_limit_minor=100_000, age_days=31))
    assert troubled.limit_minor == 100_000
    disputing = advise_account(a_record(now_limit_minor=100_000, open_disputes=1))
    assert disputing.limit_minor == 100_000


def test_a_deep_cut_and_a_vulnerable_customer_need_a_person() -> None:
    assert advise_account(a_record(0.9, now_limit_minor=500_000)).needs_person
    assert not advise_account(a_record(now_limit_minor=500_000)).needs_person
    cared = advise_account(a_record(tags=("hardship",), now_limit_minor=100_000))
    assert cared.needs_person
    assert cared.limit_minor == 100_000
    assert about(cared, "care") == ["marked hardship: a person decides"]


def test_good_terms_that_were_agreed_are_kept() -> None:
    assert advise_account(a_record(now_terms_days=60)).terms_days == 60
    assert advise_account(a_record(0.6, now_terms_days=60)).terms_days == 7


@pytest.mark.parametrize(
    ("late", "monthly_minor", "invoices", "cadence"),
    [
        (0.05, 100_000, 8.0, "monthly"),
        (0.05, 10_000, 0.3, "quarterly"),
        (0.05, 40_000, 0.3, "monthly"),  # 1,200.00 in a quarter
        (0.2, 10_000, 0.3, "monthly"),
        (0.6, 10_000, 8.0, "on_receipt"),
    ],
)
def test_the_cadence(late: float, monthly_minor: int, invoices: float, cadence: str) -> None:
    record = a_record(late, monthly_minor=monthly_minor, monthly_invoices=invoices)
    assert advise_account(record).cadence == cadence


@pytest.mark.parametrize(
    ("changes", "grade"),
    [
        ({}, "C"),
        ({"references": References(paid_in_time=3)}, "C"),
        ({"references": References(paid_in_time=10)}, "B"),
        ({"references": References(paid_in_time=2, paid_late=3)}, "D"),
        ({"years_known": 8.0}, "B"),
        ({"years_known": 0.5}, "D"),
        ({"years_known": 8.0, "references": References(paid_in_time=20)}, "A"),
        ({"years_known": 0.5, "references": References(paid_late=9)}, "E"),
    ],
)
def test_a_prospect_is_graded_by_what_it_can_show(changes: dict[str, Any], grade: str) -> None:
    assert advise_prospect(a_prospect(**changes)).grade == grade


def test_a_deposit_is_lent_against_and_no_more_than_asked_is_given() -> None:
    assert advise_prospect(a_prospect()).limit_minor == 100_000
    assert advise_prospect(a_prospect(deposit_minor=25_000)).limit_minor == 125_000
    modest = advise_prospect(a_prospect(asked_limit_minor=30_000, asked_terms_days=7))
    assert (modest.limit_minor, modest.terms_days) == (30_000, 7)
    assert not modest.needs_person
    assert advise_prospect(a_prospect(asked_limit_minor=900_000)).needs_person


@given(st.integers(1, 10**9), CHANCE := st.floats(0, 1), CHANCE)
def test_a_worse_chance_never_gives_more(monthly: int, one: float, other: float) -> None:
    low, high = sorted((one, other))
    better = advise_account(a_record(low, monthly_minor=monthly))
    worse = advise_account(a_record(high, monthly_minor=monthly))
    assert better.limit_minor >= worse.limit_minor
    assert better.terms_days >= worse.terms_days


@pytest.mark.parametrize(
    "advice",
    [
        advise_account(a_record(0.9, now_limit_minor=500_000)),
        advise_account(a_record(now_limit_minor=500_000)),
        advise_account(a_record(tags=("vulnerable",))),
        advise_prospect(a_prospect(asked_limit_minor=900_000)),
        advise_prospect(a_prospect()),
        advise_prospect(a_prospect(references=References(paid_late=50))),
    ],
)
def test_where_a_person_is_needed_it_is_said_why(advice: Advice) -> None:
    assert bool(about(advice, "care")) is advice.needs_person


def test_every_advice_says_why_it_gives_limit_terms_and_cadence() -> None:
    for advice in (advise_account(a_record()), advise_prospect(a_prospect())):
        for what in ("grade", "limit", "terms", "cadence"):
            assert about(advice, what)


def test_the_record_of_an_account_is_by_the_month() -> None:
    account = Account(issued={"EUR": (24, 720_000), "USD": (1, 5)})
    record = record_of(account, some_features(tenure_days=360), 0.2)
    assert (record.monthly_minor, record.monthly_invoices) == (60_000, 2.0)
    young = record_of(account, some_features(tenure_days=3), 0.2)
    assert young.monthly_minor == 720_000

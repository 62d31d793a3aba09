"""Which rule of a policy is taken, at every boundary; what it answers; what holds on a day."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.policies import read_policy
from services.ledger.domain.policies.amounts import AmountByCurrency
from services.ledger.domain.policies.conditions import Situation, When
from services.ledger.domain.policies.kind import BUILT_INS
from services.ledger.domain.policies.members import choose
from services.ledger.domain.policies.plans import equal_amounts
from services.ledger.domain.requests import (
    Asked,
    DisputeAsked,
    Noun,
    PlanAsked,
    PolicyRequest,
    PromiseAsked,
    SettlementAsked,
    answer,
)
from services.ledger.domain.rules import Dated, dated
from shared.documents import Activation, History

AT = datetime(2027, 1, 12, 10, tzinfo=UTC)
FIVE = AmountByCurrency({"EUR": 500, "JPY": 5}, Decimal(7))
ONLY_EUR = AmountByCurrency({"EUR": 500})
A_DEBT = Situation(
    currency="EUR",
    amount_minor=500,
    age_days=31,
    segment="hardship",
    kind="consumer",
    country="DE",
    purpose="consumer",
    tags=("vip", "staff"),
)
UNKNOWN = Situation(currency="EUR")


def debt(**changes: Any) -> Situation:
    known = {name: getattr(A_DEBT, name) for name in A_DEBT.__struct_fields__}
    return Situation(**(known | changes))


@pytest.mark.parametrize(
    ("when", "situation", "fits"),
    [
        (When(amount_from=FIVE), debt(amount_minor=499), False),
        (When(amount_from=FIVE), debt(amount_minor=500), True),
        (When(amount_below=FIVE), debt(amount_minor=499), True),
        (When(amount_below=FIVE), debt(amount_minor=500), False),
        (When(amount_from=FIVE), debt(currency="JPY", amount_minor=5), True),
        (When(amount_from=FIVE), debt(currency="USD", amount_minor=699), False),
        (When(amount_from=FIVE), debt(currency="USD", amount_minor=700), True),
        (When(amount_from=FIVE), debt(currency="KWD", amount_minor=7000), True),
        (When(amount_from=FIVE), debt(currency="KWD", amount_minor=6999), False),
        (When(amount_from=ONLY_EUR), debt(currency="USD", amount_minor=10**9), False),
        (When(amount_below=ONLY_EUR), debt(currency="USD", amount_minor=0), False),
        (When(amount_from=ONLY_EUR, amount_below=FIVE), debt(amount_minor=500), False),
        (When(age_from=31), debt(age_days=30), False),
        (When(age_from=31), debt(age_days=31), True),
        (When(age_below=31), debt(age_days=30), True),
        (When(age_below=31), debt(age_days=31), False),
        (When(age_from=0), debt(age_days=-1), False),
        (When(age_from=0, age_below=1), debt(age_days=0), True),
        (When(segment="hardship"), A_DEBT, True),
        (When(segment=("key", "hardship")), A_DEBT, True),
        (When(segment="key"), A_DEBT, False),
        (When(kind="consumer"), A_DEBT, True),
        (When(kind="business"), A_DEBT, False),
        (When(country=("AT", "DE")), A_DEBT, True),
        (When(country="AT"), A_DEBT, False),
        (When(purpose="business"), A_DEBT, False),
        (When(tags_any="staff"), A_DEBT, True),
        (When(tags_any=("gone", "vip")), A_DEBT, True),
        (When(tags_any="gone"), A_DEBT, False),
        (When(tags_any="staff"), debt(tags=()), False),
        (When(kind="consumer", country="AT"), A_DEBT, False),  # all must hold
        (When(kind="consumer", country="DE", age_from=31, amount_from=FIVE), A_DEBT, True),
        (When(), UNKNOWN, True),
    ],
)
def test_conditions(when: When, situation: Situation, fits: bool) -> None:
    assert when.fits(situation) is fits


@pytest.mark.parametrize(
    "when",
    [
        When(segment="hardship"),
        When(kind="consumer"),
        When(country="DE"),
        When(purpose="consumer"),
        When(tags_any="vip"),
        When(amount_from=AmountByCurrency(others=Decimal(0))),
        When(amount_below=FIVE),
        When(age_from=-1000),
        When(age_below=1000),
    ],
)
def test_what_is_unknown_does_not_fit(when: When) -> None:
    assert not when.fits(UNKNOWN)


def test_the_first_rule_that_fits_is_taken_and_counted_from_one() -> None:
    policy = read_policy(
        """{name: settlements, version: "1", rules: [
           {when: {age_from: 181}, auto_from_percent: 60},
           {when: {kind: consumer}, auto_from_percent: 70}, {}]}"""
    )
    chosen = [
        (number, rule.auto_from_percent)
        for number, rule in (
            choose(policy.rules, debt(age_days=181)),
            choose(policy.rules, debt(age_days=180)),
            choose(policy.rules, debt(age_days=180, kind="business")),
            choose(policy.rules, UNKNOWN),
        )
    ]
    assert chosen == [(1, 60), (2, 70), (3, 80), (3, 80)]


@pytest.mark.parametrize(
    ("others", "currency", "minor"),
    [
        ("10", "EUR", 1000),
        ("10", "JPY", 10),
        ("10.5", "EUR", 1050),
        ("10.5", "JPY", None),  # finer than the currency: it has none
        ("0.005", "KWD", 5),
        ("0.005", "EUR", None),
    ],
)
def test_the_amount_of_other_currencies(others: str, currency: str, minor: int | None) -> None:
    assert AmountByCurrency(others=Decimal(others)).minor(currency) == minor


def test_amounts_are_exact_however_they_are_written() -> None:
    policy = read_policy(
        "{name: recovery, version: '1',"
        " small_balance: {EUR: 0.1, USD: '2.50', JPY: 3, KWD: 1.005, default: 0.29}}"
    )
    codes = ("EUR", "USD", "JPY", "KWD", "GBP", "ISK")
    assert [policy.small_minor(code) for code in codes] == [10, 250, 3, 1005, 29, 0]


@pytest.mark.parametrize(
    ("rest", "count", "step", "amounts"),
    [
        (10000, 3, 1, (3334, 3334, 3332)),
        (10000, 3, 500, (3500, 3500, 3000)),
        (10000, 1, 1, (10000,)),
        (9000, 3, 1, (3000, 3000, 3000)),
        (3, 3, 1, (1, 1, 1)),
        (4, 3, 1, None),  # 2 and 2, and nothing for the last
        (10, 4, 1, (3, 3, 3, 1)),
        (10000, 3, 5000, None),
        (10001, 3, 5000, (5000, 5000, 1)),
    ],
)
def test_equal_instalments(rest: int, count: int, step: int, amounts: tuple[int, ...]) -> None:
    assert equal_amounts(rest, count, step) == amounts


@given(st.integers(1, 10**7), st.integers(1, 60), st.sampled_from([1, 100, 500]))
def test_equal_instalments_are_all_of_the_rest(rest: int, count: int, step: int) -> None:
    amounts = equal_amounts(rest, count, step)
    if amounts is not None:
        assert (sum(amounts), len(amounts)) == (rest, count)
        assert 0 < amounts[-1] <= amounts[0] or count == 1
        assert not any(each % step for each in amounts[:-1])


# ------------------------------------------------------------------------------------- answers


def ask(asked: Asked, *, situation: Situation = A_DEBT, is_refused: bool = False) -> PolicyRequest:
    nouns: dict[type, Noun] = {
        PromiseAsked: "promise",
        PlanAsked: "plan",
        SettlementAsked: "settlement",
        DisputeAsked: "dispute",
    }
    return PolicyRequest(
        account_id="C1",
        noun=nouns[type(asked)],
        requested_at=AT,
        requested_on=AT.date(),
        answer="accepted",
        amount_minor=1000,
        situation=situation,
        asked=asked,
        is_refused=is_refused,
    )


DEFAULTS = {each.name: each.content for each in BUILT_INS}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "accepted"),
        ({"days": 31}, "refused"),
        ({"open_promises": 2}, "accepted"),
        ({"open_promises": 3}, "refused"),
        ({"renewals": 2}, "accepted"),
        ({"renewals": 3}, "refused"),
        ({"broken": 3}, "accepted"),
        ({"broken": 4}, "refused"),
        ({"broken": 4, "by_supervisor": True}, "accepted"),
        ({"days": 31, "by_supervisor": True}, "refused"),
    ],
)
def test_answers_to_promises(changes: dict[str, Any], expected: str) -> None:
    asked = PromiseAsked(**({"days": 30, "open_promises": 0, "renewals": 0, "broken": 0} | changes))
    assert answer(DEFAULTS["promises"], ask(asked)) == expected
    assert answer(DEFAULTS["promises"], ask(asked, is_refused=True)) == "refused"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "accepted"),
        ({"count": 13}, "supervisor"),
        ({"count": 24}, "supervisor"),
        ({"count": 25}, "refused"),
        ({"days": 400}, "accepted"),
        ({"days": 401}, "supervisor"),
        ({"days": 800}, "supervisor"),
        ({"days": 801}, "refused"),
        ({"reagreements": 1}, "accepted"),
        ({"reagreements": 2}, "supervisor"),
        ({"equal_rest_minor": 11500}, "refused"),  # 959 each, below 10.00
        ({"equal_rest_minor": None, "amounts": (1000, 5000)}, "accepted"),
        ({"equal_rest_minor": None, "amounts": (5000, 999)}, "refused"),
        ({"count": 7, "equal_rest_minor": 10}, "refused"),  # nothing for the last
    ],
)
def test_answers_to_plans(changes: dict[str, Any], expected: str) -> None:
    members = {"count": 12, "days": 300, "reagreements": 0, "equal_rest_minor": 120000} | changes
    assert answer(DEFAULTS["plans"], ask(PlanAsked(**members))) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"amount_minor": 8000}, "accepted"),
        ({"amount_minor": 7999}, "supervisor"),
        ({"amount_minor": 5000}, "supervisor"),
        ({"amount_minor": 4999}, "finance"),
        ({"amount_minor": 3000}, "finance"),
        ({"amount_minor": 2999}, "refused"),
        ({"amount_minor": 8499, "instalments": 2}, "supervisor"),
        ({"amount_minor": 8500, "instalments": 2}, "accepted"),
        ({"amount_minor": 9000, "instalments": 3}, "accepted"),
        ({"instalments": 4}, "refused"),
        ({"days": 31}, "refused"),
        ({"bids": 2}, "accepted"),
        ({"bids": 3}, "refused"),
        ({"bids": 3, "kind": "offer"}, "accepted"),
        ({"base_minor": 3, "amount_minor": 2}, "supervisor"),  # 66.67 %, never rounded
    ],
)
def test_answers_to_settlements(changes: dict[str, Any], expected: str) -> None:
    members: dict[str, Any] = {"kind": "bid", "base_minor": 10000, "amount_minor": 9000}
    asked = SettlementAsked(**(members | {"instalments": 1, "days": 30} | changes))
    assert answer(DEFAULTS["settlements"], ask(asked)) == expected


def test_every_dispute_is_taken() -> None:
    assert answer(DEFAULTS["disputes"], ask(DisputeAsked())) == "accepted"
    assert answer(DEFAULTS["disputes"], ask(DisputeAsked(), is_refused=True)) == "refused"


# ------------------------------------------------------------------------------- in force by day


def test_what_is_in_force_on_a_day() -> None:
    found = Dated("a", (date(2027, 1, 10), date(2027, 2, 1)), ("b", "c"))
    days = (date.min, date(2027, 1, 9), date(2027, 1, 10), date(2027, 1, 31), date(2027, 2, 1))
    assert [found.at(day) for day in days] == ["a", "a", "b", "b", "c"]


def test_of_several_for_one_day_the_one_asked_for_last_holds() -> None:
    def activation(number: int, version: str, day: int, name: str = "recovery") -> Activation:
        return Activation(
            number=number,
            name=name,
            version=version,
            from_version=None,
            from_on=date(2027, 1, day),
            from_at=datetime(2027, 1, day, tzinfo=UTC),
            recorded_at=AT,
            recorded_by="ada",
        )

    history = History(
        {each.name: each for each in BUILT_INS},
        (
            activation(1, "b", 20),
            activation(2, "a", 15),
            activation(3, "c", 20),
            activation(4, "x", 16, "retention"),
        ),
        {("recovery", version): version for version in "abc"} | {("retention", "x"): "x"},
    )
    found = dated(history, "recovery")
    assert (found.from_on, found.later) == ((date(2027, 1, 15), date(2027, 1, 20)), ("a", "c"))
    assert found.first.version == "default"

"""What a contact now is worth: golden values, and which way each figure moves it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.segmentation.domain.policies.document import PriorityRules
from services.segmentation.domain.priority import cost, priority

RULES = PriorityRules(contact_cost=0.5, uplift=0.2, fade_per_contact=0.5, decay_per_month=0.05)
CHANCES = st.integers(0, 10_000).map(lambda points: points / 10_000)
AMOUNTS = st.integers(0, 10**10)


def worth(
    minor: int = 10_000,
    *,
    currency: str | None = "EUR",
    chance: float = 0.5,
    contacts: int = 0,
    rules: PriorityRules = RULES,
    loss: float = 0.0,
) -> int:
    return priority(minor, currency, chance, contacts, rules, expected_loss=loss)


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        ({}, 2_200),  # 100.00 × (0.2 + 0.025) − 0.50 = 22.00
        ({"contacts": 1}, 1_075),
        ({"contacts": 2}, 512),
        ({"chance": 0.0}, 0),
        ({"chance": 1.0}, 450),  # only the month that is not waited
        ({"loss": 0.5}, 1_075),
        ({"minor": 100, "currency": "JPY"}, 2_200),
        ({"minor": 100_000, "currency": "BHD"}, 2_200),
        ({"minor": 10_000, "currency": None}, 2_200),
        ({"minor": 222}, 0),  # brings 0.4995
        ({"minor": 223}, 0),  # brings 0.50175: less than a hundredth above its cost
        ({"minor": 227}, 1),
        ({"minor": 0}, 0),
        ({"minor": -5}, 0),
    ],
)
def test_what_a_contact_is_worth(arguments: dict[str, object], value: int) -> None:
    assert worth(**arguments) == value  # type: ignore[arg-type]


@given(AMOUNTS, AMOUNTS, CHANCES, st.integers(0, 20))
def test_more_money_is_never_worth_less(one: int, other: int, chance: float, n: int) -> None:
    low, high = sorted((one, other))
    assert worth(low, chance=chance, contacts=n) <= worth(high, chance=chance, contacts=n)


@given(AMOUNTS, CHANCES, st.integers(0, 19))
def test_another_contact_is_never_worth_more(minor: int, chance: float, n: int) -> None:
    assert worth(minor, chance=chance, contacts=n) >= worth(minor, chance=chance, contacts=n + 1)


@given(AMOUNTS, CHANCES, st.floats(0, 100), st.floats(0, 100))
def test_a_dearer_contact_is_never_worth_more(
    minor: int, chance: float, one: float, other: float
) -> None:
    cheap, dear = (PriorityRules(contact_cost=c) for c in sorted((one, other)))
    assert worth(minor, chance=chance, rules=cheap) >= worth(minor, chance=chance, rules=dear)


@given(AMOUNTS, CHANCES, st.floats(0, 1), st.floats(0, 1))
def test_a_greater_loss_is_never_worth_more(
    minor: int, chance: float, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert worth(minor, chance=chance, loss=low) >= worth(minor, chance=chance, loss=high)


def test_those_who_could_go_either_way_come_before_the_certain_and_the_hopeless() -> None:
    values = [worth(chance=chance) for chance in (0.02, 0.25, 0.5)]
    assert values == sorted(values)
    values = [worth(chance=chance) for chance in (0.98, 0.8, 0.6)]
    assert values == sorted(values)


def test_the_cost_is_that_of_the_currency() -> None:
    rules = PriorityRules(contact_cost={"default": 0.1, "JPY": 15.0})
    assert (cost(rules, "JPY"), cost(rules, "EUR"), cost(rules, None)) == (15.0, 0.1, 0.1)
    assert cost(PriorityRules(contact_cost={"JPY": 15.0}), "EUR") == 0.0

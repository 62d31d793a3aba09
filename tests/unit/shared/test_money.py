"""Money in and out of text: exact to the last minor unit, in every currency."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import DECIMALS, MAX_MINOR, is_currency, to_minor, to_text


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("0.29", "EUR", 29),  # 28.999999999999996 as floats
        ("4.35", "EUR", 435),
        ("1.1", "EUR", 110),
        ("-1.15", "USD", -115),
        ("12", "JPY", 12),
        ("1.001", "BHD", 1001),
        ("0.0001", "CLF", 1),
        (" 7.50 ", "EUR", 750),
        ("90071992547409.91", "EUR", MAX_MINOR),
    ],
)
def test_a_decimal_text_becomes_minor_units(text: str, currency: str, minor: int) -> None:
    assert to_minor(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1.001", "EUR"),
        ("1.5", "JPY"),
        ("1,50", "EUR"),
        ("1e3", "EUR"),
        ("NaN", "EUR"),
        ("", "EUR"),
        (".5", "EUR"),
        ("1 000", "EUR"),
    ],
)
def test_what_is_no_amount_of_the_currency_is_refused(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimals"):
        to_minor(text, currency)


@given(minor=st.integers(-MAX_MINOR, MAX_MINOR), currency=st.sampled_from(sorted(DECIMALS)))
def test_there_and_back_again(minor: int, currency: str) -> None:
    assert to_minor(to_text(minor, currency), currency) == minor


def test_codes_are_those_in_use() -> None:
    assert is_currency("EUR")
    assert not is_currency("EURO")
    assert not is_currency("eur")

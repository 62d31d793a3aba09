"""Numbers and money as people write them: to the cent, and nothing is guessed."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.csv_events.amounts import (
    PLAIN,
    SIGNS,
    NumberFormat,
    currencies_of,
    currency_of,
    signed,
    to_minor,
    to_whole,
)
from shared.money import DECIMALS, MAX_MINOR, to_text

GERMAN = NumberFormat(",", ".")
FRENCH = NumberFormat(",", " ")
SWISS = NumberFormat(".", "'")
ENGLISH = NumberFormat(".", ",")
INDIAN = NumberFormat(".", ",", "indian")
FORMATS = (PLAIN, GERMAN, FRENCH, SWISS, ENGLISH, INDIAN, NumberFormat(","))


@pytest.mark.parametrize(
    ("text", "currency", "numbers", "minor"),
    [
        ("12.5", "EUR", PLAIN, 1250),
        ("1.234", "EUR", GERMAN, 123_400),
        ("1.234.567,89", "EUR", GERMAN, 123_456_789),
        ("1234567,89", "EUR", GERMAN, 123_456_789),
        ("12,50-", "EUR", GERMAN, -1250),
        ("- 12,50", "EUR", GERMAN, -1250),
        ("\u221212,50", "EUR", GERMAN, -1250),
        ("(1,234.50)", "USD", ENGLISH, -123_450),
        ("($1,234.50)", "USD", ENGLISH, -123_450),
        ("-$5.00", "CAD", PLAIN, -500),
        ("$-5.00", "USD", PLAIN, -500),
        ("+5", "USD", PLAIN, 500),
        (",50", "EUR", GERMAN, 50),
        (".50", "EUR", PLAIN, 50),
        ("1\u202f234,50 €", "EUR", FRENCH, 123_450),
        ("1\u00a0234,50\u00a0EUR", "EUR", FRENCH, 123_450),
        ("1\u2009234,50", "EUR", FRENCH, 123_450),
        ("CHF 1’234.50", "CHF", SWISS, 123_450),
        ("Fr. 1'234.50", "CHF", SWISS, 123_450),
        ("eur 5", "EUR", PLAIN, 500),
        ("1,23,456.78", "INR", INDIAN, 12_345_678),
        ("12,34,56,789", "INR", INDIAN, 12_345_678_900),
        ("999", "INR", INDIAN, 99_900),
        ("¥1,000", "JPY", ENGLISH, 1000),
        ("1000", "JPY", PLAIN, 1000),
        ("1000.00", "JPY", PLAIN, 1000),
        ("1.23", "KWD", PLAIN, 1230),
        ("1.2345", "CLF", PLAIN, 12345),
        ("12.500", "EUR", PLAIN, 1250),
    ],
)
def test_an_amount_is_read(text: str, currency: str, numbers: NumberFormat, minor: int) -> None:
    assert to_minor(text, currency, numbers) == minor


@pytest.mark.parametrize(
    ("text", "currency", "numbers", "reason"),
    [
        ("12.5", "EUR", GERMAN, "not an amount like 1.234,56"),
        ("1.23.456", "EUR", GERMAN, "not an amount"),
        ("1234.567", "EUR", GERMAN, "not an amount"),
        ("1.2345,00", "EUR", GERMAN, "not an amount"),
        (".234,00", "EUR", GERMAN, "not an amount"),
        ("1,234", "EUR", PLAIN, "not an amount"),
        ("1 234", "EUR", PLAIN, "not an amount"),
        ("1,234,567", "INR", INDIAN, "not an amount"),
        ("123,456", "INR", INDIAN, "not an amount"),
        ("5.", "EUR", PLAIN, "not an amount"),
        ("--5", "EUR", PLAIN, "two minus signs"),
        ("-5-", "EUR", PLAIN, "two minus signs"),
        ("(-5)", "EUR", PLAIN, "two minus signs"),
        ("((5))", "EUR", PLAIN, "not an amount"),
        ("(5", "EUR", PLAIN, "not an amount"),
        (")5(", "EUR", PLAIN, "not an amount"),
        ("+-5", "EUR", PLAIN, "not an amount"),
        ("5+", "EUR", PLAIN, "not an amount"),
        ("$5", "EUR", PLAIN, "not in EUR"),
        ("USD 5", "EUR", PLAIN, "not in EUR"),
        ("€ 5 EUR", "EUR", PLAIN, "not an amount"),
        ("5 CR", "EUR", PLAIN, "not an amount"),
        ("1e3", "EUR", PLAIN, "not an amount"),
        ("1_000", "EUR", PLAIN, "not an amount"),
        ("٣", "EUR", PLAIN, "not an amount"),
        ("", "EUR", PLAIN, "not an amount"),
        ("NaN", "EUR", PLAIN, "not an amount"),
        ("Infinity", "EUR", PLAIN, "not an amount"),
        ("9" * 40, "EUR", PLAIN, "too many digits"),
        ("9" * 10_000, "EUR", PLAIN, "too long"),
        ("12.505", "EUR", PLAIN, "more decimals than EUR"),
        ("1000.5", "JPY", PLAIN, "more decimals than JPY"),
        ("1.2345", "KWD", PLAIN, "more decimals than KWD"),
    ],
)
def test_what_is_no_amount_is_refused(
    text: str, currency: str, numbers: NumberFormat, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        to_minor(text, currency, numbers)


def written(minor: int, currency: str, numbers: NumberFormat) -> str:
    """An amount in a format, grouped as it asks; written apart from what reads it."""
    whole, _, fraction = to_text(abs(minor), currency).partition(".")
    groups: list[str] = []
    if numbers.thousands:
        whole, last = whole[:-3], whole[-3:]
        groups.insert(0, last)
        size = 2 if numbers.grouping == "indian" else 3
        while whole:
            whole, last = whole[:-size], whole[-size:]
            groups.insert(0, last)
    else:
        groups = [whole]
    return numbers.thousands.join(groups) + (numbers.decimal + fraction if fraction else "")


MINUS = ("-{}", "{}-", "\u2212{}", "({})", "- {}")
BESIDE = ("{text}", "{text} {code}", "{code} {text}", "{text}\u00a0{lower}", "{text}\u202f{code}")


@given(
    minor=st.integers(-MAX_MINOR, MAX_MINOR),
    currency=st.sampled_from(sorted(DECIMALS)),
    numbers=st.sampled_from(FORMATS),
    minus=st.sampled_from(MINUS),
    beside=st.sampled_from(BESIDE),
)
@example(minor=0, currency="JPY", numbers=INDIAN, minus="({})", beside="{text}")
def test_every_amount_comes_back_to_the_cent(
    minor: int, currency: str, numbers: NumberFormat, minus: str, beside: str
) -> None:
    text = written(minor, currency, numbers)
    text = minus.format(text) if minor < 0 else text
    text = beside.format(text=text, code=currency, lower=currency.lower())
    assert to_minor(text, currency, numbers) == minor


@given(text=st.text(max_size=100), numbers=st.sampled_from(FORMATS))
def test_no_text_is_anything_but_a_number_or_refused(text: str, numbers: NumberFormat) -> None:
    for read in (
        lambda: numbers.read(text),
        lambda: numbers.amount_beside(text),
        lambda: to_minor(text, "EUR", numbers),
        lambda: to_whole(text, numbers),
    ):
        try:
            assert isinstance(read(), int | Decimal)
        except ValueError as error:
            told = str(error)
        else:
            told = ""
        assert len(told) < 300


def test_a_sign_is_kept_flipped_or_dropped() -> None:
    assert [signed(-5, sign) for sign in SIGNS] == [-5, 5, 5]
    with pytest.raises(ValueError, match="more than"):
        signed(2**53, "keep")


def test_symbols_stand_for_currencies_and_one_alone_is_a_code() -> None:
    assert currency_of("€") == currency_of("eur") == currency_of(" EUR ") == "EUR"
    assert currency_of("zł") == "PLN"
    assert "CAD" in currencies_of("$")
    with pytest.raises(ValueError, match="may be"):
        currency_of("$")
    with pytest.raises(ValueError, match="no ISO 4217 code"):
        currency_of("DM")

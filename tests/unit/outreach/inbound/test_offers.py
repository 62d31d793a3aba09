"""Which day and which amount a reply names."""

import string
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.outreach.inbound.domain.amounts import Offer, read_offer
from tests.unit.outreach.inbound.lists import LISTS

MONDAY = date(2027, 3, 8)


def offer(
    text: str,
    *,
    today: date = MONDAY,
    country: str | None = "DE",
    currency: str = "EUR",
    ids: tuple[str, ...] = (),
) -> Offer:
    return read_offer(text, LISTS, today=today, country=country, currency=currency, known_ids=ids)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Je paierai vendredi", "2027-03-12"),
        ("I will pay today", "2027-03-08"),
        ("Ich zahle heute", "2027-03-08"),
        ("aujourd’hui", "2027-03-08"),
        ("hoy", "2027-03-08"),
        ("tomorrow", "2027-03-09"),
        ("Ich zahle morgen früh", "2027-03-09"),
        ("demain", "2027-03-09"),
        ("mañana", "2027-03-09"),
        ("übermorgen", "2027-03-10"),
        ("the day after tomorrow", "2027-03-10"),
        ("après-demain", "2027-03-10"),
        ("pasado mañana", "2027-03-10"),
        ("on Monday", "2027-03-15"),  # the next one after today
        ("Montag", "2027-03-15"),
        ("Dienstag", "2027-03-09"),
        ("el viernes por la mañana", "2027-03-12"),
        ("am Freitag Morgen", "2027-03-12"),
        ("Guten Morgen, ich zahle am Freitag", "2027-03-12"),
        ("am 12.3.", "2027-03-12"),
        ("am 12.3", "2027-03-12"),
        ("am 12.03.", "2027-03-12"),
        ("am 12.03", "2027-03-12"),
        ("12.3.2027", "2027-03-12"),
        ("12.03.27", "2027-03-12"),
        ("12.3. 2027", "2027-03-12"),
        ("12/3", "2027-03-12"),
        ("12/03/2027", "2027-03-12"),
        ("2027-03-12", "2027-03-12"),
        ("8.3.", "2027-03-08"),  # without a year the next, today included
        ("7.3.", "2028-03-07"),
        ("29.2.", "2028-02-29"),
        ("12 March", "2027-03-12"),
        ("March 12th, 2027", "2027-03-12"),
        ("12th of March", "2027-03-12"),
        ("12. März 2027", "2027-03-12"),
        ("le 12 mars", "2027-03-12"),
        ("el 12 de marzo de 2027", "2027-03-12"),
        ("Friday 12 March", "2027-03-12"),
        ("Friday, that is 2027-03-12", "2027-03-12"),
        ("Friday or Saturday", None),
        ("next week", None),
        ("every Friday", None),
        ("31.2.", None),
        ("nothing", None),
        ("99/99", None),
    ],
)
def test_days(text: str, expected: str | None) -> None:
    assert offer(text).day == (date.fromisoformat(expected) if expected else None)


def test_in_the_united_states_the_month_stands_first() -> None:
    assert offer("3/12", country="US", currency="USD").day == date(2027, 3, 12)
    assert offer("3/12").day == date(2027, 12, 3)
    assert offer("3/12/27", country="US", currency="USD").day == date(2027, 3, 12)


@pytest.mark.parametrize(
    ("text", "country", "minor"),
    [
        ("I will pay 50 euros on Friday", "DE", 5000),
        ("I will pay €50 on Friday", "DE", 5000),
        ("Ich zahle 50 am Freitag", "DE", 5000),
        ("I'll pay you 50 on 12.3.", "DE", 5000),
        ("Ich zahle 1.234,56 € am 12.3.", "DE", 123456),
        ("I will pay €1,234.56 on 12/3", "GB", 123456),
        ("Je paierai 1 234,56 € vendredi", "FR", 123456),
        ("Je paierai 1\u202f234,56\u00a0€ vendredi", "FR", 123456),
        ("zahle 1'234.50 EUR", "CH", 123450),
        ("Ich zahle 1.234 EUR", "DE", 123400),
        ("I will pay 1,234 EUR", "GB", 123400),
        ("Ich zahle am Freitag 50,00", "DE", 5000),
        ("I will pay on Friday at 10:30", "DE", None),
        ("I will pay at 5pm on Friday", "DE", None),
        ("Ich zahle Freitag um 10 Uhr", "DE", None),
        ("I will pay on 2027-03-12", "DE", None),
        ("I will pay on March 12", "DE", None),
        ("I will pay the bill N-17 on Friday", "DE", None),
    ],
)
def test_amounts(text: str, country: str, minor: int | None) -> None:
    found = offer(text, country=country, ids=("N-17",))
    assert (found.minor, found.is_unclear) == (minor, False)


@pytest.mark.parametrize(
    "text",
    [
        "I will pay on Friday at 5",  # an hour, or euros
        "I will pay 50 on Friday and 60 later",
        "I will pay $50",  # the account owes euros
        "I will pay half on Friday",
        "I will pay invoice 4711 on Friday",  # none that is known
        "I will pay 1,2,3 EUR",
        "I will pay 50 EUR and 50 USD",
        "I will pay 0 EUR",
        "Ich zahle 1,234 EUR",
        "I will pay 99999999999999999999 EUR",
    ],
)
def test_what_cannot_be_told_is_a_persons(text: str) -> None:
    assert offer(text).is_unclear


def test_the_amount_is_in_the_accounts_currency() -> None:
    assert offer("will pay $50", country="CA", currency="CAD").minor == 5000
    assert offer("will pay 5000 yen", country="JP", currency="JPY").minor == 5000
    assert offer("will pay 1.250 KWD", country="US", currency="KWD").minor == 1250


@settings(max_examples=100)
@given(
    st.text(max_size=200) | st.text(string.digits + " .,/-:'€$ampril", max_size=80),
    st.sampled_from(("DE", "US", None)),
    st.dates(),
)
def test_any_text_is_read_and_nothing_raises(text: str, country: str | None, today: date) -> None:
    found = offer(text, today=today, country=country)
    assert found == offer(text, today=today, country=country)
    assert found.minor is None or found.minor > 0


@settings(max_examples=60)
@given(
    st.dates(date(2027, 3, 8), date(2028, 3, 6)),
    st.sampled_from(("%-d.%-m.", "%d.%m.%Y", "%-d/%-m", "%Y-%m-%d", "%d.%m.%y", "%-d/%-m/%Y")),
)
def test_a_written_day_is_read_again(day: date, form: str) -> None:
    assert offer(f"Ich zahle am {day.strftime(form)}").day == day


@settings(max_examples=60)
@given(
    st.integers(1, 10**9), st.sampled_from((("DE", ".", ","), ("GB", ",", "."), ("FR", " ", ",")))
)
def test_a_written_amount_is_read_again(minor: int, form: tuple[str, str, str]) -> None:
    country, thousands, decimal = form
    whole = f"{minor // 100:,}".replace(",", thousands)
    text = f"I will pay EUR {whole}{decimal}{minor % 100:02d} on {MONDAY + timedelta(days=3)}"
    found = offer(text, country=country)
    assert (found.minor, found.day) == (minor, MONDAY + timedelta(days=3))


def test_a_very_long_text_is_read_in_bounded_steps() -> None:
    for text in ("1." * 500_000, "a" * 1_000_000, "1 " * 500_000, "\ufdfa" * 100_000):
        offer(text)

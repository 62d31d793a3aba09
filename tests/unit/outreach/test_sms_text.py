"""A text as SMS: its alphabet, its parts, its price."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.outreach.channels.domain.costs import (
    cost_minor,
    letter_micros,
    person_micros,
    sms_micros,
    voice_micros,
)
from services.outreach.channels.domain.phone_numbers import caller, e164
from services.outreach.channels.domain.sms_text import PART_MAX, SINGLE_MAX, sms_text
from services.outreach.channels.domain.tenant_settings import (
    Costs,
    LetterCosts,
    PersonCosts,
    VoiceCosts,
)

CARD = Costs(
    sms={"+": 90_000, "+49": 75_000, "+4915": 71_000},
    voice=VoiceCosts(call=5_000, minute=20_000),
    letter=LetterCosts(first=920_000, sheet=40_000),
    person=PersonCosts(minute=500_000),
)
CHARACTERS = st.sampled_from("aZ9 \n@éÇ€{|~\\ç😀中Ωß")


def test_out_g9_texts_are_counted_and_priced() -> None:
    """OUT-G9: an apostrophe is made plain, ç is not in GSM-7; 193 septets are two segments."""
    french = sms_text("Votre paiement n’est pas reçu : merci de nous répondre aujourd’hui.")
    assert (french.alphabet, french.units, french.segments) == ("ucs-2", 67, 1)
    assert "n'est" in french.parts[0]
    long = sms_text("a" * 193)
    assert (long.alphabet, long.segments) == ("gsm-7", 2)
    micros = sms_micros(CARD, "+4915112345678", long.segments)
    assert (micros, cost_minor(micros, CARD.currency)) == (142_000, 14)


@dataclass(frozen=True)
class Edge:
    text: str
    alphabet: str
    segments: tuple[int, ...]  # characters of each part


EDGES = (
    Edge("a" * 160, "gsm-7", (160,)),
    Edge("a" * 161, "gsm-7", (153, 8)),
    Edge("a" * 306, "gsm-7", (153, 153)),
    Edge("a" * 307, "gsm-7", (153, 153, 1)),
    Edge("€" * 80, "gsm-7", (80,)),
    Edge("€" * 81, "gsm-7", (76, 5)),  # 153 is odd: the 77th would be torn
    Edge("中" * 70, "ucs-2", (70,)),
    Edge("中" * 71, "ucs-2", (67, 4)),
    Edge("😀" * 35, "ucs-2", (35,)),
    Edge("😀" * 36, "ucs-2", (33, 3)),
    Edge("", "gsm-7", (0,)),
)


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: f"{edge.text[:1]}{len(edge.text)}")
def test_parts_end_at_the_limits(edge: Edge) -> None:
    sms = sms_text(edge.text)
    assert (sms.alphabet, tuple(map(len, sms.parts))) == (edge.alphabet, edge.segments)


def test_typography_is_made_plain() -> None:
    sms = sms_text("‘a’ “b”„c« »d–e—f•g…h\u00a0i\u202fj\u2009k")
    assert sms.alphabet == "gsm-7"
    assert sms.parts == ("""'a' "b""c" "d-e-f-g...h i j k""",)


@settings(max_examples=80, deadline=None)
@given(st.text(CHARACTERS, max_size=500))
def test_parts_hold_the_whole_text_and_fit(text: str) -> None:
    """No part is longer than it can be, no character is torn, nothing is lost."""
    sms = sms_text(text)
    assert "".join(sms.parts) == text
    most = SINGLE_MAX if sms.segments == 1 else PART_MAX
    for part in sms.parts:
        if sms.alphabet == "ucs-2":
            assert len(part.encode("utf-16-be")) // 2 <= most["ucs-2"]
        else:
            assert sum(2 if c in "^{}\\[]~|€" else 1 for c in part) <= most["gsm-7"]


@pytest.mark.parametrize(
    ("number", "price"),
    [("+4915112345678", 71_000), ("+493012345678", 75_000), ("+33612345678", 90_000)],
)
def test_the_longest_prefix_names_the_price(number: str, price: int) -> None:
    assert sms_micros(CARD, number, 1) == price
    assert sms_micros(CARD, number, 3) == 3 * price


def test_a_number_without_a_price_costs_nothing() -> None:
    assert sms_micros(Costs(sms={"+49": 1}), "+33612345678", 2) == 0


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 0), (1, 1), (60, 1), (61, 2)])
def test_a_minute_begun_is_paid(seconds: int, minutes: int) -> None:
    assert voice_micros(CARD, seconds) == 5_000 + minutes * 20_000
    assert person_micros(CARD, seconds) == minutes * 500_000


@pytest.mark.parametrize(("sheets", "micros"), [(1, 920_000), (2, 960_000), (3, 1_000_000)])
def test_further_sheets_cost_less_than_the_first(sheets: int, micros: int) -> None:
    assert letter_micros(CARD, sheets) == micros


@pytest.mark.parametrize(
    ("micros", "currency", "minor"),
    [
        (5_000, "EUR", 1),
        (4_999, "EUR", 0),
        (142_000, "EUR", 14),
        (145_000, "EUR", 15),
        (500_000, "JPY", 1),
        (499_999, "JPY", 0),
        (1_500, "KWD", 2),
    ],
)
def test_minor_units_are_rounded_half_up(micros: int, currency: str, minor: int) -> None:
    assert cost_minor(micros, currency) == minor


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("+49 151 1234 5678", None, "+4915112345678"),
        ("0151 12345678", "DE", "+4915112345678"),
        ("0151 12345678", None, None),
        ("1-800-FLOWERS", "US", None),
        ("+1", None, None),
        ("9" * 60, "DE", None),
    ],
)
def test_numbers_have_one_form(text: str, country: str | None, number: str | None) -> None:
    assert e164(text, country) == number


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("4915112345678", "+4915112345678"),
        ("+4915112345678", "+4915112345678"),
        ("004915112345678", "+4915112345678"),
        ("555", "555"),
        ("80888", "80888"),
        ("MYBANK", "MYBANK"),
        (" 555 ", "555"),
    ],
)
def test_callers_are_told_apart(text: str, form: str) -> None:
    assert caller(text) == form

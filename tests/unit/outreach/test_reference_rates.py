"""How far reference rates are known."""

from datetime import date

import pytest

from services.outreach.rulebooks.domain.reference_rates import (
    KnownRate,
    RateRow,
    half_year_after,
    own_row,
)

SHIPPED = (RateRow(date(2026, 1, 1), "2.15", date(2027, 1, 1)),)


@pytest.mark.parametrize(
    ("day", "end"),
    [
        (date(2027, 1, 1), date(2027, 7, 1)),
        (date(2026, 12, 31), date(2027, 6, 30)),
        (date(2026, 8, 31), date(2027, 2, 28)),
        (date(2027, 7, 1), date(2028, 1, 1)),
    ],
)
def test_a_row_counts_for_six_months(day: date, end: date) -> None:
    assert half_year_after(day) == end
    assert own_row(day, "2.40", None).until_on == end


def test_a_row_of_the_tenant_stands_in_place_of_the_books_of_its_day() -> None:
    mine = own_row(date(2026, 1, 1), "2.40", date(2026, 7, 1))
    rate = KnownRate("ecb-mro", ("EU-LPD-INT",), SHIPPED, (mine,))
    assert rate.rows == (mine,)
    assert rate.known_until == date(2026, 7, 1)


@pytest.mark.parametrize(
    ("today", "left", "is_short"),
    [
        (date(2026, 11, 2), 60, False),
        (date(2026, 11, 3), 59, True),
        (date(2027, 1, 1), 0, True),
        (date(2027, 1, 2), -1, True),
    ],
)
def test_it_warns_sixty_days_before_the_end(today: date, left: int, is_short: bool) -> None:
    rate = KnownRate("ecb-mro", (), SHIPPED, ())
    assert rate.runs_out_in(today) == left
    assert rate.is_short(today) is is_short


def test_a_rate_without_any_row_is_short() -> None:
    assert KnownRate("ecb-mro", ("X",), (), ()).is_short(date(2026, 1, 1))

"""The golden values of the KPI definitions, and what the formulas do at their edges."""

from datetime import date
from fractions import Fraction

import pytest

from services.metrics.domain.kpis import (
    KPIS,
    average_days_late,
    collection_effectiveness,
    days_of_sales,
    months_of,
    recovery_rate,
)
from services.metrics.domain.windows import Interval, Window, parts


def test_recovering_half_is_fifty_percent() -> None:
    assert recovery_rate(5_000_000, 6_000_000, 4_000_000).value == Fraction(1, 2)


def test_dso_of_a_year() -> None:
    assert days_of_sales(20_000_000, 200_000_000, 365).value == Fraction(365, 10)


def test_days_delinquent_are_dso_less_best_possible_dso() -> None:
    sales, days = 1000, 10
    dso, best = days_of_sales(4500, sales, days).value, days_of_sales(1200, sales, days).value
    assert (dso, best) == (45, 12)
    assert days_of_sales(4500 - 1200, sales, days).value == 33


def test_collection_effectiveness_of_a_quarter() -> None:
    found = collection_effectiveness(6200, 10_890, 6340, 3590, 3)
    assert (found.numerator, found.denominator) == (3490, 6240)
    assert found.value is not None
    assert round(float(found.value), 3) == 0.559


@pytest.mark.parametrize(("days", "months"), [(1, 1), (30, 1), (365, Fraction(36500000, 3043750))])
def test_months_of_a_window_are_at_least_one(days: int, months: Fraction) -> None:
    assert months_of(days) == months


def test_days_late_weigh_by_amount_and_count_what_is_open() -> None:
    assert average_days_late((0, 900), (100 * 30, 100)).value == 3


@pytest.mark.parametrize("denominator", [0])
def test_a_denominator_of_zero_is_null_and_never_zero(denominator: int) -> None:
    assert days_of_sales(100, denominator, 30).value is None
    assert recovery_rate(0, 0, 0).value is None


def test_effectiveness_may_be_negative_where_sales_grow_fast() -> None:
    found = collection_effectiveness(100, 0, 300, 50, 1)
    assert found.value == -4


@pytest.mark.parametrize(
    "name",
    ["dso", "best_possible_dso", "average_days_delinquent", "collection_effectiveness_index"],
)
def test_what_is_divided_by_sales_is_not_split_by_kind(name: str) -> None:
    assert KPIS[name].splits == ("currency", "segment", "country")


def test_every_kpi_says_how_it_is_split() -> None:
    assert all(kpi.splits and kpi.by for kpi in KPIS.values())


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ("day", [("2026-02-27", "2026-02-27"), ("2026-02-28", "2026-02-28")]),
        ("week", [("2026-02-27", "2026-03-01"), ("2026-03-02", "2026-03-08")]),
        ("month", [("2026-02-27", "2026-02-28"), ("2026-03-01", "2026-03-31")]),
    ],
)
def test_a_window_is_cut_at_days_mondays_and_firsts(
    interval: Interval, expected: list[tuple[str, str]]
) -> None:
    found = list(parts(Window(date(2026, 2, 27), date(2026, 12, 31)), interval))
    assert [(str(part.from_on), str(part.to_on)) for part in found[:2]] == expected
    assert found[-1].to_on == date(2026, 12, 31)
    assert sum(part.days for part in found) == 308

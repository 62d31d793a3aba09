"""The golden values of the KPI definitions, and what the formulas do at their edges."""

from datetime import date
from fractions import Fraction

import pytest

from services.metrics.domain.kpis import KPIS
from services.metrics.domain.kpis.receivables import (
    Month,
    average_days_late,
    collection_effectiveness,
    days_of_sales,
)
from services.metrics.domain.kpis.recovery import recovery_rate
from services.metrics.domain.questions import Question
from services.metrics.domain.windows import Interval, Slices, Window, is_whole, parts


def test_recovering_half_is_fifty_percent() -> None:
    assert recovery_rate(5_000_000, 6_000_000, 4_000_000).value == Fraction(1, 2)


def test_dso_of_a_year() -> None:
    assert days_of_sales(20_000_000, 200_000_000, 365).value == Fraction(365, 10)


def test_days_delinquent_are_dso_less_best_possible_dso() -> None:
    sales, days = 1000, 10
    dso, best = days_of_sales(4500, sales, days).value, days_of_sales(1200, sales, days).value
    assert (dso, best) == (45, 12)
    assert days_of_sales(4500 - 1200, sales, days).value == 33


def test_time_is_cut_for_a_currency_without_invoices_too() -> None:
    """It may have credit notes, whose sum stands in the answer."""
    window = Window(date(2026, 2, 15), date(2026, 3, 10))
    begins_on = {"JPY": date(2026, 3, 1)}
    question = Question(KPIS["dso"], window, None, "week", trailing_days=30, begins_on=begins_on)
    for currency in ("JPY", "USD"):
        spans = [question.span_in_series(part, currency) for part in question.parts]
        assert {span.from_on for span in spans} <= set(question.slices.starts), currency


ONE_MONTH = Month(at_from=6200, sales=3630, at_to=6340, not_yet_due=3590)
NEXT_MONTH = Month(at_from=6340, sales=4000, at_to=5900, not_yet_due=4100)


@pytest.mark.parametrize(
    ("months", "brackets", "value"),
    [
        ([ONE_MONTH], (3490, 6240), 0.559),
        ([ONE_MONTH, NEXT_MONTH], (3490 + 4440, 6240 + 6240), 0.635),
        ([ONE_MONTH, Month(0, 0, 0, 0)], (3490, 6240), 0.559),
    ],
)
def test_collection_effectiveness_sums_over_months(
    months: list[Month], brackets: tuple[int, int], value: float
) -> None:
    found = collection_effectiveness(months)
    assert (found.numerator, found.denominator) == brackets
    assert found.value is not None
    assert round(float(found.value), 3) == value


def test_effectiveness_does_not_pass_one_through_credit_that_waits() -> None:
    # 100 open and not yet due, 30 of credit on no invoice: 70 of receivables.
    assert collection_effectiveness([Month(200, 0, 70, 100)]).value == 1


def test_days_late_weigh_by_amount_and_count_what_is_open() -> None:
    assert average_days_late((0, 900), (100 * 30, 100)).value == 3


@pytest.mark.parametrize("denominator", [0])
def test_a_denominator_of_zero_is_null_and_never_zero(denominator: int) -> None:
    assert days_of_sales(100, denominator, 30).value is None
    assert recovery_rate(0, 0, 0).value is None


@pytest.mark.parametrize("sales", [0, -3000])
def test_days_of_sales_without_sales_are_null(sales: int) -> None:
    assert days_of_sales(-3000, sales, 31)[:3] == (None, -3000, sales)


def test_effectiveness_is_below_zero_where_more_was_taken_back_than_collected() -> None:
    assert collection_effectiveness([Month(100, 0, 300, 50)]).value == -4


def test_effectiveness_of_what_could_not_be_collected_is_null() -> None:
    assert collection_effectiveness([Month(0, 0, 100, 50)]).value is None


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


@pytest.mark.parametrize(
    ("part", "interval", "whole"),
    [
        (("2026-02-01", "2026-02-28"), "month", True),
        (("2026-02-02", "2026-02-28"), "month", False),
        (("2026-02-01", "2026-02-27"), "month", False),
        (("2026-03-02", "2026-03-08"), "week", True),
        (("2026-03-03", "2026-03-08"), "week", False),
        (("2026-03-02", "2026-03-02"), "day", True),
    ],
)
def test_a_piece_of_a_month_is_no_whole_one(
    part: tuple[str, str], interval: Interval, whole: bool
) -> None:
    window = Window(*(date.fromisoformat(day) for day in part))
    assert is_whole(window, interval) == whole


def test_windows_are_runs_of_slices() -> None:
    long = Window(date(2026, 1, 5), date(2026, 3, 31))
    short = Window(date(2026, 2, 10), date(2026, 2, 20))
    slices = Slices.of([long, short])
    assert slices.starts == (date(2026, 1, 5), date(2026, 2, 10), date(2026, 2, 21))
    assert (slices.run(long), slices.run(short)) == ((1, 3), (2, 2))
    assert slices.bounds[-1] == date(2026, 4, 1)

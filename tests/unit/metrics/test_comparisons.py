"""Windows that figures are compared with, dated rates, and which target holds."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.metrics.domain.rates import Converter, Rate, Rates
from services.metrics.domain.targets import Target, find_target
from services.metrics.domain.windows import Window


def window(first: str, last: str) -> Window:
    return Window(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("asked", "previous", "year"),
    [
        (("2026-01-01", "2026-01-31"), ("2025-12-01", "2025-12-31"), ("2025-01-01", "2025-01-31")),
        (("2026-03-01", "2026-03-31"), ("2026-02-01", "2026-02-28"), ("2025-03-01", "2025-03-31")),
        (("2026-01-01", "2026-03-31"), ("2025-10-01", "2025-12-31"), ("2025-01-01", "2025-03-31")),
        (("2026-01-01", "2026-12-31"), ("2025-01-01", "2025-12-31"), ("2025-01-01", "2025-12-31")),
        (("2026-03-02", "2026-03-31"), ("2026-01-31", "2026-03-01"), ("2025-03-02", "2025-03-31")),
        (("2026-03-01", "2026-03-30"), ("2026-01-30", "2026-02-28"), ("2025-03-01", "2025-03-30")),
        (("2026-05-05", "2026-05-05"), ("2026-05-04", "2026-05-04"), ("2025-05-05", "2025-05-05")),
        (("2028-02-29", "2028-02-29"), ("2028-02-28", "2028-02-28"), ("2027-02-28", "2027-02-28")),
        (("2028-02-01", "2028-02-29"), ("2028-01-01", "2028-01-31"), ("2027-02-01", "2027-02-28")),
    ],
)
def test_a_window_is_compared_with_the_days_before_and_those_of_a_year_ago(
    asked: tuple[str, str], previous: tuple[str, str], year: tuple[str, str]
) -> None:
    assert window(*asked).before() == window(*previous)
    assert window(*asked).year_before() == window(*year)


@given(st.dates(date(2001, 1, 1), date(2200, 1, 1)), st.integers(0, 800))
def test_the_days_before_end_where_the_window_begins(first: date, more: int) -> None:
    asked = Window(first, first + timedelta(days=more))
    before = asked.before()
    assert before.to_on + timedelta(days=1) == asked.from_on
    is_months = first.day == 1 and (asked.to_on + timedelta(days=1)).day == 1
    assert before.from_on.day == 1 if is_months else before.days == asked.days


@pytest.mark.parametrize("last", ["2026-03-30", "2026-03-31"])
def test_before_a_window_longer_than_the_calendar_are_the_days_that_there_are(last: str) -> None:
    before = window("1000-01-01", last).before()
    assert before == window("0001-01-01", "0999-12-31")


# ── Rates ───────────────────────────────────────────────────────────────────────────────────────

RATES = Rates.of(
    "EUR",
    [
        Rate("USD", date(2026, 1, 10), Decimal("0.92")),
        Rate("USD", date(2026, 2, 1), Decimal("0.90")),
        Rate("JPY", date(2026, 1, 1), Decimal("0.006")),
    ],
)


def test_the_last_rate_on_or_before_a_day_holds_and_minor_units_are_minded() -> None:
    converter = Converter(RATES)
    assert converter.factor("EUR", date(2000, 1, 1)) == 1
    assert converter.factor("USD", date(2026, 1, 31)) == Fraction("0.92")
    assert converter.factor("USD", date(2026, 2, 1)) == Fraction("0.90")
    assert converter.factor("JPY", date(2027, 1, 1)) == Fraction("0.6")  # a yen has no cents
    assert converter.factor("USD", date(2026, 1, 9)) is None
    assert converter.factor("USD", date(2026, 1, 3)) is None
    assert converter.factor("GBP", date(2026, 1, 3)) is None
    assert converter.listed() == [
        {"currency": "GBP", "on": date(2026, 1, 3), "rate": None},
        {"currency": "JPY", "on": date(2026, 1, 1), "rate": "0.006"},
        {"currency": "USD", "on": date(2026, 1, 3), "rate": None},
        {"currency": "USD", "on": date(2026, 1, 10), "rate": "0.92"},
        {"currency": "USD", "on": date(2026, 2, 1), "rate": "0.9"},
    ]


# ── Targets ─────────────────────────────────────────────────────────────────────────────────────

TARGETS = [
    Target(date(2026, 1, 1), {}, 0.5),
    Target(date(2026, 3, 1), {}, 0.6),
    Target(date(2026, 2, 1), {"currency": "EUR"}, 0.55),
    Target(date(2026, 1, 1), {"segment": "patron"}, 0.7),
    Target(date(2026, 1, 1), {"segment": ""}, 0.1),
]


@pytest.mark.parametrize(
    ("on", "split", "expected"),
    [
        ("2025-12-31", {}, None),
        ("2026-01-01", {"currency": "USD"}, 0.5),
        ("2026-02-01", {"currency": "EUR"}, 0.55),
        ("2026-04-01", {"currency": "EUR"}, 0.55),  # its own currency comes before a newer one
        ("2026-04-01", {"currency": "USD"}, 0.6),
        ("2026-04-01", {"currency": "EUR", "segment": "patron"}, 0.7),
        ("2026-04-01", {"currency": "EUR", "segment": ""}, 0.1),
        ("2026-04-01", {"currency": "EUR", "segment": "other"}, None),
        ("2026-04-01", {"segment": "patron", "country": "DE"}, None),
    ],
)
def test_a_target_is_of_exactly_its_split(
    on: str, split: dict[str, str], expected: float | None
) -> None:
    day = date.fromisoformat(on)
    found = find_target(TARGETS, Window(day, day), split)
    assert (None if found is None else found.value) == expected


def test_a_running_plans_objective_comes_first_on_its_days_and_as_it_counts() -> None:
    first, last = date(2026, 2, 1), date(2026, 6, 30)
    cash = {"currency": "EUR"}
    targets = [
        Target(date(2026, 5, 1), cash, 1),
        Target(first, cash, 2, until=last, plan_id="p"),
        Target(first, {}, 3, until=last, plan_id="p", by="count"),
        Target(first, {"segment": "a"}, 4, until=last, plan_id="p", window_from=first),
    ]

    def found(window: Window, split: dict[str, str], by: str = "") -> float | None:
        target = find_target(targets, window, split, by)
        return None if target is None else target.value

    june = Window(date(2026, 6, 1), last)
    assert found(june, cash) == 2
    assert found(Window(date(2026, 6, 1), date(2026, 7, 1)), cash) == 1  # the plan is over
    assert found(june, cash, "count") == 3
    assert found(june, {"segment": "a"}) is None
    assert found(Window(first, last), {"segment": "a"}) == 4

"""Interest is exact: however a time is cut, whatever the calendar."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ledger.domain.interest import (
    InterestTerms,
    Segment,
    days_without_rate,
    half_up,
    merged,
    next_posting_day,
    per_day,
    percent_on,
    posting_days,
    segments,
    to_post,
    total,
    weight,
)
from services.ledger.domain.policies.charges import DayCount, Rate
from services.ledger.domain.rates import (
    RateRow,
    RateTables,
    changed_from,
    percent_text,
    rate_tables,
)
from services.ledger.store.shipped import shipped_rates

RATES = rate_tables(shipped_rates().values(), {}, 0)
DAYS = st.dates(date(2023, 1, 1), date(2026, 6, 30))
DAY_COUNTS: list[DayCount] = ["act/365", "act/360", "30/360"]


def d(text: str) -> date:
    return date.fromisoformat(f"2026-{text}" if len(text) == 5 else text)


def terms(
    due: str, *, percent: str = "7.3", day_count: DayCount = "act/365", after_days: int = 0
) -> InterestTerms:
    return InterestTerms(
        rate=Rate(percent=Fraction(percent)),
        day_count=day_count,
        starts_on=d(due) + timedelta(days=after_days + 1),
    )


UK = Rate(reference="boe-bank-rate", margin=Fraction(8), fixed_at_start=True)
DE = Rate(reference="bgb-base", margin=Fraction(9))


def at(rate: Rate, due: str, *limits: Rate) -> InterestTerms:
    starts_on = d(due) + timedelta(days=1)
    return InterestTerms(rate=rate, day_count="act/365", starts_on=starts_on, limits=limits)


def borne(
    of: InterestTerms, basis: int, start: str, end: str, tables: RateTables = RATES
) -> Fraction:
    return total(segments(of, tables, basis, d(start), d(end)))


# ── Days ────────────────────────────────────────────────────────────────────────────────────────


def test_the_thirty_first_weighs_nothing_and_the_first_of_march_makes_up() -> None:
    def day(text: str) -> Fraction:
        return weight("30/360", d(text), d(text)) * 360

    assert day("03-30") == 1
    assert day("03-31") == 0
    assert day("04-01") == 1
    assert day("2026-02-28") == 1
    assert day("2026-03-01") == 3
    assert day("2024-02-29") == 1
    assert day("2024-03-01") == 2


def test_a_leap_year_has_more_than_a_year_by_actual_days() -> None:
    assert weight("act/365", d("2024-01-01"), d("2024-12-31")) == Fraction(366, 365)
    assert weight("act/360", d("2024-01-01"), d("2024-12-31")) == Fraction(366, 360)
    assert weight("30/360", d("2024-01-01"), d("2024-12-31")) == 1


@given(
    first=DAYS, days=st.integers(1, 1500), cut=st.integers(0, 1500), of=st.sampled_from(DAY_COUNTS)
)
@settings(max_examples=80)
def test_weights_add_up_however_a_time_is_cut(
    first: date, days: int, cut: int, of: DayCount
) -> None:
    last, middle = first + timedelta(days=days), first + timedelta(days=cut % days)
    parts = weight(of, first, middle) + weight(of, middle + timedelta(days=1), last)
    assert parts == weight(of, first, last)


@given(
    first=DAYS,
    days=st.integers(0, 700),
    cuts=st.lists(st.integers(0, 700), max_size=5),
    of=st.sampled_from([UK, DE, Rate(percent=Fraction("9.5"))]),
)
@settings(max_examples=80)
def test_the_sum_is_the_same_however_a_time_is_cut_and_day_by_day(
    first: date, days: int, cuts: list[int], of: Rate
) -> None:
    last = first + timedelta(days=days)
    of_debt = InterestTerms(rate=of, day_count="30/360", starts_on=first)
    whole = total(segments(of_debt, RATES, 12345, first, last))
    starts = sorted({first, *(first + timedelta(days=cut) for cut in cuts if cut <= days)})
    ends = [*(day - timedelta(days=1) for day in starts[1:]), last]
    pieces = [
        part
        for start, end in zip(starts, ends, strict=True)
        for part in segments(of_debt, RATES, 12345, start, end)
    ]
    assert total(pieces) == whole
    assert total(merged(pieces)) == whole
    singles = [first + timedelta(days=n) for n in range(days + 1)]
    assert whole == sum(
        Fraction(12345) * (percent_on(of_debt, RATES, day) or 0) / 100 * weight("30/360", day, day)
        for day in singles
    )


def test_ten_years_on_one_basis_are_few_products() -> None:
    own = {
        "ours": [
            RateRow(date(year, month, 1), Fraction(year % 3))
            for year in range(2016, 2027)
            for month in (1, 7)
        ]
    }
    tables = rate_tables([], own, 1)
    fixed = Rate(reference="ours", fixed_at_start=True)
    assert (
        len(list(segments(at(fixed, "2016-03-01"), tables, 100, d("2016-03-02"), d("03-01")))) == 1
    )
    each = Rate(reference="ours")
    assert (
        len(list(segments(at(each, "2016-03-01"), tables, 100, d("2016-03-02"), d("03-01")))) == 21
    )


# ── Rates ───────────────────────────────────────────────────────────────────────────────────────


def test_the_rate_is_that_of_the_days_half_year_or_of_the_start() -> None:
    german, british = at(DE, "2024-06-28"), at(UK, "2024-12-30")
    assert percent_on(german, RATES, d("2024-06-30")) == Fraction("12.62")
    assert percent_on(german, RATES, d("2024-07-01")) == Fraction("12.37")
    # The Bank Rate of 31 December 2024 counts from 1 January on; the debt is a day older.
    assert british.starts_on == d("2024-12-31")
    assert percent_on(british, RATES, d("2026-03-01")) == Fraction("13.25")
    assert percent_on(at(UK, "2024-12-31"), RATES, d("2026-03-01")) == Fraction("12.75")


def test_a_day_whose_row_is_missing_bears_nothing_and_is_counted() -> None:
    german = at(DE, "06-28")
    parts = list(segments(german, RATES, 100_000, d("06-29"), d("07-10")))
    assert [(part.to_on, part.percent) for part in parts] == [
        (d("06-30"), Fraction("10.27")),
        (d("07-10"), None),
    ]
    assert days_without_rate(parts) == 10
    assert half_up(total(parts)) == 56
    later = rate_tables(
        shipped_rates().values(), {"bgb-base": [RateRow(d("07-01"), Fraction(1))]}, 2
    )
    made_up = list(segments(german, later, 100_000, d("06-29"), d("07-10")))
    assert days_without_rate(made_up) == 0
    assert half_up(total(made_up)) == 330
    assert changed_from(RATES, later, "bgb-base") == d("07-01")
    assert changed_from(later, later, "bgb-base") is None


def test_own_rows_win_over_the_shipped_ones() -> None:
    own = rate_tables(shipped_rates().values(), {"ecb-mro": [RateRow(d("01-01"), Fraction(9))]}, 1)
    assert own.percent_on("ecb-mro", d("03-01")) == 9
    assert own.percent_on("ecb-mro", d("2025-12-31")) == Fraction("2.15")
    assert own.percent_on("unheard-of", d("03-01")) is None


def test_the_strictest_limit_holds_and_a_rate_is_never_below_zero() -> None:
    high = Rate(percent=Fraction(12))
    base = Rate(reference="bgb-base", margin=Fraction(5))
    assert percent_on(at(high, "01-31", base), RATES, d("02-01")) == Fraction("6.27")
    assert percent_on(at(high, "01-31", base, Rate(percent=Fraction(4))), RATES, d("02-01")) == 4
    assert percent_on(at(high, "06-30", base), RATES, d("07-01")) is None
    low = Rate(reference="bgb-base", margin=Fraction(-5))
    assert percent_on(at(low, "01-31"), RATES, d("02-01")) == 0


@pytest.mark.parametrize(
    ("percent", "text"),
    [
        ("11.75", "11.75"),
        ("8", "8"),
        ("0", "0"),
        ("-0.5", "-0.5"),
        ("10", "10"),
        ("0.125", "0.125"),
    ],
)
def test_a_percentage_is_written_as_it_was_meant(percent: str, text: str) -> None:
    assert percent_text(Fraction(percent)) == text


# ── Postings ────────────────────────────────────────────────────────────────────────────────────


def test_stages_and_months_are_posted() -> None:
    due = d("2025-12-31")
    steps = [(day - due).days for day in posting_days("stage", due, d("01-01"), d("06-30"))]
    assert steps == [31, 61, 91, 121, 151, 181]
    assert list(posting_days("month", due, d("01-15"), d("04-01"))) == [
        d("02-01"), d("03-01"), d("04-01"),
    ]  # fmt: skip
    assert list(posting_days("none", due, d("01-01"), d("12-31"))) == []


@given(due=DAYS, after=st.integers(-400, 1000))
@settings(max_examples=80)
def test_the_next_posting_day_is_the_first_after(due: date, after: int) -> None:
    after_on = due + timedelta(days=after)
    following = next_posting_day("stage", due, after_on)
    assert following is not None
    steps = [31, *range(61, 1600, 30)]
    assert (following - due).days == next(step for step in steps if step > after)
    month = next_posting_day("month", due, after_on)
    assert month is not None
    assert month.day == 1
    assert month > max(due, after_on)
    assert (month - max(due, after_on)).days <= 31


@given(
    sums=st.lists(st.fractions(0, 500), min_size=1, max_size=6),
    minimum=st.integers(0, 900),
)
@settings(max_examples=80)
def test_how_often_it_is_posted_changes_no_cent(sums: list[Fraction], minimum: int) -> None:
    posted, so_far = 0, Fraction(0)
    for each in sums:
        so_far += each
        posted += to_post(so_far, posted, minimum)
    assert posted == to_post(so_far, 0, minimum)


@pytest.mark.parametrize(
    ("amount", "rounded"), [("0.5", 1), ("0.49", 0), ("1.5", 2), ("2.5", 3), ("-0.5", -1), ("7", 7)]
)
def test_a_half_goes_up(amount: str, rounded: int) -> None:
    assert half_up(Fraction(amount)) == rounded


# ── Golden numbers (the stories, where they are arithmetic) ─────────────────────────────


def test_s1_london() -> None:
    debt = at(UK, "07-01")
    assert half_up(borne(debt, 1_000_000, "07-02", "07-02")) == 322
    assert half_up(borne(debt, 1_000_000, "07-02", "08-01")) == 9979
    assert half_up(borne(debt, 1_000_000, "07-02", "07-31")) == 9658


def test_s2_berlin_with_a_late_payment() -> None:
    debt = at(DE, "03-31")
    assert to_post(borne(debt, 500_000, "04-01", "05-01"), 0) == 4361
    assert half_up(borne(debt, 500_000, "04-01", "05-15")) - 4361 == 1970
    through = borne(debt, 500_000, "04-01", "05-15")
    assert to_post(through + borne(debt, 310_331, "05-16", "05-31"), 6331) == 1397
    # Told of 100,000 on 10 April: 1,407 and what is left re-bases day by day.
    first = borne(debt, 500_000, "04-01", "04-10")
    assert to_post(first, 0) == 1407
    second = first + borne(debt, 405_407, "04-11", "05-01")
    assert to_post(second, 1407) == 2395
    third = second + borne(debt, 405_407, "05-02", "05-15")
    assert to_post(third, 3802) == 1597
    assert to_post(third + borne(debt, 209_399, "05-16", "05-31"), 5399) == 943


def test_s2_the_payoff_of_a_day() -> None:
    (part,) = segments(at(DE, "03-31"), RATES, 209_399, d("05-16"), d("06-10"))
    assert per_day([part]) == 59
    assert 209_399 + half_up(part.interest) == 210_931


def test_s9_debts_brought_along() -> None:
    debt = terms("2025-12-01")
    brought = borne(debt, 100_000, "2025-12-11", "2025-12-31")
    assert half_up(brought) == 420
    assert to_post(brought + borne(debt, 100_000, "01-01", "01-01"), 0) == 440
    assert half_up(brought + borne(debt, 100_000, "01-01", "01-31")) == 1040


def test_s11_a_minimum() -> None:
    debt, minimum = terms("01-31", percent="10"), 500
    first = borne(debt, 50_000, "02-01", "02-10")
    assert to_post(first, 0, minimum) == 0
    by_step = first + borne(debt, 40_000, "02-11", "03-03")
    assert half_up(by_step) == 367
    assert to_post(by_step, 0, minimum) == 0
    by_second = first + borne(debt, 40_000, "02-11", "04-02")
    assert to_post(by_second, 0, minimum) == 696
    assert 696 + to_post(first + borne(debt, 40_000, "02-11", "05-02"), 696, minimum) == 1025


def test_neighbours_that_are_alike_are_one_segment() -> None:
    debt = terms("01-31")
    parts = [
        *segments(debt, RATES, 100_000, d("02-01"), d("02-10")),
        *segments(debt, RATES, 100_000, d("02-11"), d("02-12")),
        *segments(debt, RATES, 0, d("02-13"), d("02-14")),
        *segments(debt, RATES, 60_000, d("02-15"), d("02-15")),
    ]
    assert [(part.from_on, part.to_on, part.days) for part in merged(parts)] == [
        (d("02-01"), d("02-12"), 12),
        (d("02-15"), d("02-15"), 1),
    ]
    assert all(isinstance(part, Segment) for part in parts)

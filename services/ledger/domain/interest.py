"""Interest of late debts, exact: simple, by the day, rounded once.

A run of days with the same rate on the same basis is one product, however long it is, so that ten
years cost no more than a day. Sums are fractions to the end; what is posted is the rounded sum less
what was posted before, and so does not depend on how often that is.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from fractions import Fraction

from msgspec import Struct, structs

from services.ledger.domain.policies.amounts import AmountByCurrency
from services.ledger.domain.policies.charges import DayCount, InterestRule, Limit, Post, Rate
from services.ledger.domain.rates import RateTables, half_year_end

_DAY = timedelta(days=1)
_FIRST_POSTING = 31  # days past due: the stages from 31 on, and as far apart for ever
_POSTINGS_APART = 30


class Segment(Struct, frozen=True, kw_only=True):
    """A run of days that are alike. `percent` None: they have no rate, and bear nothing."""

    from_on: date
    to_on: date
    basis_minor: int
    percent: Fraction | None
    day_count: DayCount

    @property
    def days(self) -> int:
        return (self.to_on - self.from_on).days + 1

    @property
    def interest(self) -> Fraction:
        """In minor units, exact."""
        if not self.percent:
            return Fraction(0)
        return (
            self.basis_minor * self.percent / 100 * weight(self.day_count, self.from_on, self.to_on)
        )


class InterestTerms(Struct, frozen=True, kw_only=True):
    """What the days of a debt bear while one rule and its limits hold."""

    rate: Rate
    day_count: DayCount
    starts_on: date  # the first day of the debt that bears interest
    limits: tuple[Rate, ...] = ()


# ── Days ────────────────────────────────────────────────────────────────────────────────────────


def weight(day_count: DayCount, from_on: date, to_on: date) -> Fraction:
    """The part of a year that the days from one to another are, both included."""
    if day_count == "30/360":
        return Fraction(_thirtieths(to_on) - _thirtieths(from_on - _DAY), 360)
    return Fraction((to_on - from_on).days + 1, 365 if day_count == "act/365" else 360)


def _thirtieths(day: date) -> int:
    return 360 * day.year + 30 * day.month + min(day.day, 30)


def starts_on(due_on: date, after_days: int) -> date:
    """The first day that bears interest: days of interest are days past due."""
    return due_on + timedelta(days=after_days + 1)


def posting_days(post: Post, due_on: date, from_on: date, to_on: date) -> Iterator[date]:
    """The days from one to another, both included, at whose 00:00 interest is posted: through that
    very day."""
    day = next_posting_day(post, due_on, from_on - _DAY)
    while day is not None and day <= to_on:
        yield day
        day = next_posting_day(post, due_on, day)


def next_posting_day(post: Post, due_on: date, after_on: date) -> date | None:
    """The first posting day after a day; None: there are none."""
    if post == "none":
        return None
    if post == "month":
        day = _next_month(after_on)
        return day if day > due_on else _next_month(due_on)
    past = max(0, (after_on - due_on).days - _FIRST_POSTING + _POSTINGS_APART) // _POSTINGS_APART
    return due_on + timedelta(days=_FIRST_POSTING + _POSTINGS_APART * past)


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


# ── Rates ───────────────────────────────────────────────────────────────────────────────────────


def terms_of(rule: InterestRule, due_on: date, limits: Iterable[Limit]) -> InterestTerms:
    """The terms of a debt under a rule and the limits that fit it."""
    return InterestTerms(
        rate=rule.rate,
        day_count=rule.day_count,
        starts_on=starts_on(due_on, rule.after_days),
        limits=tuple(limit.max_rate for limit in limits if limit.max_rate is not None),
    )


def percent_on(terms: InterestTerms, tables: RateTables, day: date) -> Fraction | None:
    """Percent a year that a day bears, never below 0; None: a row is missing that it depends on,
    also one of a limit: a day never bears more than it may."""
    found = [_percent(rate, terms, tables, day) for rate in (terms.rate, *terms.limits)]
    known = [percent for percent in found if percent is not None]
    return max(Fraction(0), min(known)) if len(known) == len(found) else None


def _percent(rate: Rate, terms: InterestTerms, tables: RateTables, day: date) -> Fraction | None:
    if rate.reference is None:
        return rate.percent
    base = tables.percent_on(rate.reference, terms.starts_on if rate.fixed_at_start else day)
    return None if base is None else base + rate.margin


def _changes_by_half_year(terms: InterestTerms) -> bool:
    return any(
        rate.reference is not None and not rate.fixed_at_start
        for rate in (terms.rate, *terms.limits)
    )


# ── Sums ────────────────────────────────────────────────────────────────────────────────────────


def segments(
    terms: InterestTerms, tables: RateTables, basis_minor: int, from_on: date, to_on: date
) -> Iterator[Segment]:
    """The days from one to another, both included, on one basis. Days before interest starts are
    left out."""
    day = max(from_on, terms.starts_on)
    by_half_year = _changes_by_half_year(terms)
    while day <= to_on:
        last = min(to_on, half_year_end(day)) if by_half_year else to_on
        yield Segment(
            from_on=day,
            to_on=last,
            basis_minor=basis_minor,
            percent=percent_on(terms, tables, day),
            day_count=terms.day_count,
        )
        day = last + _DAY


def merged(parts: Iterable[Segment]) -> tuple[Segment, ...]:
    """The same days, neighbours that are alike in one; days on nothing are left out."""
    found: list[Segment] = []
    for part in parts:
        if not part.basis_minor:
            continue
        if found and _continues(found[-1], part):
            found[-1] = structs.replace(found[-1], to_on=part.to_on)
        else:
            found.append(part)
    return tuple(found)


def _continues(before: Segment, part: Segment) -> bool:
    return before.to_on + _DAY == part.from_on and (
        (before.basis_minor, before.percent, before.day_count)
        == (part.basis_minor, part.percent, part.day_count)
    )


def total(parts: Iterable[Segment]) -> Fraction:
    """The interest of all of them, exact."""
    return sum((part.interest for part in parts), Fraction(0))


def days_without_rate(parts: Iterable[Segment]) -> int:
    return sum(part.days for part in parts if part.percent is None and part.basis_minor)


def half_up(amount: Fraction) -> int:
    """The nearest whole number; a half goes away from zero."""
    doubled = abs(amount) * 2 + 1
    rounded = doubled.numerator // doubled.denominator // 2
    return rounded if amount >= 0 else -rounded


def to_post(sum_so_far: Fraction, posted_before: int, minimum_minor: int = 0) -> int:
    """What a posting adds. While the rounded sum is below the minimum nothing is posted: what had
    been goes back."""
    rounded = half_up(sum_so_far)
    return (rounded if rounded >= minimum_minor else 0) - posted_before


def minimum_of(minimum: AmountByCurrency | None, currency: str) -> int:
    return (minimum.minor(currency) or 0) if minimum is not None else 0


def per_day(parts: Sequence[Segment]) -> int:
    """What one more ordinary day like the last bears, half up; 0 where there is none."""
    if not parts or not parts[-1].percent:
        return 0
    last = parts[-1]
    year = 365 if last.day_count == "act/365" else 360
    return half_up(Fraction(last.basis_minor) * (last.percent or 0) / 100 / year)

"""Reference rates: which the rule books name, how far they are known, what a tenant loads.

A rate that comes with a book ends with the last row's `until`. A row that a tenant loads holds for
half a year, or until the day it names; so a rate that nobody renews is unknown again, rather than
wrong.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.outreach.compliance import ReferenceRate, RuleBook, reference_tables

WARNED_DAYS = 60  # before a rate runs out
_HALF_YEAR_MONTHS = 6


@dataclass(frozen=True)
class RateRow:
    """A rate from a day on, and until the first day on which it is not known any more."""

    from_on: date
    percent: str
    until_on: date | None  # none: until the next row


@dataclass(frozen=True)
class KnownRate:
    """A rate as it is known: the books' rows, and those of the tenant in their place."""

    name: str
    rules: tuple[str, ...]  # that need it
    shipped: tuple[RateRow, ...]
    own: tuple[RateRow, ...]

    @property
    def rows(self) -> tuple[RateRow, ...]:
        by_day = {row.from_on: row for row in (*self.shipped, *self.own)}
        return tuple(by_day[day] for day in sorted(by_day))

    @property
    def known_until(self) -> date | None:
        """The first day on which it is not known; none: it does not run out."""
        return self.rows[-1].until_on if self.rows else date.min

    def runs_out_in(self, today: date) -> int | None:
        """Days that are left, below 0 where it has run out; none: it does not run out."""
        end = self.known_until
        return None if end is None else (end - today).days

    def is_short(self, today: date) -> bool:
        """Whether somebody should load the next row by now."""
        left = self.runs_out_in(today)
        return left is not None and left < WARNED_DAYS


def half_year_after(day: date) -> date:
    """The same day six months on, or the last of its month."""
    years, month = divmod(day.month - 1 + _HALF_YEAR_MONTHS, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def own_row(from_on: date, percent: str, until_on: date | None) -> RateRow:
    """A row as loaded: half a year where it names no end."""
    return RateRow(from_on, percent, until_on or half_year_after(from_on))


def known_rates(
    books: Iterable[RuleBook], own: Mapping[str, Sequence[RateRow]]
) -> dict[str, KnownRate]:
    """Every rate that a rule of these books names."""
    rules: dict[str, list[str]] = {}
    rows: dict[str, dict[date, RateRow]] = {}
    for found in reference_tables(rule for book in books for rule in book.rules):
        rules.setdefault(found.name, []).append(found.rule)
        for base in found.rows:
            rows.setdefault(found.name, {})[base.since] = RateRow(
                base.since, base.percent, base.until
            )
    return {
        name: KnownRate(
            name,
            tuple(sorted(set(found))),
            tuple(row for _, row in sorted(rows.get(name, {}).items())),
            tuple(own.get(name, ())),
        )
        for name, found in sorted(rules.items())
    }


def as_known(own: Mapping[str, Sequence[RateRow]]) -> tuple[ReferenceRate, ...]:
    """The tenant's rows as a question to the governor takes them."""
    return tuple(
        ReferenceRate(name=name, since=row.from_on, percent=row.percent, until=row.until_on)
        for name, rows in sorted(own.items())
        for row in rows
    )

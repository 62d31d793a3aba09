"""Reference rates: tables by half-year, those that come with the ledger under a tenant's own.

A row holds from its day to the end of its half-year. Where there is none yet, nobody guesses: the
days bear nothing until the row comes.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from fractions import Fraction

from msgspec import Struct

from services.ledger.domain.policies import reader
from services.ledger.domain.policies.charges import Confidence
from services.ledger.domain.policies.reader import Members, ReadFaults

PERCENT_MAX = 1000
_DECIMALS_MAX = 10


class RateRow(Struct, frozen=True):
    """Percent a year from the first day of a half-year on."""

    from_on: date
    percent: Fraction


class RateTable(Struct, frozen=True, kw_only=True):
    """One that comes with the ledger."""

    name: str
    title: str
    source: str
    verified_on: date | None
    confidence: Confidence
    rows: tuple[RateRow, ...]


class RateTables(Struct, frozen=True, kw_only=True):
    """Every reference rate of a tenant; `revision` grows with each change of its own rows."""

    rates: Mapping[str, Mapping[date, Fraction]] = {}  # by the first day of the half-year
    revision: int = 0

    def percent_on(self, name: str, day: date) -> Fraction | None:
        """None: there is no row for the day's half-year."""
        return self.rates.get(name, {}).get(half_year_of(day))


NO_RATES = RateTables()


def half_year_of(day: date) -> date:
    """The first day of the half-year in which a day lies."""
    return date(day.year, 1 if day.month <= 6 else 7, 1)


def half_year_end(day: date) -> date:
    """The last day of the half-year in which a day lies."""
    return date(day.year, 6, 30) if day.month <= 6 else date(day.year, 12, 31)


def rate_tables(
    shipped: Iterable[RateTable],
    own: Mapping[str, Iterable[RateRow]],
    revision: int,
) -> RateTables:
    """The shipped rows with a tenant's over them."""
    rates = {table.name: {row.from_on: row.percent for row in table.rows} for table in shipped}
    for name, rows in own.items():
        rates[name] = rates.get(name, {}) | {row.from_on: row.percent for row in rows}
    return RateTables(rates=rates, revision=revision)


def changed_from(before: RateTables, after: RateTables, name: str) -> date | None:
    """The first day whose rate is another; None: all stays as it was."""
    old, new = before.rates.get(name, {}), after.rates.get(name, {})
    return min(
        (day for day in old.keys() | new.keys() if old.get(day) != new.get(day)), default=None
    )


def percent_text(percent: Fraction) -> str:
    """A decimal text: 11.75. What has no end is cut after ten decimals."""
    scaled = round(percent * 10**_DECIMALS_MAX)
    sign, digits = ("-" if scaled < 0 else ""), str(abs(scaled)).rjust(_DECIMALS_MAX + 1, "0")
    whole, decimals = digits[:-_DECIMALS_MAX], digits[-_DECIMALS_MAX:].rstrip("0")
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"


# ── Reading ─────────────────────────────────────────────────────────────────────────────────────


def read_rate_table(text: str) -> RateTable:
    """A table that comes with the ledger. Raises `Invalid` with all faults."""
    faults = ReadFaults()
    document, given = reader.read_object(text, faults)
    name = given.take("name", reader.name, needed=True)
    title = given.take("title", reader.text, needed=True)
    source = given.take("source", reader.text, needed=True)
    verified_on = given.take("verified_on", reader.day)
    verified = given.take("confidence", reader.one_of("verified", "unverified"), needed=True)
    rows = tuple(_read_rows(given, faults))
    given.end()
    faults.check(document)
    return RateTable(
        name=name or "",
        title=title or "",
        source=source or "",
        verified_on=verified_on,
        confidence="verified" if verified == "verified" else "unverified",
        rows=rows,
    )


def row_fault(from_on: date, seen: Collection[date]) -> str | None:
    """What is wrong with the day of a row, after those that were seen before it."""
    if from_on != half_year_of(from_on):
        return "must be a 1 January or a 1 July: rates are by half-year"
    return "stands there twice" if from_on in seen else None


def _read_rows(given: Members, faults: ReadFaults) -> Iterable[RateRow]:
    seen: set[date] = set()
    given_rows = list(reader.items(given, "rows"))
    if not given_rows and not faults.errors:
        given.fault("rows", "must be a list that is not empty")
    for row in given_rows:
        from_on = row.take("from_on", reader.day, needed=True)
        percent = row.take("percent", reader.decimal(-PERCENT_MAX, PERCENT_MAX), needed=True)
        row.end()
        if from_on is not None:
            if fault := row_fault(from_on, seen):
                row.fault("from_on", fault)
            seen.add(from_on)
        if from_on is not None and percent is not None:
            yield RateRow(from_on, percent)

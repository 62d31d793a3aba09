"""A question about a KPI, and its answer from the groups of figures.

Everything here may be computed in another process: questions and rows are plain values, and a KPI
travels by its name.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Any

import msgspec

from services.metrics.domain.export import table
from services.metrics.domain.figures import (
    BUCKETS,
    Aged,
    Figures,
    Group,
    Key,
    Late,
    Sums,
    grouped,
)
from services.metrics.domain.kpis import By, Kpi, Number, Ratio
from services.metrics.domain.windows import Interval, Slices, Window, is_whole, parts

_ALL = Key()  # of everything together
TRAILING_DAYS = 90  # of a figure whose parts look back (`Kpi.over`), unless asked otherwise


@dataclass(frozen=True)
class Question:
    """Which KPI, of which days, of which money, in which parts; `as_of`: by what was known then."""

    kpi: Kpi
    window: Window
    currency: str | None = None
    interval: Interval | None = None
    group_by: tuple[str, ...] = ()
    by: By = "amount"
    as_of: date | None = None
    trailing_days: int = TRAILING_DAYS
    today: date | None = None  # the tenant's business day: what ends later is not over yet
    begins_on: Mapping[str, date] = field(default_factory=dict)  # by currency: its first invoice

    @cached_property
    def parts(self) -> list[Window]:
        """The windows of the series; the whole one if no interval is asked for."""
        return list(parts(self.window, self.interval)) if self.interval else [self.window]

    @cached_property
    def slices(self) -> Slices:
        """Time, cut for every window that the answer needs figures of."""
        windows = [self.window, *self.parts]
        for currency in (*self.begins_on, ""):  # one may have credit notes and no invoice
            windows.append(self.span(self.window, currency))
            windows += (self.span_in_series(part, currency) for part in self.parts)
        if self.kpi.over == "months":
            windows += (month for part in (self.window, *self.parts) for month in months(part))
        return Slices.of(windows)

    def span(self, window: Window, currency: str) -> Window:
        """The days that the figure of a window is of. Sales have no days before the first one."""
        return window.since(self.begins_on.get(currency, window.from_on))

    def span_in_series(self, part: Window, currency: str) -> Window:
        """The days that a part's figure is of: a week's sales say nothing about a balance."""
        if self.kpi.over != "trailing":
            return part
        since = part.to_on - timedelta(days=self.trailing_days - 1)
        return self.span(Window(since, part.to_on), currency)

    def is_over(self, part: Window) -> bool:
        """Whether a part is a whole day, week or month that has ended."""
        if self.interval is None or not is_whole(part, self.interval):
            return False
        return self.today is None or part.to_on < self.today

    @property
    def aged_measure(self) -> str:
        """The balances whose age counts."""
        by_entry = self.kpi.aged_by_entry and self.splits_by("segment")
        return "in_collections" if by_entry else "open"

    def splits_by(self, dimension: str) -> bool:
        return dimension in self.group_by


def months(window: Window) -> Iterable[Window]:
    """The calendar months of a window, the first and last cut by it."""
    return parts(window, "month")


@dataclass(frozen=True)
class Rows:
    """What the store found: sums by slice of time (`Question.slices`) and key."""

    sums: Sequence[Sums]
    aged: Sequence[Aged] = ()
    late: Sequence[Late] = ()

    def groups(self, slices: Slices) -> dict[Key, Group]:
        return grouped(slices, self.sums, self.aged, self.late)

    def together(self, slices: Slices) -> Group:
        """All of them in one group."""
        groups = grouped(
            slices,
            [row._replace(key=_ALL) for row in self.sums],
            [row._replace(key=_ALL) for row in self.aged],
            [row._replace(key=_ALL) for row in self.late],
        )
        return groups.get(_ALL) or Group(slices)


@dataclass(frozen=True)
class Figured:
    """A question with all that its answer is made of."""

    question: Question
    rows: Rows
    currencies: Sequence[str]

    @property
    def size(self) -> int:
        """How many figures the answer has, at most: parts × groups."""
        keys = {
            row.key for rows in (self.rows.sums, self.rows.aged, self.rows.late) for row in rows
        }
        groups = max(len(keys), 1) * (len(BUCKETS) if self.question.splits_by("bucket") else 1)
        return len(self.question.parts) * groups

    def answer(self) -> dict[str, Any]:
        return answer(self.question, self.rows, self.currencies)


def answer_as_json(figured: Sequence[Figured]) -> bytes:
    """The answer to the only question."""
    (only,) = figured
    return msgspec.json.encode(only.answer())


def answers_as_csv(figured: Sequence[Figured]) -> str:
    """The answers as a table."""
    return table(each.answer() for each in figured)


def answer(question: Question, rows: Rows, currencies: Sequence[str]) -> dict[str, Any]:
    """The answer as it is sent. Several currencies are never summed: they make groups."""
    kpi = question.kpi
    is_mixed = kpi.is_money and question.currency is None and len(currencies) > 1
    currency = question.currency or (currencies[0] if len(currencies) == 1 else None)
    head = {
        "name": kpi.name,
        "unit": "count" if question.by == "count" and kpi.unit == "minor" else kpi.unit,
        "currency": currency if kpi.is_money else None,
        "from": question.window.from_on,
        "to": question.window.to_on,
    }
    if is_mixed:
        whole: dict[str, Any] = {"value": None, "numerator": None, "denominator": None}
        whole["series"] = []
    else:
        whole = _values(question, rows.together(question.slices), currency or "")
    dimensions = tuple(question.group_by)
    if is_mixed and "currency" not in dimensions:
        dimensions = ("currency", *dimensions)
    groups = [
        {"key": {name: getattr(key, name) or None for name in dimensions}, **values}
        for key, values in _groups(question, rows, currency or "")
    ]
    return {**head, **whole, "groups": groups if dimensions else []}


def _groups(question: Question, rows: Rows, currency: str) -> Iterable[tuple[Key, dict[str, Any]]]:
    groups = rows.groups(question.slices)
    for key in sorted(groups):
        group = groups[key]
        if question.splits_by("rule"):
            if not key.rule:
                continue  # what was planned has no rule: it is every rule's denominator
            group.add_flows(groups.get(key._replace(rule="")))
        if question.splits_by("bucket"):
            for bucket in BUCKETS:
                old = key._replace(bucket=bucket)
                yield old, _values(question, group, currency, old)
        else:
            yield key, _values(question, group, key.currency or currency, key)


def _values(question: Question, group: Group, currency: str, key: Key = _ALL) -> dict[str, Any]:
    def numbers(window: Window) -> dict[str, int | float | None]:
        figures = group.figures(window)
        if question.kpi.over == "months":
            figures.months = tuple(group.figures(month) for month in months(window))
        return _numbers(_ratio(question, figures, key))

    series: list[dict[str, Any]] = []
    if question.interval:
        for part in question.parts:
            values = numbers(question.span_in_series(part, currency))
            is_complete = question.is_over(part)
            series.append(
                {"from": part.from_on, "to": part.to_on, "is_complete": is_complete, **values}
            )
    return {**numbers(question.span(question.window, currency)), "series": series}


def _ratio(question: Question, figures: Figures, key: Key) -> Ratio:
    if not key.bucket:
        kpi = question.kpi
        formula = kpi.rule_formula if key.rule and kpi.rule_formula else kpi.formula
        return formula(figures, question.by)
    balance = figures.bucket(key.bucket)
    value = balance.amount if question.by == "amount" else balance.count
    return Ratio(value, value, None)


def _numbers(ratio: Ratio) -> dict[str, int | float | None]:
    value = ratio.value
    return {
        "value": float(value) if isinstance(value, Fraction) else value,
        "numerator": _number(ratio.numerator),
        "denominator": None if ratio.denominator is None else _number(ratio.denominator),
    }


def _number(number: Number) -> int | float:
    return int(number) if number == int(number) else float(number)

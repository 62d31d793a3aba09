"""A question about a KPI, and its answer from the groups of figures.

Everything here may be computed in another process: questions and rows are plain values, and a KPI
travels by its name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
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
from services.metrics.domain.windows import Interval, Window, parts

_ALL = Key()  # of everything together


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

    @property
    def parts(self) -> list[Window]:
        """The windows of the series; the whole one if no interval is asked for."""
        return list(parts(self.window, self.interval)) if self.interval else [self.window]

    def splits_by(self, dimension: str) -> bool:
        return dimension in self.group_by


@dataclass(frozen=True)
class Rows:
    """What the store found: sums by slice of time (the parts are slices 1 … n) and key."""

    sums: Sequence[Sums]
    aged: Sequence[Aged] = ()
    late: Sequence[Late] = ()

    def groups(self, slices: int) -> dict[Key, Group]:
        return grouped(slices, self.sums, self.aged, self.late)

    def together(self, slices: int) -> Group:
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
    kpi, windows = question.kpi, question.parts
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
        whole = _values(question, rows.together(len(windows)), windows)
    dimensions = tuple(question.group_by)
    if is_mixed and "currency" not in dimensions:
        dimensions = ("currency", *dimensions)
    groups = [
        {"key": {name: getattr(key, name) or None for name in dimensions}, **values}
        for key, values in _groups(question, rows, windows)
    ]
    return {**head, **whole, "groups": groups if dimensions else []}


def _groups(
    question: Question, rows: Rows, windows: Sequence[Window]
) -> Iterable[tuple[Key, dict[str, Any]]]:
    groups = rows.groups(len(windows))
    for key in sorted(groups):
        group = groups[key]
        if question.splits_by("rule"):
            if not key.rule:
                continue  # what was planned has no rule: it is every rule's denominator
            group.add_flows(groups.get(key._replace(rule="")))
        if question.splits_by("bucket"):
            for bucket in BUCKETS:
                old = key._replace(bucket=bucket)
                yield old, _values(question, group, windows, old)
        else:
            yield key, _values(question, group, windows, key)


def _values(
    question: Question, group: Group, windows: Sequence[Window], key: Key = _ALL
) -> dict[str, Any]:
    whole = group.figures(question.window, 1, len(windows))
    series: list[dict[str, Any]] = []
    if question.interval:
        for number, window in enumerate(windows, start=1):
            figures = group.figures(window, number, number)
            values = _numbers(_ratio(question, figures, key))
            series.append({"from": window.from_on, "to": window.to_on, **values})
    return {**_numbers(_ratio(question, whole, key)), "series": series}


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

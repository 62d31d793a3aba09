"""The answer to a question, from the groups of figures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import msgspec

from services.metrics.domain.export import table
from services.metrics.domain.figures import BUCKETS, Figures, Group, Key, Row, grouped
from services.metrics.domain.kpis.kpi import Number, Ratio, total
from services.metrics.domain.questions import Question, months, months_back
from services.metrics.domain.reading import shared_by, without_dimensions
from services.metrics.domain.windows import Window

_ALL = Key()  # of everything together


@dataclass(frozen=True)
class Figured:
    """A question with all that its answer is made of: sums by slice of time and key."""

    question: Question
    rows: Sequence[Row]
    currencies: Sequence[str]

    @property
    def size(self) -> int:
        """How many figures the answer has, at most: parts × groups."""
        groups = max(len({row.key for row in self.rows}), 1)
        groups *= len(BUCKETS) if self.question.splits_by("bucket") else 1
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


def answer(question: Question, rows: Sequence[Row], currencies: Sequence[str]) -> dict[str, Any]:
    """The answer as it is sent. Several currencies are never summed: they make groups."""
    kpi = question.kpi
    is_mixed = kpi.is_money and question.currency is None and len(currencies) > 1
    currency = question.currency or (currencies[0] if len(currencies) == 1 else None)
    head: dict[str, Any] = {
        "name": kpi.name,
        "unit": "count" if question.by == "count" and kpi.unit == "minor" else kpi.unit,
        "currency": currency if kpi.is_money else None,
        "from": question.window.from_on,
        "to": question.window.to_on,
    }
    if kpi.kind == "cohort":
        head["at"] = question.looked_at
    if is_mixed:
        whole: dict[str, Any] = {"value": None, "numerator": None, "denominator": None}
        whole |= {"series": [], **dict.fromkeys(kpi.members)}
    else:
        whole = _values(question, _together(question, rows), currency or "")
    dimensions = tuple(question.group_by)
    if is_mixed and "currency" not in dimensions:
        dimensions = ("currency", *dimensions)
    groups = [
        {"key": {name: _named(question, key, name) for name in dimensions}, **values}
        for key, values in _groups(question, rows, currency or "")
    ]
    return {**head, **whole, "groups": groups if dimensions else []}


def _named(question: Question, key: Key, dimension: str) -> str | None:
    is_mark = dimension in (question.kpi.mark, "bucket")
    return (key.mark if is_mark else getattr(key, dimension)) or None


def _together(question: Question, rows: Sequence[Row]) -> Group:
    """All of them in one group."""
    whole = grouped(question.slices, (row._replace(key=_ALL) for row in rows))
    return whole.get(_ALL) or Group(question.slices)


def _groups(
    question: Question, rows: Sequence[Row], currency: str
) -> Iterable[tuple[Key, dict[str, Any]]]:
    groups, shared = _grouped(question, rows)
    for key in sorted(groups):
        group = groups[key]
        for without, of_several in shared.items():
            group.add_missing(of_several.get(without_dimensions(question, key, without)))
        if question.splits_by_mark and question.kpi.mark_formula is not None:
            if not key.mark:
                continue  # the whole: it is the denominator of every mark
            group.add_missing(groups.get(key._replace(mark="")))
        if question.splits_by("bucket"):
            for bucket in BUCKETS:
                if bucket not in question.filters.get("bucket", BUCKETS):
                    continue
                old = key._replace(mark=bucket)
                yield old, _values(question, group, key.currency or currency, old)
        else:
            yield key, _values(question, group, key.currency or currency, key)


def _grouped(
    question: Question, rows: Sequence[Row]
) -> tuple[dict[Key, Group], dict[frozenset[str], dict[Key, Group]]]:
    """Groups by key, and by the dimensions that it lacks what several groups share."""
    lacking = shared_by(question)
    own = [row for row in rows if row.measure not in lacking]
    shared: dict[frozenset[str], list[Row]] = {}
    for row in rows:
        if row.measure in lacking:
            shared.setdefault(lacking[row.measure], []).append(row)
    return grouped(question.slices, own), {
        without: grouped(question.slices, of_several) for without, of_several in shared.items()
    }


def _values(
    question: Question, group: Group, currency: str, key: Key | None = None
) -> dict[str, Any]:
    """Of the group of a key; without one, of everything together."""
    asked = frozenset((*question.filters, *(question.group_by if key is not None else ())))
    key = key or _ALL

    def numbers(window: Window) -> dict[str, Any]:
        figures = figures_of(question, group, window, currency, asked=asked)
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


def figures_of(
    question: Question,
    group: Group,
    window: Window,
    currency: str = "",
    *,
    asked: frozenset[str] = frozenset(),
) -> Figures:
    """The figures of a group in a window that the question's slices were cut for."""

    def figures(window: Window) -> Figures:
        first, last = question.slices.run(window)
        return Figures(
            window,
            question.looked_at,
            question.by,
            question.per,
            group,
            first=first,
            last=last,
            currency=currency,
            asked=asked,
            filters=question.filters,
        )

    made = figures(window)
    over = question.kpi.over
    if over in ("months", "countback"):
        of_window = months(window) if over == "months" else months_back(window)
        made.months = tuple(figures(month) for month in of_window)
    elif over == "before":
        made.before = figures(window.before)
    return made


def _ratio(question: Question, figures: Figures, key: Key) -> Ratio:
    kpi = question.kpi
    if question.splits_by("bucket"):
        return total(figures.of(figures.bucket(key.mark))) if key.mark else kpi.formula(figures)
    if key.mark and kpi.mark_formula is not None:
        return kpi.mark_formula(figures)
    return kpi.formula(figures)


def _numbers(ratio: Ratio) -> dict[str, Any]:
    value = ratio.value
    return {
        "value": float(value) if isinstance(value, Fraction) else value,
        "numerator": None if ratio.numerator is None else _number(ratio.numerator),
        "denominator": None if ratio.denominator is None else _number(ratio.denominator),
        **{name: _member(member) for name, member in ratio.extra.items()},
    }


def _member(member: Any) -> Any:
    return _number(member) if isinstance(member, Fraction) else member


def _number(number: Number) -> int | float:
    return int(number) if number == int(number) else float(number)

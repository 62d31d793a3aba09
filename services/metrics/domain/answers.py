"""The answer to a question, from the groups of figures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import msgspec

from services.metrics.domain.export import table
from services.metrics.domain.figures import BUCKETS, Figures, Group, Key, Row, grouped
from services.metrics.domain.kpis.kpi import Number, Ratio, total
from services.metrics.domain.questions import Question, months
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
        groups *= len(BUCKETS) if self.question.splits_by_age else 1
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
    groups = grouped(question.slices, rows)
    for key in sorted(groups, key=_in_order):
        group = groups[key]
        if question.splits_by_mark and question.kpi.mark_formula is not None:
            if not key.mark:
                continue  # the whole: it is the denominator of every mark
            group.add_missing(groups.get(key._replace(mark="")))
        if question.splits_by_age:
            for bucket in BUCKETS:
                old = key._replace(mark=bucket)
                yield old, _values(question, group, key.currency or currency, old)
        else:
            yield key, _values(question, group, key.currency or currency, key)


_BUCKETS_IN_ORDER = {bucket: str(place) for place, bucket in enumerate(BUCKETS)}


def _in_order(key: Key) -> Key:
    """Buckets by age, all else by name."""
    return key._replace(mark=_BUCKETS_IN_ORDER.get(key.mark, key.mark))


def _values(question: Question, group: Group, currency: str, key: Key = _ALL) -> dict[str, Any]:
    def numbers(window: Window) -> dict[str, Any]:
        found = _numbers(_ratio(question, figures_of(question, group, window), key))
        for name in question.kpi.members_asked:
            if name not in question.members:
                del found[name]
        return found

    series: list[dict[str, Any]] = []
    if question.interval:
        for part in question.parts:
            values = numbers(question.span_in_series(part, currency))
            is_complete = question.is_over(part)
            series.append(
                {"from": part.from_on, "to": part.to_on, "is_complete": is_complete, **values}
            )
    return {**numbers(question.span(question.window, currency)), "series": series}


def figures_of(question: Question, group: Group, window: Window) -> Figures:
    """The figures of a group in a window that the question's slices were cut for."""
    first, last = question.slices.run(window)
    made = Figures(
        window, question.looked_at, question.by, question.per, group, first=first, last=last
    )
    if question.kpi.over == "months":
        made.months = tuple(
            Figures(month, made.at, made.by, made.per, group, *question.slices.run(month))
            for month in months(window)
        )
    return made


def _ratio(question: Question, figures: Figures, key: Key) -> Ratio:
    kpi = question.kpi
    if question.splits_by_age:
        return total(figures.of(figures.bucket(key.mark))) if key.mark else kpi.formula(figures)
    if key.mark and kpi.mark_formula is not None:
        return kpi.mark_formula(figures)
    return kpi.formula(figures)


def _numbers(ratio: Ratio) -> dict[str, Any]:
    value = ratio.value
    return {
        "value": float(value) if isinstance(value, Fraction) else value,
        "numerator": _number(ratio.numerator),
        "denominator": None if ratio.denominator is None else _number(ratio.denominator),
        **{name: _member(member) for name, member in ratio.extra.items()},
    }


def _member(member: Any) -> Any:
    return _number(member) if isinstance(member, Fraction) else member


def _number(number: Number) -> int | float:
    return int(number) if number == int(number) else float(number)

"""The answer to a question, from the groups of figures."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import msgspec

from services.metrics.domain.export import csv_of, lines_of
from services.metrics.domain.figures import BUCKETS, Figures, Group, Key, Row, grouped
from services.metrics.domain.kpis.kpi import Number, Ratio, total, written
from services.metrics.domain.questions import Question, months, months_back
from services.metrics.domain.rates import Converter
from services.metrics.domain.reading import shared_by, without_dimensions
from services.metrics.domain.targets import Target, find_target
from services.metrics.domain.windows import Window

_ALL = Key()  # of everything together
_NULL: dict[str, Any] = {"value": None, "numerator": None, "denominator": None}


@dataclass(frozen=True)
class Figured:
    """A question with all that its answer is made of: sums by slice of time and key, the same of
    what it is compared with, and the KPI's targets."""

    question: Question
    rows: Sequence[Row]
    currencies: Sequence[str]
    compared: "Figured | None" = None
    targets: Sequence[Target] = ()

    @property
    def size(self) -> int:
        """How many figures the answer has, at most: parts × groups."""
        groups = max(len({row.key for row in self.rows}), 1)
        groups *= len(BUCKETS) if self.question.splits_by("bucket") else 1
        own = len(self.question.parts) * groups
        return own + (self.compared.size if self.compared else 0)

    def answer(self) -> dict[str, Any]:
        return _Answer(self).written()


def answers_as_json(figured: Sequence[Figured], more: Mapping[str, Any]) -> list[bytes]:
    """Each answer with further members, as it is sent."""
    return [msgspec.json.encode({**each.answer(), **more}) for each in figured]


def answers_as_csv(figured: Sequence[Figured]) -> bytes:
    """The answers as a table."""
    return csv_of(each.answer() for each in figured)


def answers_as_parquet(figured: Sequence[Figured]) -> bytes:
    """The same as a file of columns."""
    from services.metrics.domain.parquet import figures_table  # a large library, rarely needed

    return figures_table(lines_of(each.answer() for each in figured))


class _Answer:
    """Several currencies are never summed unless they are converted: they make groups."""

    def __init__(self, figured: Figured) -> None:
        self._figured = figured
        self._question = question = figured.question
        self._kpi = question.kpi
        currencies = figured.currencies
        only = currencies[0] if len(currencies) == 1 else None
        self._is_mixed = (
            self._kpi.is_money
            and not question.into
            and question.currency is None
            and len(currencies) > 1
        )
        self._currency = question.into or question.currency or only or ""
        self._converter = Converter(question.rates) if question.rates is not None else None
        self._compared = _Answer(figured.compared) if figured.compared else None

    def written(self) -> dict[str, Any]:
        question, kpi = self._question, self._kpi
        head: dict[str, Any] = {
            "name": kpi.name,
            "unit": "count" if question.by == "count" and kpi.unit == "minor" else kpi.unit,
            "currency": (self._currency or None) if kpi.is_money else None,
            "from": question.window.from_on,
            "to": question.window.to_on,
        }
        if kpi.kind == "cohort":
            head["at"] = question.looked_at
        if self._is_mixed:
            whole = {**_NULL, "series": [], **dict.fromkeys(kpi.members)}
            whole |= {**self._beside(None, None), "target": None, "target_plan": None}
        else:
            whole = self._values(self._whole, self._span_currency, None, {})
            if self._compared is not None:
                whole |= self._beside(self._whole_ratio, self._compared._whole_ratio)
        dimensions = self._dimensions
        groups = [self._group(key, group) for key, group in self._groups] if dimensions else []
        answer = {**head, **whole, "groups": groups}
        if question.into is not None:
            answer["rates"] = self._converter.listed() if self._converter else []
        return answer

    def _group(self, key: Key, group: Group) -> dict[str, Any]:
        named = {name: self._named(key, name) for name in self._dimensions}
        currency = key.currency or self._span_currency
        values = self._values(group, currency, key, named)
        if self._compared is not None:
            ratio = self._over_window(group, currency, key)
            values |= self._beside(ratio, self._compared._group_ratio(key))
        return {"key": named, **values}

    @property
    def _span_currency(self) -> str:
        """Whose first invoice begins a figure that looks back: of the earliest if all are one."""
        return "" if self._question.into else self._currency

    @property
    def _dimensions(self) -> tuple[str, ...]:
        dimensions = tuple(self._question.group_by)
        if self._is_mixed and "currency" not in dimensions:
            return ("currency", *dimensions)
        return dimensions

    def _named(self, key: Key, dimension: str) -> str | None:
        is_mark = dimension in (self._kpi.mark, "bucket")
        return (key.mark if is_mark else getattr(key, dimension)) or None

    @cached_property
    def _whole(self) -> Group:
        """All of them in one group."""
        whole = self._grouped(self._figured.rows, lambda _: _ALL)
        return whole.get(_ALL) or Group(self._question.slices)

    @cached_property
    def _groups(self) -> list[tuple[Key, Group]]:
        return list(self._each_group())

    def _each_group(self) -> Iterator[tuple[Key, Group]]:
        question = self._question
        is_apart = question.into is None or question.splits_by("currency")
        lacking = shared_by(question)
        rows: dict[frozenset[str], list[Row]] = {}
        for row in self._figured.rows:
            rows.setdefault(lacking.get(row.measure, frozenset()), []).append(row)

        def key_of(key: Key) -> Key:
            return key if is_apart else key._replace(currency="")

        groups = self._grouped(rows.pop(frozenset(), ()), key_of)
        shared = {without: self._grouped(found, key_of) for without, found in rows.items()}
        for key in sorted(groups, key=_in_order):
            group = groups[key]
            for without, of_several in shared.items():
                group.add_missing(of_several.get(without_dimensions(question, key, without)))
            if question.splits_by_mark and self._kpi.mark_formula is not None:
                if not key.mark:
                    continue  # the whole: it is the denominator of every mark
                group.add_missing(groups.get(key._replace(mark="")))
            if question.splits_by("bucket") and self._kpi.mark != "bucket":
                yield from ((key._replace(mark=bucket), group) for bucket in _buckets(question))
            else:
                yield key, group

    def _grouped(self, rows: Iterable[Row], key_of: Callable[[Key], Key]) -> dict[Key, Group]:
        stocks = frozenset(need.name for need in self._kpi.needs if need.mode == "stock")
        return grouped(self._question.slices, rows, key_of, self._converter, stocks)

    # ── Figures ─────────────────────────────────────────────────────────────────────────────────

    def _values(
        self, group: Group, currency: str, key: Key | None, named: Mapping[str, str | None]
    ) -> dict[str, Any]:
        question = self._question
        values = self._numbers(self._over_window(group, currency, key))
        series: list[dict[str, Any]] = []
        if question.interval:
            for part in question.parts:
                span = question.span_in_series(part, currency)
                is_complete = question.is_over(part)
                head = {"from": part.from_on, "to": part.to_on, "is_complete": is_complete}
                series.append({**head, **self._numbers(self._ratio(group, span, key))})
        return {**values, "series": series, **self._target(named)}

    def _over_window(self, group: Group, currency: str, key: Key | None) -> Ratio | None:
        return self._ratio(group, self._question.span(self._question.window, currency), key)

    @property
    def _whole_ratio(self) -> Ratio | None:
        return self._over_window(self._whole, self._span_currency, None)

    def _group_ratio(self, key: Key) -> Ratio | None:
        """The figure of a group; of one that is not there, what nothing comes to."""
        group = self._by_key.get(key) or Group(self._question.slices)
        return self._over_window(group, key.currency or self._span_currency, key)

    @cached_property
    def _by_key(self) -> dict[Key, Group]:
        return dict(self._groups)

    def _ratio(self, group: Group, window: Window, key: Key | None) -> Ratio | None:
        """Of a key's group, or of everything. None where a rate is missing."""
        question = self._question
        figures = figures_of(question, group, window)
        figures.asked = frozenset((*question.filters, *(question.group_by if key else ())))
        figures.currency = (key.currency if key else "") or self._currency
        ratio = taken(question, figures, key or _ALL)
        return None if figures.lacks_a_rate else ratio

    def _beside(self, now: Ratio | None, before: Ratio | None) -> dict[str, Any]:
        """What it is compared with."""
        if self._compared is None:
            return {}
        window = self._compared._question.window
        previous = {"from": window.from_on, "to": window.to_on, **self._numbers(before)}
        return {"previous": previous, "change": _change(now, before)}

    def _target(self, named: Mapping[str, str | None]) -> dict[str, Any]:
        """The target of exactly these figures."""
        question = self._question
        if any(len(values) > 1 for values in question.filters.values()):
            return {"target": None, "target_plan": None}
        split = {name: values[0] for name, values in question.filters.items()}
        if self._kpi.is_money and self._currency:
            split["currency"] = self._currency
        split |= {name: value or "" for name, value in named.items()}
        by = "" if question.by == self._kpi.by[0] else question.by
        found = find_target(self._figured.targets, question.window, split, by, question.per)
        if found is None:
            return {"target": None, "target_plan": None}
        return {"target": found.number, "target_plan": found.plan_id}

    def _numbers(self, ratio: Ratio | None) -> dict[str, Any]:
        if ratio is None:
            return {**_NULL, **dict.fromkeys(self._kpi.members)}
        is_sum = self._kpi.unit == "minor" and self._question.is_converted
        number: Callable[[Number], int | float] = _minor if is_sum else written
        value = ratio.value
        if is_sum and value is not None:
            value = _minor(value)
        return {
            "value": float(value) if isinstance(value, Fraction) else value,
            "numerator": None if ratio.numerator is None else number(ratio.numerator),
            "denominator": None if ratio.denominator is None else number(ratio.denominator),
            **{
                name: _member(member)
                for name, member in ratio.extra.items()
                if name != "curve" or self._question.has_curve
            },
        }


_PLACES = {bucket: str(place) for place, bucket in enumerate(BUCKETS)}


def _in_order(key: Key) -> Key:
    """Buckets by age, all else by name."""
    return key._replace(mark=_PLACES.get(key.mark, key.mark))


def taken(question: Question, figures: Figures, key: Key = _ALL) -> Ratio:
    """What the figures of a key's group, or of everything, come to."""
    kpi = question.kpi
    if kpi.mark != "bucket" and (question.splits_by("bucket") or "bucket" in question.filters):
        buckets = [key.mark] if key.mark else _buckets(question)
        return total(sum(figures.of(figures.bucket(bucket)) for bucket in buckets))
    if (key.mark or question.filters_by_mark) and kpi.mark_formula is not None:
        return kpi.mark_formula(figures)
    return kpi.formula(figures)


def _buckets(question: Question) -> Sequence[str]:
    only = question.filters.get("bucket")
    return [bucket for bucket in BUCKETS if only is None or bucket in only]


def figures_of(question: Question, group: Group, window: Window) -> Figures:
    """The figures of a group in a window that the question's slices were cut for."""

    def figures(part: Window) -> Figures:
        first, last = question.slices.run(part)
        return Figures(
            part,
            question.looked_at,
            question.by,
            question.per,
            group,
            first=first,
            last=last,
            rates_on=window.to_on,
            split_by=frozenset((*question.filters, *question.group_by)),
        )

    made, over = figures(window), question.kpi.over
    if over in ("months", "countback"):
        of_window = months(window) if over == "months" else months_back(window)
        made.months = tuple(figures(month) for month in of_window)
    elif over == "before":
        made.before = figures(window.days_before)
    return made


def _change(now: Ratio | None, before: Ratio | None) -> dict[str, Any]:
    """By exact numbers."""
    if now is None or before is None or now.value is None or before.value is None:
        return {"absolute": None, "relative": None}
    absolute = Fraction(now.value) - Fraction(before.value)
    relative = None if before.value == 0 else float(absolute / Fraction(before.value))
    return {"absolute": written(absolute), "relative": relative}


def _member(member: Any) -> Any:
    return written(member) if isinstance(member, Fraction) else member


def _minor(number: Number) -> int:
    """Whole minor units, also of what was converted."""
    return round(number)

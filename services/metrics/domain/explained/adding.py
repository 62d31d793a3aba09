"""What the cells of a thing add to a part of a figure: of a KPI, of a matrix, of a cohort."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Protocol

from services.metrics.domain.answers import Figured, figures_of, taken
from services.metrics.domain.cells import Added, Cell, Cells
from services.metrics.domain.counted import InArm, kept_cells, rolled_of, rows_of_cells
from services.metrics.domain.figures import By, Figures, Group, Key, Row, grouped
from services.metrics.domain.kpis.kpi import Number, Part, Ratio
from services.metrics.domain.questions import Question
from services.metrics.domain.rates import Converter
from services.metrics.domain.rolls import MatrixRow, matrix
from services.metrics.domain.vintages import Grown, GrownCohort, Months, Vintage, vintages
from services.metrics.domain.windows import Window

_ROLLED = frozenset({"stay", "roll"})
_LIVED = frozenset({"entered", "settled", "left"})


@dataclass(frozen=True, slots=True)
class Share:
    """What something adds to a figure: to the part that is explained, and how many things it is."""

    amount: Number
    count: Number


NO_SHARE = Share(0, 0)


class Adding(Protocol):
    """What is explained. `measures`: the cells that it reads; of no thing that ends before `since`
    any cell counts."""

    @property
    def question(self) -> Question: ...

    @property
    def measures(self) -> frozenset[str]: ...

    @property
    def since(self) -> date: ...

    def share(self, cells: Mapping[Cell, Added]) -> Share:
        """What the cells of one thing add."""
        ...


def day_of(adding: Adding, cells: Cells) -> date | None:
    """The newest day whose cells, by themselves, add anything."""
    for day in sorted({cell.day for cell in cells}, reverse=True):
        on_day = {cell: added for cell, added in cells.items() if cell.day == day}
        if adding.share(on_day).amount:
            return day
    return None


# ── KPIs ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class AddingToKpi:
    """A numerator or denominator. `currency`: the only one, if there is one; `span_currency`: whose
    first invoice begins a figure that looks back; `whole`: where the KPI needs it for a share."""

    question: Question
    currency: str | None
    span_currency: str
    part: Part
    whole: Figures | None = None

    @property
    def measures(self) -> frozenset[str]:
        found: set[str] = set()
        for need in self.question.kpi.needs:
            if need.mode == "rolled":
                found |= _ROLLED
            elif need.mode == "lived":
                found |= _LIVED
            elif need.mode != "delinquent":
                found.add(need.measure)
        return frozenset(found)

    @property
    def since(self) -> date:
        return self.question.slices.bounds[0]

    def share(self, cells: Mapping[Cell, Added]) -> Share:
        return self.share_of_rows(list(rows_of_cells(self.question, self.currency, cells)))

    def share_of_rows(self, rows: list[Row]) -> Share:
        """What the rows of one thing add."""
        if not rows:
            return NO_SHARE
        figures = self.figures(rows)
        amount = self._of(self._taken(figures))
        if self.question.by == "count":
            return Share(amount, amount)
        if "count" not in self.question.kpi.by:
            return Share(amount, int(amount != 0))
        figures.by = "count"
        return Share(amount, self._of(self._taken(figures)))

    def figures(self, rows: Iterable[Row]) -> Figures:
        """What rows come to, in the window."""
        question, kpi = self.question, self.question.kpi
        stocks = frozenset(need.name for need in kpi.needs if need.mode == "stock")
        groups = grouped(question.slices, rows, lambda _: _ALL, self._converter, stocks)
        group = groups.get(_ALL) or Group(question.slices)
        span = question.span_in_series if question.interval else question.span
        window = span(question.window, self.span_currency)
        figures = figures_of(question, group, window)
        figures.asked = frozenset(question.filters)
        figures.currency = self.span_currency
        return figures

    def ratio(self, figures: Figures) -> Ratio | None:
        """The figure itself. None where a rate is missing."""
        ratio = taken(self.question, figures)
        return None if figures.lacks_a_rate else ratio

    def _taken(self, figures: Figures) -> Ratio:
        share = self.question.kpi.share
        if share is None:
            return taken(self.question, figures)
        assert self.whole is not None, "the KPI's shares need it"
        return share(figures, self.whole)

    def _of(self, ratio: Ratio) -> Number:
        return part_of(ratio, self.part) or 0

    @cached_property
    def _converter(self) -> Converter | None:
        return Converter(self.question.rates) if self.question.rates is not None else None


_ALL = Key()


def plain(question: Question) -> Question:
    """The question without what does not change the figure of the whole. One with an interval stays
    one: its days are a part of a series, which looks back as parts do."""
    return replace(question, group_by=(), compare=None, has_curve=False)


def is_mixed(figured: Figured) -> bool:
    """Whether it is of several currencies, which are never mixed."""
    question = figured.question
    is_open = question.kpi.is_money and question.currency is None and question.into is None
    return is_open and len(figured.currencies) > 1


def adding_to(figured: Figured, part: Part) -> tuple[AddingToKpi, Number | None]:
    """What is explained of a plain question, and what it comes to. None: there is no such figure,
    so nothing adds to it."""
    question, currencies = figured.question, figured.currencies
    only = currencies[0] if len(currencies) == 1 else None
    span_currency = "" if question.into else question.currency or only or ""
    adding = AddingToKpi(question, question.currency or only, span_currency, part)
    whole = adding.figures(figured.rows)
    ratio = adding.ratio(whole)
    if question.kpi.share is not None:
        adding = replace(adding, whole=whole)
    return adding, None if ratio is None else part_of(ratio, part)


def part_of(ratio: Ratio, part: Part) -> Number | None:
    return ratio.numerator if part == "numerator" else ratio.denominator


# ── Matrices and cohorts ──────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class AddingToRolls:
    """A cell of a month's matrix: what went from a bucket to a column; its denominator is what was
    in the bucket."""

    question: Question
    currency: str | None
    month: Window
    row: str
    column: str
    part: Part

    @property
    def measures(self) -> frozenset[str]:
        return _ROLLED

    @property
    def since(self) -> date:
        return self.question.slices.bounds[0]

    def share(self, cells: Mapping[Cell, Added]) -> Share:
        kept = kept_cells(self.question, self.currency, cells)
        rolled = list(rolled_of(self.question, self.currency, kept, [self.month]))
        if not rolled:
            return NO_SHARE

        def value(by: By) -> int:
            return value_in_matrix(matrix(rolled, by), self.row, self.column, self.part)

        return Share(value(self.question.by), value("count"))


def value_in_matrix(rows: Iterable[MatrixRow], row: str, column: str, part: Part) -> int:
    """Of a matrix as it is answered."""
    (found,) = (each for each in rows if each["bucket"] == row)
    if part == "denominator":
        return found["base"]
    return next(cell["value"] for cell in found["cells"] if cell["to"] == column)


@dataclass(frozen=True)
class AddingToVintage:
    """A point of a month's cohort; its denominator is what the cohort began with. `months`: of this
    cohort alone, looked at until the point."""

    question: Question
    currency: str | None
    vintage: Vintage
    months: Months
    age: int
    part: Part

    @property
    def measures(self) -> frozenset[str]:
        return frozenset({self.vintage.base, self.vintage.measure})

    @property
    def since(self) -> date:
        return self.months.starts[0]

    def share(self, cells: Mapping[Cell, Added]) -> Share:
        became = self.became_of(cells)
        if not became:
            return NO_SHARE
        amount = value_of_vintage(vintages(self.months, became), self.age, self.part)
        return Share(amount, int(amount != 0))

    def became_of(self, cells: Mapping[Cell, Added]) -> list[Grown]:
        """What cells say of the cohort."""
        return list(self._became(kept_cells(self.question, self.currency, cells)))

    def _became(self, kept: Iterable[InArm]) -> Iterator[Grown]:
        starts, cohorts = self.months.starts, len(self.months.cohorts)
        for cell, _, added in kept:
            is_base = cell.measure == self.vintage.base
            if not is_base and cell.measure != self.vintage.measure:
                continue
            cohort = bisect_right(starts, cell.day if is_base else cell.until)
            if not 1 <= cohort <= cohorts:
                continue
            month = None if is_base else bisect_right(starts, cell.day)
            yield Grown(cohort, month, added.amount)


def value_of_vintage(items: Iterable[GrownCohort], age: int, part: Part) -> int:
    """Of the only cohort, as it is answered."""
    (found,) = items
    if part == "denominator":
        return found["base_minor"]
    return next(point["value"] for point in found["points"] if point["age"] == age)

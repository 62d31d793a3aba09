"""The rows that cells make of a question, in plain Python: what the store does in SQL."""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from services.metrics.domain.cells import Added, Cell
from services.metrics.domain.figures import Key, Row
from services.metrics.domain.lives import lived
from services.metrics.domain.questions import Question
from services.metrics.domain.reading import NeedGroup
from services.metrics.domain.rolls import Rolled, bucket_on
from services.metrics.domain.slots import UNTIL_NOW
from services.metrics.domain.timelines import KnownRow, Rewritten
from services.metrics.domain.windows import Window

R = TypeVar("R")


def rewrite_rows(
    rows: list[KnownRow[R]], rewritten: Rewritten[Any, R], key: Callable[[R], Any]
) -> list[KnownRow[R]]:
    """What the store does to the rows of an account."""
    since = rewritten.rewinds_to
    if since is not None:
        rows = [
            replace(each, known_until=UNTIL_NOW) if each.known_until >= since else each
            for each in rows
            if each.known_from < since
        ]
    closed = dict(rewritten.closed)
    return [
        *(
            replace(each, known_until=closed[key(each.row)])
            if each.known_until == UNTIL_NOW and key(each.row) in closed
            else each
            for each in rows
        ),
        *rewritten.opened,
    ]


def key_of(
    question: Question,
    cell: Cell,
    currency: str | None,
    arm: str = "",
    without: Collection[str] = (),
) -> Key:
    """The group that a cell belongs to."""

    def splits_by(name: str | None) -> bool:
        return name is not None and question.splits_by(name) and name not in without

    names = ("segment", "country", "kind", "channel", "strategy", "collector")
    is_apart = question.is_converted or question.splits_by("currency") or currency is None
    is_apart = is_apart and question.kpi.is_money and "currency" not in without
    return Key(
        currency=cell.currency if is_apart else "",
        mark=cell.mark if splits_by(question.kpi.mark) else "",
        arm=arm if splits_by("arm") else "",
        **{name: getattr(cell, name) for name in names if splits_by(name)},
    )


def read_cells(
    cells: Iterable[tuple[Cell, str, Added]],
    question: Question,
    reading: NeedGroup,
    currency: str | None,
) -> Iterator[Row]:
    """What cells add to the needs of a reading."""
    bounds = question.slices.bounds
    for cell, arm, added in cells:
        slice_, until = bisect_right(bounds, cell.day), 0
        if reading.mode == "standing":
            until = bisect_right(bounds, cell.until)
        elif reading.mode == "cohort":
            if cell.until > question.looked_at:
                continue
        elif reading.mode == "of_cohort":
            if cell.day > question.looked_at:
                continue
            slice_ = bisect_right(bounds, cell.until)
        if slice_ > question.slices.count or (reading.mode != "stock" and not slice_):
            continue
        key = key_of(question, cell, currency, arm, reading.without)
        mark = cell.currency if reading.is_in_all_currencies else cell.mark
        yield from reading.rows(key, cell.measure, mark, slice_, until, added)


def in_arms(question: Question, cell: Cell, added: Added) -> Iterator[tuple[str, Added]]:
    """What is in an arm is not outside of it."""
    uses_arms = question.splits_by("arm") or "arm" in question.filters
    experiment, _, arm = cell.cut.partition("/")
    if not cell.cut:
        yield "", added
    elif uses_arms and experiment == question.experiment:
        yield arm, added
        yield "", Added() - added


def rolled_cells(
    cells: Iterable[tuple[Cell, str, Added]],
    question: Question,
    currency: str | None,
    months: Sequence[Window],
) -> Iterator[Rolled]:
    for cell, arm, added in cells:
        for month in months:
            if cell.measure == "stay":
                counts = cell.day < month.from_on
            else:
                counts = cell.measure == "roll" and month.from_on <= cell.day <= month.to_on
            if counts:
                key = key_of(question, cell, currency, arm)._replace(mark="")
                bucket = bucket_on(cell.until, month.from_on - timedelta(days=1))
                to = bucket_on(cell.until, month.to_on)
                yield Rolled(key, month, bucket, to, cell.mark, added)


def lived_cells(
    cells: Iterable[tuple[Cell, str, Added]], question: Question, currency: str | None
) -> Iterator[Row]:
    bounds, window = question.slices.bounds, question.window
    for cell, arm, added in cells:
        if cell.measure in ("entered", "settled", "left") and (
            window.from_on <= cell.day <= window.to_on
        ):
            key = key_of(question, cell, currency, arm)
            for each in lived(
                cell.measure, cell.day, cell.until, cell.mark, added, question.looked_at
            ):
                slice_ = bisect_right(bounds, cell.day)
                yield Row(key, each.measure, str(each.days), slice_, 0, each.added)

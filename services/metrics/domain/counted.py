"""Which cells count for a question, and which rows of figures they make: what the store's SQL does
to all cells at once (`store/figures.py`, `store/histories.py`), here for the cells of some things.

Integration tests hold both against each other.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from services.metrics.domain.cells import NOTHING, Added, Cell
from services.metrics.domain.cures import Ended, is_ripe, is_seen, state_of
from services.metrics.domain.cures import rows_of as rows_of_cures
from services.metrics.domain.delinquencies import Delinquency
from services.metrics.domain.figures import Key, Row
from services.metrics.domain.lives import lived
from services.metrics.domain.questions import Question
from services.metrics.domain.reading import NeedGroup, readings
from services.metrics.domain.rolls import Rolled, bucket_on, months_of, rows_of
from services.metrics.domain.slots import FAR
from services.metrics.domain.windows import ONE_DAY, Window

_CURRENCY = "currency"
_DIMENSIONS = ("segment", "country", "kind", "channel", "strategy", "collector")
_LIVED = ("entered", "settled", "left")


class InArm(NamedTuple):
    """A cell that counts, and in which arm of the experiment asked for."""

    cell: Cell
    arm: str
    added: Added


def rows_of_cells(
    question: Question, currency: str | None, cells: Mapping[Cell, Added]
) -> Iterator[Row]:
    """What the cells add to a question's figures. `currency`: the only one, if there is one."""
    for reading in readings(question):
        only = None if reading.is_in_all_currencies else currency
        kept = kept_cells(question, only, cells, reading.without)
        if reading.mode == "rolled":
            rolled = rolled_of(question, currency, kept, months_of(question))
            yield from rows_of(rolled, question)
        elif reading.mode == "lived":
            yield from _lived_rows(question, currency, kept)
        elif reading.mode != "delinquent":
            yield from _read_rows(question, currency, kept, reading)


def kept_cells(
    question: Question,
    currency: str | None,
    cells: Mapping[Cell, Added],
    without: Collection[str] = (),
) -> Iterator[InArm]:
    """Those of the part of the book that is asked for; `without`: dimensions that do not count."""
    for cell, added in cells.items():
        if question.kpi.is_money and currency not in (None, cell.currency):
            continue
        for arm, share in _in_arms(question, cell, added):
            values = {"arm": arm, question.kpi.mark: cell.mark}
            if all(
                name == "bucket" or values.get(name, getattr(cell, name, "")) in kept
                for name, kept in question.filters.items()
                if name not in without
            ):
                yield InArm(cell, arm, share)


def _in_arms(question: Question, cell: Cell, added: Added) -> Iterator[tuple[str, Added]]:
    """What is in an arm is not outside of it."""
    experiment, _, arm = cell.cut.partition("/")
    if not cell.cut:
        yield "", added
    elif question.asks("arm") and experiment == question.experiment:
        yield arm, added
        yield "", NOTHING - added


def key_of(
    question: Question, kept: InArm, currency: str | None, without: Collection[str] = ()
) -> Key:
    """The group that a cell belongs to."""
    cell = kept.cell

    def splits_by(name: str | None) -> bool:
        return name is not None and question.splits_by(name) and name not in without

    is_apart = question.is_converted or question.splits_by(_CURRENCY) or currency is None
    is_apart = is_apart and question.kpi.is_money and _CURRENCY not in without
    return Key(
        currency=cell.currency if is_apart else "",
        mark=cell.mark if splits_by(question.kpi.mark) else "",
        arm=kept.arm if splits_by("arm") else "",
        **{name: getattr(cell, name) for name in _DIMENSIONS if splits_by(name)},
    )


def _read_rows(
    question: Question, currency: str | None, kept: Iterable[InArm], reading: NeedGroup
) -> Iterator[Row]:
    bounds = question.slices.bounds
    for each in kept:
        cell = each.cell
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
        key = key_of(question, each, currency, reading.without)
        mark = cell.currency if reading.is_in_all_currencies else cell.mark
        yield from reading.rows(key, cell.measure, mark, slice_, until, each.added)


def rolled_of(
    question: Question, currency: str | None, kept: Iterable[InArm], months: Sequence[Window]
) -> Iterator[Rolled]:
    """Where the balances of each of the months went."""
    for each in kept:
        cell = each.cell
        for month in months:
            if cell.measure == "stay":
                counts = cell.day < month.from_on
            else:
                counts = cell.measure == "roll" and month.from_on <= cell.day <= month.to_on
            if counts:
                key = key_of(question, each, currency)._replace(mark="")
                bucket = bucket_on(cell.until, month.from_on - ONE_DAY)
                to = bucket_on(cell.until, month.to_on)
                yield Rolled(key, month, bucket, to, cell.mark, each.added)


def _lived_rows(question: Question, currency: str | None, kept: Iterable[InArm]) -> Iterator[Row]:
    bounds, window = question.slices.bounds, question.window
    for each in kept:
        cell = each.cell
        if cell.measure not in _LIVED or not window.from_on <= cell.day <= window.to_on:
            continue
        key = key_of(question, each, currency)
        slice_ = bisect_right(bounds, cell.day)
        for life in lived(
            cell.measure, cell.day, cell.until, cell.mark, each.added, question.looked_at
        ):
            yield Row(key, life.measure, str(life.days), slice_, 0, life.added)


def delinquent_rows(question: Question, span: Delinquency) -> Iterator[Row]:
    """What a span adds to a question about delinquencies, as it is seen at the end of `at`."""
    at, bounds = question.looked_at, question.slices.bounds
    if not is_seen(span, at):
        return
    has_ended = span.end_on <= at
    if span.chain_on > question.slices.to_on or (has_ended and span.end_on < bounds[0]):
        return
    values = values_of(question, span)
    if any(values[name] not in kept for name, kept in question.filters.items()):
        return
    key = Key(**{name: value for name, value in values.items() if question.splits_by(name)})
    ended = Ended(
        key,
        bisect_right(bounds, span.chain_on),
        bisect_right(bounds, span.end_on) if has_ended else None,
        state_of(span, at),
        span.is_untouched,
        is_ripe(span, at),
        span.next_issued_on < FAR,
        1,
    )
    yield from rows_of_cures([ended], question)


def values_of(question: Question, span: Delinquency) -> dict[str, str]:
    """What a span is split by."""
    return {
        "segment": span.segment,
        "country": span.country,
        "kind": span.kind,
        "arm": span.arms.get(question.experiment, ""),
    }

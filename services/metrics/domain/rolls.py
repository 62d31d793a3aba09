"""Where balances went in each month: the matrix, and the share of them that came to a worse bucket.

It is made of the measures `stay` and `roll` (`debt_measures/rolls.py`). A month is looked at at its
end, or on an earlier day while it is running.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal, NamedTuple, TypedDict

from services.metrics.domain.cells import NOTHING, Added
from services.metrics.domain.debt_measures.rolls import COLUMNS
from services.metrics.domain.figures import BUCKETS, Key, Row
from services.metrics.domain.questions import Question, months
from services.metrics.domain.windows import ONE_DAY, Window

BUCKET_NAMES = tuple(BUCKETS)
STARTS = tuple(start for start in BUCKETS.values() if start is not None)  # days past due
BASE: Literal[""] = ""  # the column of what was there before


class Rolled(NamedTuple):
    """Of one month: what was in a bucket before it, or what of that is gone, by the bucket that its
    due day has by the month's end."""

    key: Key
    month: Window
    bucket: int
    to: int
    column: str  # BASE, or one of COLUMNS
    added: Added


class MatrixCell(TypedDict):
    """What went from a bucket to one column, as it is answered."""

    to: str
    value: int
    share: float | None


class MatrixRow(TypedDict):
    """A bucket of the matrix, as it is answered."""

    bucket: str
    base: int
    cells: list[MatrixCell]


def bucket_on(due_on: date, day: date) -> int:
    """The place of a bucket of age among all of them, at the end of a day."""
    return bisect_right(STARTS, (day - due_on).days)


def months_of(question: Question) -> Sequence[Window]:
    """The calendar months of a window that begins with the first of one: a running month as far as
    anything of it can be known, by `as_of` or the business day."""
    last = question.window.to_on
    if question.known_on is not None:
        last = min(last, question.known_on)
    return list(months(Window(question.window.from_on, last)))


def rows_of(rolled: Iterable[Rolled], question: Question) -> Iterable[Row]:
    """As figures: by bucket what was there, and what of it came to a worse one.

    A month counts on the last day of the month before.
    """
    buckets = question.filters.get("bucket", BUCKET_NAMES)
    for each in rolled:
        bucket = BUCKET_NAMES[each.bucket]
        if bucket == BUCKET_NAMES[-1] or bucket not in buckets:
            continue
        at = bisect_right(question.slices.bounds, each.month.from_on - ONE_DAY)
        key = each.key._replace(mark=bucket) if question.splits_by_mark else each.key
        if each.column == BASE:
            yield Row(key, "rolled_from", bucket, at, 0, each.added)
        if each.to > each.bucket:
            added = each.added if each.column == BASE else NOTHING - each.added
            yield Row(key, "rolled_on", bucket, at, 0, added)


def matrix(rolled: Iterable[Rolled], by: Literal["amount", "count"]) -> list[MatrixRow]:
    """The rows of the matrix of one month: every bucket, every column, zeros too."""
    bases = [0] * len(BUCKET_NAMES)
    cells = [dict.fromkeys((*BUCKET_NAMES, *COLUMNS), 0) for _ in BUCKET_NAMES]
    for each in rolled:
        value = each.added.amount if by == "amount" else each.added.count
        row, to = cells[each.bucket], BUCKET_NAMES[each.to]
        if each.column == BASE:
            bases[each.bucket] += value
            row[to] += value
        else:
            row[to] -= value
            row[each.column] += value
    return [
        {
            "bucket": bucket,
            "base": base,
            "cells": [
                {"to": to, "value": value, "share": value / base if base else None}
                for to, value in row.items()
            ],
        }
        for bucket, base, row in zip(BUCKET_NAMES, bases, cells, strict=True)
    ]

"""How delinquencies ended, as it is seen at the end of a day: cures, retention, the cure matrix."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple

from services.metrics.domain.cells import Added
from services.metrics.domain.delinquencies import RETAINED_DAYS, Delinquency
from services.metrics.domain.figures import Key, Row
from services.metrics.domain.overdue import STAYS_DAYS
from services.metrics.domain.questions import Question
from services.metrics.domain.rolls import BUCKET_NAMES
from services.metrics.domain.slots import FAR

State = Literal["open", "written_off", "pending", "cured"]


class Ended(NamedTuple):
    """Some delinquencies alike. Slices of time as they are cut for a question; `end`: None where
    they have not ended within them."""

    key: Key
    start: int
    end: int | None
    state: State
    is_untouched: bool
    is_ripe: bool
    is_retained: bool
    number: int


def is_seen(span: Delinquency, at: date) -> bool:
    """Whether a span is the last of its chain that has begun by the end of a day."""
    return span.start_on <= at < span.next_on


def state_of(span: Delinquency, at: date) -> State:
    """As it is seen at the end of a day."""
    if span.end_on > at:
        return "open"
    if span.ended_by == "written_off":
        return "written_off"
    return "cured" if span.end_on + timedelta(days=STAYS_DAYS - 1) <= at else "pending"


def is_ripe(span: Delinquency, at: date) -> bool:
    """Whether enough days have passed since its end to know if the account was retained."""
    return span.end_on < FAR and span.end_on + timedelta(days=RETAINED_DAYS) <= at


def rows_of(ended: Iterable[Ended], question: Question) -> Iterable[Row]:
    """As figures, those that the question's formula reads."""
    needed = {need.measure for need in question.kpi.needs}
    return (row for row in _rows(ended, question.slices.count) if row.measure in needed)


def _rows(ended: Iterable[Ended], slices: int) -> Iterable[Row]:
    """Begun and ended (their difference is a stock), and how they ended (flows)."""
    for each in ended:
        added = Added(0, each.number)
        if each.start > slices:
            continue
        yield Row(each.key, "delinquent", "", each.start, 0, added)
        if each.end is None or each.end > slices:
            continue
        measures = ["ended"]
        if each.state == "pending":
            measures.append("pending")
        elif each.state == "cured":
            measures.append("cured")
            if each.is_untouched:
                measures.append("self_cured")
            measures.append("cured_ripe" if each.is_ripe else "cured_unripe")
            if each.is_ripe and each.is_retained:
                measures.append("retained")
        for measure in measures:
            yield Row(each.key, measure, "", each.end, 0, added)


class Fate(NamedTuple):
    """Of accounts with anything overdue at the end of the month before: how that went on."""

    bucket: int
    is_in_month: bool  # whether it ended in the month
    state: State
    is_untouched: bool
    number: int


_MEMBERS = ("accounts", "cured", "pending", "written_off", "still", "self_cured")


def cure_matrix(fates: Iterable[Fate]) -> list[dict[str, Any]]:
    """By the bucket of the oldest that was overdue: every bucket, zeros too."""
    rows = [dict.fromkeys(_MEMBERS, 0) for _ in BUCKET_NAMES]
    for fate in fates:
        row = rows[fate.bucket]
        row["accounts"] += fate.number
        state = fate.state if fate.is_in_month and fate.state != "open" else "still"
        row[state] += fate.number
        if state == "cured" and fate.is_untouched:
            row["self_cured"] += fate.number
    return [
        {
            "bucket": bucket,
            **row,
            "cured_share": row["cured"] / row["accounts"] if row["accounts"] else None,
        }
        for bucket, row in list(zip(BUCKET_NAMES, rows, strict=True))[1:]
    ]

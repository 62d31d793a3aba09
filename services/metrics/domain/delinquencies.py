"""Delinquencies: the days at whose end an account owes anything past due, and how they end.

A span is a run of such days, in any currency. Two spans are one delinquency if the second begins
less than 30 days after the first one's end, so each span knows the start of its chain, and the next
span if that is so near. At the end of some day, what is to come is not seen: the delinquency that
is seen then is the last of its chain that has begun. Facts make rows, whatever the day.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from heapq import heappop, heappush
from typing import Any, Literal

from msgspec import Struct

from services.metrics.domain.accounts import AccountItems, ItemKey, Known
from services.metrics.domain.kinds.contacts import attempt_of
from services.metrics.domain.overdue import Overdue, is_near, list_overdue, spans_of
from services.metrics.domain.restate import Views
from services.metrics.domain.slots import FAR, bounded
from services.metrics.domain.timelines import Rewritten, moments_of, rewrite
from services.metrics.domain.views import View

RETAINED_DAYS = 180

EndedBy = Literal["", "cleared", "written_off"]


class Due(Struct, frozen=True, array_like=True):
    """From a day on, the oldest due day of what is overdue."""

    from_on: date
    oldest_due_on: date


class Delinquency(Struct, frozen=True, kw_only=True):
    """One span of days. `end_on`: the first day at whose end nothing is overdue (`FAR`: none yet).

    `next_on`: when the chain goes on; `next_issued_on`: the first invoice after the end, within 180
    days (`FAR`: none of both). Segment and arms are those at the end of the chain's first day.
    """

    chain_on: date
    start_on: date
    end_on: date
    next_on: date
    ended_by: EndedBy
    is_untouched: bool  # no attempt on a day from the chain's start to the end
    next_issued_on: date
    dues: tuple[Due, ...]
    segment: str
    country: str
    kind: str
    arms: Mapping[str, str]


_KINDS = ("invoice", "contact", "cover")


def rewrite_delinquencies(items: AccountItems, views: Views) -> Rewritten[date, Delinquency]:
    """What the news of the account change in its delinquencies, by when that is known."""
    moments, is_newest = moments_of(
        (*items.account.knowledge, *(each for kind in _KINDS for each in items.knowledge(kind)))
    )
    if not moments:
        return Rewritten(None)
    held = items.spans if is_newest else None

    def rows_at(slot: int) -> Mapping[date, Delinquency]:
        if held is not None and slot < moments[0]:
            return held
        rows = {each.start_on: each for each in delinquencies(Known(items, slot), views.at(slot))}
        items.spans = rows  # those of the last moment stay
        return rows

    return rewrite(rows_at, moments, is_newest=is_newest)


def delinquencies(known: Known, views: Sequence[View]) -> list[Delinquency]:
    """All spans of an account, by the facts known."""
    invoices = list_overdue(known, views[0])
    spans = spans_of(invoices)
    if not spans:
        return []
    attempts = sorted(
        day
        for kind in ("contact", "cover")
        for day in known.read(kind, "attempt day", read_attempt_day)
    )
    issued = sorted(each.issued_on for each in invoices)
    written_off = {day for each in invoices for day in each.written_off_on}
    dues = _oldest_dues(invoices)
    found: list[Delinquency] = []
    chain_on, last_end = spans[0]
    for place, (start, end) in enumerate(spans):
        if not is_near(last_end, start):
            chain_on = start
        following = spans[place + 1][0] if place + 1 < len(spans) else FAR
        last_end = end
        found.append(
            Delinquency(
                chain_on=chain_on,
                start_on=start,
                end_on=end,
                next_on=following if is_near(end, following) else FAR,
                ended_by=_ended_by(end, written_off),
                is_untouched=bisect_left(attempts, chain_on) == bisect_right(attempts, end),
                next_issued_on=_next_issued(issued, end),
                dues=_within(dues, start, end),
                **_held(views, chain_on),
            )
        )
    return found


def read_attempt_day(_: ItemKey, facts: Sequence[Any]) -> date | None:
    """The day of an attempt."""
    attempt = attempt_of(facts)
    return None if attempt is None else bounded(attempt.day)


def _oldest_dues(invoices: Iterable[Overdue]) -> list[Due]:
    """Since each day on which that changes, the oldest due day of what is overdue."""
    runs = sorted((start, end, each.due_on) for each in invoices for start, end in each.runs)
    days = sorted({day for start, end, _ in runs for day in (start, end)})
    found: list[Due] = []
    active: list[tuple[date, date]] = []  # due day and end, the oldest first
    place = 0
    for day in days:
        while place < len(runs) and runs[place][0] <= day:
            heappush(active, (runs[place][2], runs[place][1]))
            place += 1
        while active and active[0][1] <= day:
            heappop(active)
        if active and (not found or found[-1].oldest_due_on != active[0][0]):
            found.append(Due(day, active[0][0]))
    return found


def _within(dues: Sequence[Due], start: date, end: date) -> tuple[Due, ...]:
    """Those of one span; the first of it begins with it, at the latest."""
    first = bisect_right(dues, start, key=lambda due: due.from_on) - 1
    last = bisect_left(dues, end, key=lambda due: due.from_on)
    return (Due(start, dues[first].oldest_due_on), *dues[first + 1 : last])


def _ended_by(end: date, written_off: set[date]) -> EndedBy:
    if end == FAR:
        return ""
    return "written_off" if end in written_off else "cleared"


def _next_issued(issued: Sequence[date], end: date) -> date:
    place = bisect_right(issued, end)
    if end == FAR or place == len(issued):
        return FAR
    return issued[place] if issued[place] <= end + timedelta(days=RETAINED_DAYS) else FAR


def _held(views: Sequence[View], day: date) -> dict[str, Any]:
    """What held at the end of a day."""
    whole, *experiments = views
    cuts = (view.place_on(day).cut.partition("/") for view in experiments)
    return {
        "segment": whole.place_on(day).segment,
        "country": whole.country,
        "kind": whole.kind,
        "arms": {experiment: arm for experiment, _, arm in cuts if arm},
    }

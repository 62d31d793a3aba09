"""Where balances go from month to month.

measure (day; until; mark): amount; count
- `stay` (a month's last day; due): how what is open at its end differs from the month before, and
  1 where anything is open now that was not; a debt that nothing happens to is two rows for its
  whole life
- `roll` (balance changed; due; paid | credited | written_off): of what was open at the end of the
  month before, what is gone by now and to where; 1 in the column in which it counts as one

A stock of `stay` at the end of a month is the base of the next one, and what of it is not gone by
some day of that is still open then. Due days are those that hold by now, for the whole history.
"""

from collections.abc import Mapping
from datetime import date
from itertools import groupby
from typing import NamedTuple

from services.metrics.domain.cells import Added, Cells, add
from services.metrics.domain.debts import Debt
from services.metrics.domain.puts import net_by_day
from services.metrics.domain.views import NOWHERE, Place
from services.metrics.domain.windows import ONE_DAY, month_end, month_start

COLUMNS = ("paid", "credited", "written_off")


class Gone(NamedTuple):
    """What of a month's base is gone by some day, by column."""

    paid: Added
    credited: Added
    written_off: Added


_NOTHING_GONE = Gone(Added(), Added(), Added())


def gone(base: int, balance: int, credited: int, written_off: int) -> Gone:
    """By the balance now, and by what was net credited and written off in the month so far."""
    now = min(base, max(balance, 0))
    rest = base - now
    by_write_off = min(rest, max(written_off, 0))
    by_credit = min(rest - by_write_off, max(credited, 0))
    amounts = (rest - by_write_off - by_credit, by_credit, by_write_off)
    counts_in = None if now else amounts.index(max(amounts))  # ties: the first of them
    return Gone(*(Added(each, int(place == counts_in)) for place, each in enumerate(amounts)))


def add_rolls(cells: Cells, debt: Debt) -> None:
    """What is open at each month's end, and where it goes in the month after."""
    balances = _balances(debt.changes)
    _add_stays(cells, debt, balances)
    if len(balances) > 1:
        _add_gone(cells, debt, balances)


def _balances(changes: Mapping[date, int]) -> list[tuple[date, int]]:
    """What is open at the end of each day on which that changed."""
    balance, found = 0, []
    for day in sorted(changes):
        balance += changes[day]
        found.append((day, balance))
    return found


def _add_stays(cells: Cells, debt: Debt, balances: list[tuple[date, int]]) -> None:
    view = debt.view
    open_at = {month_end(day): max(balance, 0) for day, balance in balances}  # the last of a month
    ends = set(open_at)
    if view.moves:
        ends.update(month_end(day) for day in view.moves_after(balances[0][0]))
    before, place = 0, NOWHERE
    for end in sorted(ends):
        now = open_at.get(end, before)
        here = view.place_on(end) if view.moves else NOWHERE
        if here != place:
            _add_stay(cells, debt, end, place, before, 0)
            _add_stay(cells, debt, end, here, 0, now)
        else:
            _add_stay(cells, debt, end, here, before, now)
        before, place = now, here


def _add_stay(cells: Cells, debt: Debt, end: date, place: Place, before: int, now: int) -> None:
    if now != before:
        cell = debt.view.cell("stay", debt.currency, end, place, until=debt.due_on)
        add(cells, cell, now - before, int(now > 0) - int(before > 0))


def _add_gone(cells: Cells, debt: Debt, balances: list[tuple[date, int]]) -> None:
    """Day by day of the months at whose beginning anything was open."""
    credited = net_by_day(debt.credit, debt.issued_on)
    written_off = net_by_day(debt.written_off, debt.issued_on)
    opening = 0
    for start, in_month in groupby(balances, key=lambda each: month_start(each[0])):
        base, known = opening, _NOTHING_GONE
        by_credit = by_write_off = 0
        for day, opening in in_month:
            if base <= 0:
                continue
            by_credit += credited.get(day, 0)
            by_write_off += written_off.get(day, 0)
            now = gone(base, opening, by_credit, by_write_off)
            place = debt.view.place_on(start - ONE_DAY) if debt.view.moves else NOWHERE
            for column, added, before in zip(COLUMNS, now, known, strict=True):
                if added != before:
                    cell = debt.view.cell(
                        "roll", debt.currency, day, place, until=debt.due_on, mark=column
                    )
                    more = added - before
                    add(cells, cell, more.amount, more.count)
            known = now

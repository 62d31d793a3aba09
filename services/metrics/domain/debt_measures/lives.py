"""How long debts are open in collections, for the estimate after Kaplan and Meier.

measure (day; until; mark): amount; count
- `settled`, `left` (entry; the day on which it was open again, or never; days since entry): what
  entered, as `entered` has it; 1. For each run of days at whose end nothing of it is open: settled
  if the last that took from it on the run's first day was cash; else it left

All stand under the place that held at the instant of the entry. As it is seen at the end of a day,
a debt is in the run that holds the day, or still open.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from services.metrics.domain.cells import Cells, add
from services.metrics.domain.debts import Debt
from services.metrics.domain.slots import FAR


def add_life(cells: Cells, debt: Debt) -> None:
    """From its entry on: when nothing of it was open any more, and until when."""
    entry = debt.entry
    if entry is None:
        return
    view, currency, place = debt.view, debt.currency, debt.place_of_entry
    for start, end in closed_runs(debt.changes, entry.day):
        measure = "settled" if is_settled_on(debt, start) else "left"
        mark = str((start - entry.day).days)
        cell = view.cell(measure, currency, entry.day, place, until=end, mark=mark)
        add(cells, cell, entry.amount, 1)


def closed_runs(changes: Mapping[date, int], since: date) -> Iterator[tuple[date, date]]:
    """The runs of days, from a day on, at whose end nothing is open: the first of each, and the
    day after its last (`FAR`: never again)."""
    balance, start = 0, None
    for day in sorted({*changes, since}):
        balance += changes.get(day, 0)
        if day < since:
            continue
        if balance <= 0:
            start = start or day
        elif start is not None:
            yield start, day
            start = None
    if start is not None:
        yield start, FAR


def is_settled_on(debt: Debt, day: date) -> bool:
    """Whether the last that took from it on a day, and still stands at its end, was cash.

    Of one instant: first credit, then cash, then what was given up.
    """
    last: tuple[datetime, int] | None = None
    for rank, puts in enumerate((debt.credit, debt.cash, debt.given_up)):
        for put in puts:
            applied_on, released_on = put.days(debt.issued_on)
            if put.is_recovery or applied_on != day or released_on == day:
                continue
            if last is None or (put.applied_at, rank) > last:
                last = put.applied_at, rank
    return last is not None and last[1] == _CASH


_CASH = 1  # its rank

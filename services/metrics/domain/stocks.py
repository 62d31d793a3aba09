"""Balances as changes by day: a stock at the end of D is the sum of all changes on days ≤ D.

Where the place of an account changes, its balance moves from the old place to the new one.
"""

from collections.abc import Iterator, Mapping
from datetime import date

from msgspec import Struct

from services.metrics.domain.cells import Cells, add
from services.metrics.domain.views import NOWHERE, Place, View


class StockChange(Struct, frozen=True, gc=False):
    """What a balance changes by in one place. `count`: 1 where it becomes more than 0 there."""

    day: date
    place: Place
    amount: int
    count: int


def changes_by_place(view: View, changes: Mapping[date, int]) -> Iterator[StockChange]:
    """The changes of a balance, each under the place at the end of its day."""
    if not changes:
        return
    balance = 0
    days = sorted(changes)
    moves = view.moves_after(days[0]) if view.moves else ()
    if moves:
        days = sorted({*days, *moves})
    place = view.place_on(days[0]) if view.moves else NOWHERE
    for day in days:
        if day in moves:
            before, place = place, view.place_on(day)
            if balance:
                is_open = int(balance > 0)
                yield StockChange(day, before, -balance, -is_open)
                yield StockChange(day, place, balance, is_open)
        change = changes.get(day, 0)
        if change:
            yield StockChange(day, place, change, int(balance + change > 0) - int(balance > 0))
            balance += change


def add_stock(
    cells: Cells, view: View, measure: str, currency: str, changes: Mapping[date, int]
) -> None:
    """Add a balance's changes to a measure."""
    for change in changes_by_place(view, changes):
        cell = view.cell(measure, currency, change.day, change.place)
        add(cells, cell, change.amount, change.count)

"""A debt in collections: what entered, what was recovered, what of it is overdue.

measure (day; until): amount; count
- `entered` (entered collections): what was open then; 1
- `reentered` (taken back): what came to it later because money that had been put on it before, or
  credit, was taken back
- `recovered` (cash put, taken back): cash on debts that had entered; 1 where it was put
- `collected` (cash put, taken back; entered): the same cash, under the place of the entry
- `overdue_entered` (balance changed, or entered if that is later): its change, under the place
  just before the entry
- `collected_moved`, `entered_moved`: from the place under which `collected` has it, or `entered`
  and `reentered` have it, to the place just before the entry, where these are two

A recovery rate takes all under the place that held just before the debt entered, so that in a
split no part has cash of another.
"""

from datetime import date

from services.metrics.domain.cells import Cells, add
from services.metrics.domain.debts import Debt, Entry
from services.metrics.domain.puts import Put
from services.metrics.domain.views import Place


def add_collections(cells: Cells, debt: Debt) -> None:
    """What of the debt went through collections."""
    entry = debt.entry
    if entry is None:
        return
    cell = debt.view.cell("entered", debt.currency, entry.day, debt.place_of_entry)
    add(cells, cell, entry.amount, 1)
    _add_moved(cells, debt, "entered_moved", entry.day, debt.place_of_entry, entry.amount, 1)
    for put in debt.cash:
        if entry.counts(put.applied_at):
            _add_recovered(cells, debt, entry, put)
        else:
            _add_reentered(cells, debt, entry, put)
    for puts in (debt.credit, debt.given_up):
        for put in puts:
            _add_reentered(cells, debt, entry, put)
    for day, amount in debt.changes_since(entry.day).items():
        if amount:
            place = debt.place_before_entry
            add(cells, debt.view.cell("overdue_entered", debt.currency, day, place), amount)


def _add_recovered(cells: Cells, debt: Debt, entry: Entry, put: Put) -> None:
    view, currency = debt.view, debt.currency
    applied_on, released_on = put.days(debt.issued_on)
    moves = [(applied_on, put.applied_at, put.amount_minor, 1)]
    if put.released_at is not None:
        moves.append((released_on, put.released_at, -put.amount_minor, 0))
    for day, instant, amount, count in moves:
        cell = view.cell("recovered", currency, day, view.place_before(instant))
        add(cells, cell, amount, count)
        cell = view.cell("collected", currency, day, debt.place_of_entry, until=entry.day)
        add(cells, cell, amount)
        _add_moved(cells, debt, "collected_moved", day, debt.place_of_entry, amount)


def _add_reentered(cells: Cells, debt: Debt, entry: Entry, put: Put) -> None:
    if put.released_at is None or put.is_recovery or not entry.counts(put.released_at):
        return
    day, place = put.days(debt.issued_on)[1], debt.view.place_before(put.released_at)
    cell = debt.view.cell("reentered", debt.currency, day, place)
    add(cells, cell, put.amount_minor)
    _add_moved(cells, debt, "entered_moved", day, place, put.amount_minor)


def _add_moved(
    cells: Cells, debt: Debt, measure: str, day: date, place: Place, amount: int, count: int = 0
) -> None:
    """From a place to that just before the entry."""
    before = debt.place_before_entry
    if place != before:
        view, currency = debt.view, debt.currency
        add(cells, view.cell(measure, currency, day, place), -amount, -count)
        add(cells, view.cell(measure, currency, day, before), amount, count)

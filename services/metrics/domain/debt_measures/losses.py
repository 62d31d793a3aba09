"""What was written off, less what came in after it.

measure (day; until): amount; count
- `written_off` (written off, taken back, recovered): amount; write-offs
- `written_of` (the same; issued): amount
"""

from services.metrics.domain.cells import Cells, add
from services.metrics.domain.debts import Debt
from services.metrics.domain.puts import Put


def add_losses(cells: Cells, debt: Debt) -> None:
    """Each on its own day."""
    for put in debt.written_off:
        _add(cells, debt, put, put.amount_minor, 1)
    for put in debt.cash:
        if put.is_recovery:
            _add(cells, debt, put, -put.amount_minor, 0)


def _add(cells: Cells, debt: Debt, put: Put, amount: int, count: int) -> None:
    view, currency = debt.view, debt.currency
    applied_on, released_on = put.days(debt.issued_on)
    moves = [(applied_on, put.applied_at, amount, count)]
    if put.released_at is not None:
        moves.append((released_on, put.released_at, -amount, 0))
    for day, instant, moved, times in moves:
        cell = view.cell("written_off", currency, day, view.place_before(instant))
        add(cells, cell, moved, times)
        place = debt.place_of_issue
        add(cells, view.cell("written_of", currency, day, place, until=debt.issued_on), moved)

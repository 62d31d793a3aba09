"""Sales, balances and their age.

measure (day; until; mark): amount; count; weight
- `invoiced` (issued): amount; 1
- `open` (balance changed): its change; open invoices
- `aged` (balance changed, or due + a if that is later; –; a): its change, for each age a in days
  past due; invoices; amount × due day, in days from 1970
"""

from collections.abc import Sequence
from datetime import date, timedelta

from services.metrics.domain.cells import Cells, add
from services.metrics.domain.debts import Debt
from services.metrics.domain.slots import FAR
from services.metrics.domain.stocks import StockChange, changes_by_place
from shared.events.ledger import STAGES

AGES = STAGES
EPOCH = date(1970, 1, 1)


def add_balances(cells: Cells, debt: Debt) -> None:
    """What was sold, what is open of it, and since when it is overdue."""
    view, currency = debt.view, debt.currency
    cell = view.cell("invoiced", currency, debt.issued_on, debt.place_of_issue)
    add(cells, cell, debt.amount, 1)
    aged_from = [(str(age), min(debt.due_on + timedelta(days=age), FAR)) for age in AGES]
    due = (debt.due_on - EPOCH).days
    changes = list(changes_by_place(view, debt.changes))
    gone_on = _gone_on(changes)
    aged_from = [(age, since_on) for age, since_on in aged_from if since_on < gone_on]
    for change in changes:
        cell = view.cell("open", currency, change.day, change.place)
        add(cells, cell, change.amount, change.count)
        for age, since_on in aged_from:
            day = max(change.day, since_on)
            cell = view.cell("aged", currency, day, change.place, mark=age)
            add(cells, cell, change.amount, change.count, change.amount * due)


def _gone_on(changes: Sequence[StockChange]) -> date:
    """From which day on its changes come to nothing, all of them under one place; else never."""
    if sum(change.amount for change in changes) or sum(change.count for change in changes):
        return date.max
    if any(change.place != changes[0].place for change in changes):
        return date.max
    return changes[-1].day if changes else FAR

"""Sales, balances and their age.

measure (day; until; mark): amount; count; weight
- `invoiced` (issued): amount; 1
- `open` (balance changed): its change; open invoices
- `aged` (balance changed, or due + a if that is later; –; a): its change, for each age a in days
  past due; invoices; amount × due day, in days from 1970
"""

from datetime import date, timedelta

from services.metrics.domain.cells import Cells, add
from services.metrics.domain.debts import Debt
from services.metrics.domain.slots import FAR
from services.metrics.domain.stocks import changes_by_place
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
    for change in changes_by_place(view, debt.changes):
        cell = view.cell("open", currency, change.day, change.place)
        add(cells, cell, change.amount, change.count)
        for age, since_on in aged_from:
            day = max(change.day, since_on)
            cell = view.cell("aged", currency, day, change.place, mark=age)
            add(cells, cell, change.amount, change.count, change.amount * due)

"""A debt in collections: what entered, what was recovered, what of it is overdue.

measure (day): amount; count
- `entered` (entered collections): what was open then, and what came to it later because money that
  had been put on it before, or credit, was taken back; 1
- `recovered` (cash put, taken back): cash on debts that had entered
- `overdue_entered` (balance changed, or the first day past due if that is later): its change

All stand under the place that held just before the debt entered, so that in a split no part has
cash of another.
"""

from datetime import date

from services.metrics.domain.cells import Cells, add
from services.metrics.domain.debts import Debt
from services.metrics.domain.slots import FAR
from services.metrics.domain.windows import ONE_DAY


def add_collections(cells: Cells, debt: Debt) -> None:
    """What of the debt went through collections."""
    entry = debt.entry
    if entry is None:
        return

    def add_to(measure: str, day: date, amount: int, count: int = 0) -> None:
        cell = debt.view.cell(measure, debt.currency, day, debt.place_of_entry)
        add(cells, cell, amount, count)

    add_to("entered", entry.day, entry.amount, 1)
    taken = (debt.cash, True), (debt.credit, False), (debt.given_up, False)
    for puts, is_cash in taken:
        for put in puts:
            applied_on, released_on = put.days(debt.issued_on)
            is_recovered = is_cash and entry.counts(put.applied_at)
            if is_recovered:
                add_to("recovered", applied_on, put.amount_minor)
            if put.released_at is None:
                continue
            if is_recovered:
                add_to("recovered", released_on, -put.amount_minor)
            elif entry.counts(put.released_at) and not put.is_recovery:
                add_to("entered", released_on, put.amount_minor)
    first_past_due = min(debt.due_on + ONE_DAY, FAR)
    for day, amount in debt.changes.items():
        if amount:
            add_to("overdue_entered", max(day, first_past_due), amount)

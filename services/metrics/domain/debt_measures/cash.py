"""How late cash came, and how long after the issue.

measure (day; until): amount; count; weight
- `late` (cash put; taken back): amount; –; amount × days past due
- `paid_days` (cash put; taken back): amount; –; amount × days since the issue
- `put_of` (cash put, taken back; issued): amount
"""

from services.metrics.domain.cells import Cells, add
from services.metrics.domain.debts import Debt


def add_cash(cells: Cells, debt: Debt) -> None:
    """Cash on the invoice. `put_of` stands under the place of issue, like all of its cohort."""
    view, currency, issued_on = debt.view, debt.currency, debt.issued_on
    for put in debt.cash:
        applied_on, released_on = put.days(issued_on)
        if released_on == applied_on:
            continue
        amount, place = put.amount_minor, view.place_before(put.applied_at)
        late = amount * max(0, (applied_on - debt.due_on).days)
        cell = view.cell("late", currency, applied_on, place, until=released_on)
        add(cells, cell, amount, 0, late)
        cell = view.cell("paid_days", currency, applied_on, place, until=released_on)
        add(cells, cell, amount, 0, amount * (applied_on - issued_on).days)
        for day, _, moved in put.moves(issued_on):
            cell = view.cell("put_of", currency, day, debt.place_of_issue, until=issued_on)
            add(cells, cell, moved)

"""What was handed over, and the cash that came while it was.

measure (day; until; mark): amount; count
- `placed` (placed; –; agency): its balance; 1
- `placed_cash` (cash put, taken back; placed; agency): cash put between placement and recall
"""

from services.metrics.domain.cells import Cells, add
from services.metrics.domain.debts import Debt


def add_placements(cells: Cells, debt: Debt) -> None:
    """All stands under the place at the instant of the placement."""
    if not debt.claims:
        return
    view, currency = debt.view, debt.currency
    for placed in debt.placements:
        place, agency, day = view.place_at(placed.at), placed.agency, placed.day
        add(cells, view.cell("placed", currency, day, place, mark=agency), placed.amount, 1)
        for put in debt.cash:
            if not placed.counts(put.applied_at):
                continue
            for on, _, moved in put.moves(debt.issued_on):
                cell = view.cell("placed_cash", currency, on, place, until=day, mark=agency)
                add(cells, cell, moved)

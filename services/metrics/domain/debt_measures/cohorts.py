"""What became of the invoices of a day of issue. All stand under the place of issue.

measure (day; until): amount; count
- `ripe` (issued; due + 90, not before the issue): amount
- `ripe_open` (issued; the same day): its balance at that day's end
- `overdue_of` (balance changed, or the first day past due if that is later; issued): its change
- `disputed` (issued; the day on which the most that was disputed grew): by how much, at most to
  the invoice's amount; 1 with the first dispute
"""

from datetime import timedelta

from services.metrics.domain.cells import Cells, add
from services.metrics.domain.debts import Debt
from services.metrics.domain.slots import FAR
from services.metrics.domain.windows import ONE_DAY

RIPE_DAYS = 90  # past due: what is open then is at risk


def add_cohorts(cells: Cells, debt: Debt) -> None:
    """At risk, overdue, disputed."""
    view, currency, issued_on = debt.view, debt.currency, debt.issued_on
    place = debt.place_of_issue
    ripe_on = min(max(issued_on, debt.due_on + timedelta(days=RIPE_DAYS)), FAR)
    cell = view.cell("ripe", currency, issued_on, place, until=ripe_on)
    add(cells, cell, debt.amount)
    still_open = debt.balance_on(ripe_on)
    if still_open:
        cell = view.cell("ripe_open", currency, issued_on, place, until=ripe_on)
        add(cells, cell, still_open)
    for day, amount in debt.changes_since(min(debt.due_on + ONE_DAY, FAR)).items():
        if amount:
            add(cells, view.cell("overdue_of", currency, day, place, until=issued_on), amount)
    if debt.claims:
        _add_disputes(cells, debt)


def _add_disputes(cells: Cells, debt: Debt) -> None:
    most, count = 0, 1
    for dispute in sorted(debt.disputes, key=lambda each: each.opened_on):
        grown = max(0, min(dispute.disputed_minor, debt.amount) - most)
        if grown or count:
            cell = debt.view.cell(
                "disputed",
                debt.currency,
                debt.issued_on,
                debt.place_of_issue,
                until=dispute.opened_on,
            )
            add(cells, cell, grown, count)
        most, count = most + grown, 0

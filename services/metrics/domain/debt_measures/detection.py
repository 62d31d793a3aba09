"""How quickly it is noticed that an invoice is overdue: `latency` (`latencies.py`)."""

from datetime import timedelta

from services.metrics.domain.cells import Cells
from services.metrics.domain.debts import Debt
from services.metrics.domain.latencies import add_latency
from services.metrics.domain.slots import FAR


def add_detection(cells: Cells, debt: Debt) -> None:
    """Of each stage, from the begin of its day until it was recorded."""
    for stage, delay in debt.detected:
        day = max(min(debt.due_on + timedelta(days=stage), FAR), debt.issued_on)
        place = debt.view.place_on(day)
        add_latency(cells, debt.view, "overdue_detection", day, place, delay)

"""Whether an account owes anything, and whether it disputes any of that.

measure (day of change): count
- `owing`: accounts with an open invoice
- `disputing`: accounts with an open dispute on an open invoice
"""

from collections.abc import Iterable, Mapping
from datetime import date

from services.metrics.domain.account_measures import WHOLE, AccountMeasure, CellsOfItem, seen
from services.metrics.domain.account_measures.seen import Span
from services.metrics.domain.accounts import Known
from services.metrics.domain.slots import FAR
from services.metrics.domain.stocks import add_stock
from services.metrics.domain.views import View


def adds(known: Known, view: View, cells_of: CellsOfItem) -> None:
    owing: list[Span] = []
    disputing: list[Span] = []
    for invoice in seen.invoices(known, view):
        owing += invoice.is_open
        for opened, resolved in invoice.is_disputed:
            for since, until in invoice.is_open:
                start, end = max(opened, since), min(resolved, until)
                if start < end:
                    disputing.append((start, end))
    cells = cells_of(WHOLE)
    add_stock(cells, view, "owing", "", changes_of(owing))
    if disputing:
        add_stock(cells, view, "disputing", "", changes_of(disputing))


def changes_of(spans: Iterable[Span]) -> Mapping[date, int]:
    """By day: 1 where any span begins while none ran, −1 where the last of them ends."""
    steps: dict[date, int] = {}
    for since, until in spans:
        steps[since] = steps.get(since, 0) + 1
        if until < FAR:
            steps[until] = steps.get(until, 0) - 1
    running, changes = 0, {}
    for day in sorted(steps):
        before, running = running, running + steps[day]
        if (running > 0) != (before > 0):
            changes[day] = 1 if running > 0 else -1
    return changes


MEASURE = AccountMeasure(frozenset({"invoice"}), frozenset({"owing", "disputing"}), adds)

"""How quickly reminders stop after a payment: `latency` of `reminder_cancel` (`latencies.py`)."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from services.metrics.domain.account_measures import AccountMeasure, seen
from services.metrics.domain.accounts import ItemKey, Known
from services.metrics.domain.cells import Cells
from services.metrics.domain.kinds.contacts import Occurred
from services.metrics.domain.latencies import add_latency, delay_of
from services.metrics.domain.slots import bounded
from services.metrics.domain.views import View

PAID = "paid"


def cells_of(known: Known, view: View) -> Cells:
    """From the last payment before a contact was cancelled because of one."""
    cells: Cells = {}
    cancelled = list(known.read("contact", "cancelled", _read))
    if not cancelled:
        return cells
    paid = sorted(each.at for each in seen.payments(known, view))
    for each in cancelled:
        place = bisect_right(paid, each.at)
        if place:
            delay = delay_of(paid[place - 1], each.at)
            here = view.place_at(each.at)
            add_latency(cells, view, "reminder_cancel", bounded(each.day), here, delay)
    return cells


def _read(_: ItemKey, facts: Sequence[Any]) -> Occurred | None:
    return next(
        (
            fact
            for fact in facts
            if isinstance(fact, Occurred) and (fact.result, fact.rule) == ("cancelled", PAID)
        ),
        None,
    )


MEASURE = AccountMeasure(frozenset({"contact", "payment"}), cells_of)

"""How quickly reminders stop after a payment: `latency` of `reminder_cancel` (`latencies.py`)."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from services.metrics.domain.account_measures import AccountMeasure, CellsOfItem, seen
from services.metrics.domain.accounts import ItemKey, Known
from services.metrics.domain.kinds.contacts import Occurred
from services.metrics.domain.latencies import add_latency, delay_of
from services.metrics.domain.slots import bounded
from services.metrics.domain.views import View

PAID = "paid"


def adds(known: Known, view: View, cells_of: CellsOfItem) -> None:
    """From the last payment before a contact was cancelled because of one."""
    cancelled = list(known.read("contact", "cancelled", _read))
    if not cancelled:
        return
    paid = sorted(each.at for each in seen.payments(known, view))
    for contact, each in cancelled:
        place = bisect_right(paid, each.at)
        if place:
            delay = delay_of(paid[place - 1], each.at)
            here = view.place_at(each.at)
            add_latency(cells_of(contact), view, "reminder_cancel", bounded(each.day), here, delay)


def _read(key: ItemKey, facts: Sequence[Any]) -> tuple[ItemKey, Occurred] | None:
    return next(
        (
            (key, fact)
            for fact in facts
            if isinstance(fact, Occurred) and (fact.result, fact.rule) == ("cancelled", PAID)
        ),
        None,
    )


MEASURE = AccountMeasure(frozenset({"contact", "payment"}), frozenset({"latency"}), adds)

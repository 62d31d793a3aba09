"""Debits that were to be collected and are not.

measure (day; –; because): count
- `unscheduled` (cancelled; –; because): 1
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from services.metrics.domain.accounts import AccountItems
from services.metrics.domain.cells import Cells, add
from services.metrics.domain.kinds import Handler, Kind
from services.metrics.domain.slots import bounded, day_of_event, recorded_slot
from services.metrics.domain.views import View
from shared.events import Received, ledger

GIVEN_UP = "given-up"


class Unscheduled(Struct, frozen=True, array_like=True, tag="u"):
    recorded_slot: int
    at: datetime
    day: date
    because: str


def on_cancelled(
    items: AccountItems, event: Received, data: ledger.ScheduledPaymentCancelled
) -> None:
    facts = items.item("schedule", data.schedule_id).facts
    slot, day = recorded_slot(facts, event), day_of_event(event)
    facts.append(Unscheduled(slot, event.time, day, data.because))


def cells_of(facts: Sequence[Any], view: View) -> Cells:
    """As it was announced last."""
    cells: Cells = {}
    last: Unscheduled = facts[-1]
    place = view.place_at(last.at)
    cell = view.cell("unscheduled", "", bounded(last.day), place, mark=last.because)
    add(cells, cell, 0, 1)
    return cells


KIND = Kind(
    name="schedule",
    facts=(Unscheduled,),
    handlers={"scheduled-payment-cancelled": Handler(on_cancelled)},
    cells=cells_of,
    measures=frozenset({"unscheduled"}),
)

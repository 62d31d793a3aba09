"""Credit notes: what sales are lowered by, and the credit that waits unapplied.

measure (day): amount
- `credited` (credited): its amount
- `credit` (credited; put on an invoice or charge): change of the unapplied credit
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from services.metrics.domain.accounts import AccountItems
from services.metrics.domain.cells import Cells, add
from services.metrics.domain.kinds import Handler, Kind
from services.metrics.domain.puts import allocate
from services.metrics.domain.slots import bounded, day_of_event, recorded_slot
from services.metrics.domain.stocks import add_stock
from services.metrics.domain.views import View
from shared.events import Received, ledger


class Credited(Struct, frozen=True, array_like=True, tag="c"):
    recorded_slot: int
    currency: str
    amount_minor: int
    at: datetime
    day: date


class Replaced(Struct, frozen=True, array_like=True, tag="x"):
    """Another credit note stands in for this one, for the whole history."""

    recorded_slot: int


def on_issued(items: AccountItems, event: Received, data: ledger.CreditNoteIssued) -> None:
    facts = items.item("credit_note", data.credit_note_id).facts
    slot = recorded_slot(facts, event)
    facts.append(Credited(slot, data.currency, data.amount_minor, event.time, day_of_event(event)))
    if data.replaces is not None:
        replaced = items.item("credit_note", data.replaces).facts
        replaced.append(Replaced(recorded_slot(replaced, event)))
        allocate(items, event, (), ("credit_note", data.replaces))
    allocate(items, event, data.allocations, ("credit_note", data.credit_note_id))


def cells_of(facts: Sequence[Any], view: View) -> Cells:
    """What a credit note takes off sales; nothing once another stands in for it."""
    cells: Cells = {}
    credited: Credited | None = None
    for fact in facts:
        if isinstance(fact, Replaced):
            return {}
        if isinstance(fact, Credited):
            credited = credited or fact
    if credited is None:
        return cells
    currency, day, amount = credited.currency, bounded(credited.day), credited.amount_minor
    add(cells, view.cell("credited", currency, day, view.place_before(credited.at)), amount)
    add_stock(cells, view, "credit", currency, {day: amount})
    return cells


KIND = Kind(
    name="credit_note",
    facts=(Credited, Replaced),
    handlers={"credit-note-issued": Handler(on_issued)},
    cells=cells_of,
    measures=frozenset({"credit", "credited"}),
)

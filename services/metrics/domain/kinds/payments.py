"""Payments: received and taken back, applied or not.

measure (day; –; mark): amount; count
- `received` (received, reversed; –; method): payments less reversals; payments
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from services.metrics.domain.accounts import AccountItems
from services.metrics.domain.cells import Cells, add
from services.metrics.domain.kinds import Handler, Kind
from services.metrics.domain.puts import allocate
from services.metrics.domain.slots import day_of_event, recorded_slot
from services.metrics.domain.views import View
from shared.events import Received, ledger


class Paid(Struct, frozen=True, array_like=True, tag="r"):
    recorded_slot: int
    currency: str
    amount_minor: int
    at: datetime
    day: date
    method: str = ""
    fee_minor: int = 0


class Reversed(Struct, frozen=True, array_like=True, tag="b"):
    recorded_slot: int
    reversal_id: str
    amount_minor: int
    at: datetime
    day: date


def on_received(items: AccountItems, event: Received, data: ledger.PaymentReceived) -> None:
    facts = items.item("payment", data.payment_id).facts
    slot = recorded_slot(facts, event)
    facts.append(
        Paid(
            slot,
            data.currency,
            data.amount_minor,
            data.received_at,
            day_of_event(event),
            data.method or "",
            data.fee_minor or 0,
        )
    )
    allocate(items, event, data.allocations, ("payment", data.payment_id))


def on_reversed(items: AccountItems, event: Received, data: ledger.PaymentReversed) -> None:
    facts = items.item("payment", data.payment_id).facts
    slot = recorded_slot(facts, event)
    facts.append(
        Reversed(slot, data.reversal_id, data.amount_minor, event.time, day_of_event(event))
    )
    allocate(items, event, data.allocations, ("payment", data.payment_id))


def cells_of(facts: Sequence[Any], view: View) -> Cells:
    """What was received. What a reversal takes comes again when it changes: the last counts."""
    cells: Cells = {}
    paid: Paid | None = None
    reversals: dict[str, Reversed] = {}
    for fact in facts:
        if isinstance(fact, Paid):
            paid = fact
        elif isinstance(fact, Reversed):
            reversals[fact.reversal_id] = fact
    if paid is None:
        return cells
    _add(cells, view, paid, paid, paid.amount_minor, 1)
    for back in reversals.values():
        _add(cells, view, back, paid, -back.amount_minor, 0)
    return cells


def _add(
    cells: Cells, view: View, moved: Paid | Reversed, paid: Paid, amount: int, count: int
) -> None:
    place, day = view.place_before(moved.at), view.day_of(moved.at, moved.day)
    cell = view.cell("received", paid.currency, day, place, mark=paid.method)
    add(cells, cell, amount, count)


KIND = Kind(
    name="payment",
    facts=(Paid, Reversed),
    handlers={
        "payment-received": Handler(on_received),
        "payment-reversed": Handler(on_reversed),
    },
    cells=cells_of,
    measures=frozenset({"received"}),
)

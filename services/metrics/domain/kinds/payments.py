"""Payments: received and taken back, applied or not.

measure (day; –; mark): amount; count
- `received` (received, reversed; –; method): payments less reversals; payments
- `matched` (received; –; rule | person): 1 · `moved_later` (the first time): 1
- `latency` (received; –; payment_intake/…): `latencies.py`
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from services.metrics.domain.accounts import AccountItems
from services.metrics.domain.cells import Cells, add
from services.metrics.domain.kinds import Handler, Kind
from services.metrics.domain.latencies import add_latency, delay_of
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
    matched: str = ""  # who found whose it is: rule, person
    delay: int = 0  # until it was recorded (`latencies.py`)


class Moved(Struct, frozen=True, array_like=True, tag="m"):
    """A later fact put its money elsewhere."""

    recorded_slot: int
    at: datetime
    day: date


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
            data.matched or "",
            delay_of(data.received_at, event.recordedtime),
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
    moved: Moved | None = None
    reversals: dict[str, Reversed] = {}
    for fact in facts:
        if isinstance(fact, Paid):
            paid = fact
        elif isinstance(fact, Moved):
            moved = moved or fact
        elif isinstance(fact, Reversed):
            reversals[fact.reversal_id] = fact
    if paid is None:
        return cells
    _add(cells, view, paid, paid, paid.amount_minor, 1)
    for back in reversals.values():
        _add(cells, view, back, paid, -back.amount_minor, 0)
    day, place = view.day_of(paid.at, paid.day), view.place_before(paid.at)
    add_latency(cells, view, "payment_intake", day, place, paid.delay)
    if paid.matched:
        add(cells, view.cell("matched", "", day, place, mark=paid.matched), 0, 1)
    if moved is not None:
        day, place = view.day_of(moved.at, moved.day), view.place_before(moved.at)
        add(cells, view.cell("moved_later", "", day, place), 0, 1)
    return cells


def note_moved(items: AccountItems, event: Received, payment_id: str) -> None:
    """A payment that is known already; one that is not has never lain anywhere else."""
    item = items.by_key.get(("payment", payment_id))
    if item is not None and item.facts and not any(isinstance(f, Moved) for f in item.facts):
        facts = item.facts
        facts.append(Moved(recorded_slot(facts, event), event.time, day_of_event(event)))


def _add(
    cells: Cells, view: View, moved: Paid | Reversed, paid: Paid, amount: int, count: int
) -> None:
    place, day = view.place_before(moved.at), view.day_of(moved.at, moved.day)
    cell = view.cell("received", paid.currency, day, place, mark=paid.method)
    add(cells, cell, amount, count)


KIND = Kind(
    name="payment",
    facts=(Paid, Reversed, Moved),
    handlers={
        "payment-received": Handler(on_received),
        "payment-reversed": Handler(on_reversed),
    },
    cells=cells_of,
    measures=frozenset({"latency", "matched", "moved_later", "received"}),
)

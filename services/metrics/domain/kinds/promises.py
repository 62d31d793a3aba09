"""Promises to pay, as they were judged last.

measure (day): amount; count; weight
- `kept`, `partly`, `broken` (the day of the judgement that stands): what counted for it, at most
  what was asked; 1; what was asked
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from services.metrics.domain.accounts import AccountItems
from services.metrics.domain.cells import Cells, add
from services.metrics.domain.kinds import Apply, Handler, Kind
from services.metrics.domain.slots import day_of_event, recorded_slot
from services.metrics.domain.views import View
from shared.events import Received, ledger

# What a judgement counts as; any other state (open, cancelled) leaves.
JUDGED = {"kept": "kept", "partly_kept": "partly", "broken": "broken"}


class Made(Struct, frozen=True, array_like=True, tag="m"):
    recorded_slot: int
    currency: str
    amount_minor: int
    at: datetime
    day: date
    due_on: date
    channel: str
    collector: str


class Judged(Struct, frozen=True, array_like=True, tag="j"):
    """Judged, judged again, open again or cancelled. The last counts, on its own day."""

    recorded_slot: int
    state: str
    at: datetime
    day: date
    received_minor: int
    asked_minor: int | None


def on_made(items: AccountItems, event: Received, data: ledger.PromiseMade) -> None:
    facts = items.item("promise", data.promise_id).facts
    facts.append(
        Made(
            recorded_slot(facts, event),
            data.currency or "",
            data.amount_minor,
            event.time,
            day_of_event(event),
            data.due_on,
            data.channel or "",
            data.collector or "",
        )
    )


def _on(state: str) -> Apply:
    def on_judged(items: AccountItems, event: Received, data: Any) -> None:
        _judge(items, event, data, state)

    return on_judged


def on_rejudged(items: AccountItems, event: Received, data: ledger.PromiseRejudged) -> None:
    _judge(items, event, data, data.to_state.replace("-", "_"))


def _judge(items: AccountItems, event: Received, data: Any, state: str) -> None:
    facts = items.item("promise", data.promise_id).facts
    asked = None if isinstance(data, ledger.PromiseCancelled) else data.asked_minor
    slot, day = recorded_slot(facts, event), day_of_event(event)
    facts.append(Judged(slot, state, event.time, day, data.received_minor, asked))


def cells_of(facts: Sequence[Any], view: View) -> Cells:
    """What a promise adds once it is judged."""
    cells: Cells = {}
    made: Made | None = None
    judged: Judged | None = None
    for fact in facts:
        if isinstance(fact, Made):
            made = fact
        elif isinstance(fact, Judged):
            judged = fact
    measure = JUDGED.get(judged.state) if judged is not None else None
    if made is None or judged is None or measure is None:
        return cells
    asked = made.amount_minor if judged.asked_minor is None else judged.asked_minor
    cell = view.cell(
        measure,
        made.currency,
        view.day_of(judged.at, judged.day),
        view.place_before(judged.at),
        channel=made.channel,
        collector=made.collector,
    )
    add(cells, cell, min(judged.received_minor, asked), 1, asked)
    return cells


KIND = Kind(
    name="promise",
    facts=(Made, Judged),
    handlers={
        "promise-made": Handler(on_made),
        "promise-kept": Handler(_on("kept")),
        "promise-partly-kept": Handler(_on("partly_kept")),
        "promise-broken": Handler(_on("broken")),
        "promise-cancelled": Handler(_on("cancelled")),
        "promise-rejudged": Handler(on_rejudged),
    },
    cells=cells_of,
    measures=frozenset({"broken", "kept", "partly"}),
)

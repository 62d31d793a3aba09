"""Conversations with the assistant that a person took over.

measure (day; –; mark): count
- `latency` (answered; –; till_a_person/…): `latencies.py`
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from services.metrics.domain.accounts import AccountItems
from services.metrics.domain.cells import Cells
from services.metrics.domain.kinds import Handler, Kind
from services.metrics.domain.latencies import add_latency, exponent_of
from services.metrics.domain.slots import bounded, day_of_event, recorded_slot
from services.metrics.domain.views import View
from shared.events import Received, outreach


class TakenOver(Struct, frozen=True, array_like=True, tag="t"):
    recorded_slot: int
    at: datetime
    day: date
    delay: int


def on_answered(items: AccountItems, event: Received, data: outreach.ConversationAnswered) -> None:
    facts = items.item("conversation", data.conversation_id).facts
    slot, day = recorded_slot(facts, event), day_of_event(event)
    facts.append(TakenOver(slot, event.time, day, exponent_of(data.seconds)))


def cells_of(facts: Sequence[Any], view: View) -> Cells:
    """How long it took, as it was announced last."""
    cells: Cells = {}
    last: TakenOver = facts[-1]
    place = view.place_at(last.at)
    add_latency(cells, view, "till_a_person", bounded(last.day), place, last.delay)
    return cells


KIND = Kind(
    name="conversation",
    facts=(TakenOver,),
    handlers={"conversation-answered": Handler(on_answered)},
    cells=cells_of,
    measures=frozenset({"latency"}),
)

"""Consents that were taken back: by channel, each time.

measure (day): count
- `revoked` (taken back): 1
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
from shared.events import Received, outreach


class Revoked(Struct, frozen=True, array_like=True, tag="r"):
    recorded_slot: int
    at: datetime
    day: date
    channel: str


def on_revoked(items: AccountItems, event: Received, data: outreach.ConsentRevoked) -> None:
    facts = items.item("consent", data.channel).facts
    slot = recorded_slot(facts, event)
    facts.append(Revoked(slot, event.time, day_of_event(event), data.channel))


def cells_of(facts: Sequence[Any], view: View) -> Cells:
    """Each time that it was taken back."""
    cells: Cells = {}
    for fact in facts:
        place = view.place_at(fact.at)
        add(cells, view.cell("revoked", "", bounded(fact.day), place, channel=fact.channel), 0, 1)
    return cells


KIND = Kind(
    name="consent",
    facts=(Revoked,),
    handlers={"consent-revoked": Handler(on_revoked)},
    cells=cells_of,
    measures=frozenset({"revoked"}),
)

"""With whom we spoke: the right party or another, in a contact, a task, or by itself.

measure (day): count
- `right_party` (spoken with): 1, once per contact or task, or by itself: what was announced last
- `promised` (the same day): 1 if it ended in a promise
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from services.metrics.domain.accounts import AccountItems, ItemKey
from services.metrics.domain.cells import Cells, add
from services.metrics.domain.kinds import Apply, Handler, Kind
from services.metrics.domain.slots import bounded, day_of_event, recorded_slot
from services.metrics.domain.views import View
from shared.events import Received, outreach

PROMISE = "promise"  # how a conversation ends that ends in one

PartyContacted = outreach.RightPartyContacted | outreach.WrongPartyContacted


class Party(Struct, frozen=True, array_like=True, tag="y"):
    """One exchange with a person; the last announced of it counts."""

    recorded_slot: int
    touch_id: str
    is_right: bool
    outcome: str
    at: datetime
    day: date
    channel: str
    collector: str


def _on(*, is_right: bool) -> Apply:
    def on_party(items: AccountItems, event: Received, data: PartyContacted) -> None:
        facts = items.item(*_item_of(data)).facts
        facts.append(
            Party(
                recorded_slot(facts, event),
                data.touch_id,
                is_right,
                data.outcome,
                event.time,
                day_of_event(event),
                data.channel or "",
                data.collector or "",
            )
        )

    return on_party


def _item_of(data: PartyContacted) -> ItemKey:
    if data.contact_id is not None:
        return "contact", data.contact_id
    if data.task_id is not None:
        return "task", data.task_id
    return "party", data.touch_id


def parties_of(facts: Sequence[Any]) -> list[Party]:
    """Each exchange as it was announced last, in the order of that."""
    last: dict[str, Party] = {}
    for fact in facts:
        if isinstance(fact, Party):
            last.pop(fact.touch_id, None)
            last[fact.touch_id] = fact
    return list(last.values())


def add_right_party(
    cells: Cells,
    view: View,
    facts: Sequence[Any],
    channel: str = "",
    strategy: str = "",
    collector: str = "",
) -> None:
    """The right party that was spoken with; `channel` and so on where the exchange names none."""
    right = [party for party in parties_of(facts) if party.is_right]
    if not right:
        return
    party = right[-1]
    for measure in ("right_party", *(("promised",) if party.outcome == PROMISE else ())):
        cell = view.cell(
            measure,
            "",
            bounded(party.day),
            view.place_at(party.at),
            channel=party.channel or channel,
            strategy=strategy,
            collector=party.collector or collector,
        )
        add(cells, cell, 0, 1)


def cells_of(facts: Sequence[Any], view: View) -> Cells:
    """What an exchange adds that belongs to no contact and no task."""
    cells: Cells = {}
    add_right_party(cells, view, facts)
    return cells


KIND = Kind(
    name="party",
    facts=(Party,),
    handlers={
        "right-party-contacted": Handler(_on(is_right=True)),
        "wrong-party-contacted": Handler(_on(is_right=False)),
    },
    cells=cells_of,
    measures=frozenset({"promised", "right_party"}),
)

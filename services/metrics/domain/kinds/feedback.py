"""What debtors think of it all.

measure (day; –; mark): amount; count
- `score` (given; –; the score): 1 to 5; 1: the last announced of a feedback
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from services.metrics.domain.accounts import AccountItems
from services.metrics.domain.cells import Cells, add
from services.metrics.domain.kinds import Handler, Kind
from services.metrics.domain.kinds.contacts import last_of
from services.metrics.domain.slots import bounded, day_of_event, recorded_slot
from services.metrics.domain.views import View
from shared.events import Received, outreach


class Scored(Struct, frozen=True, array_like=True, tag="s"):
    """A score; channel and collector are those of the contact that it answers."""

    recorded_slot: int
    score: int
    at: datetime
    day: date
    channel: str
    collector: str


def on_feedback(items: AccountItems, event: Received, data: outreach.FeedbackReceived) -> None:
    facts = items.item("feedback", data.feedback_id).facts
    answered = items.by_key.get(("contact", data.contact_id or ""))
    contact = last_of(answered.facts) if answered is not None else None
    facts.append(
        Scored(
            recorded_slot(facts, event),
            data.score,
            event.time,
            day_of_event(event),
            data.channel or (contact.channel if contact else ""),
            contact.collector if contact else "",
        )
    )


def cells_of(facts: Sequence[Any], view: View) -> Cells:
    """The last score, on its own day."""
    cells: Cells = {}
    if facts:
        last: Scored = facts[-1]
        cell = view.cell(
            "score",
            "",
            bounded(last.day),
            view.place_at(last.at),
            mark=str(last.score),
            channel=last.channel,
            collector=last.collector,
        )
        add(cells, cell, last.score, 1)
    return cells


KIND = Kind(
    name="feedback",
    facts=(Scored,),
    handlers={"feedback-received": Handler(on_feedback)},
    cells=cells_of,
    measures=frozenset({"score"}),
)

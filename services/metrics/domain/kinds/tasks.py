"""Tasks of people: what was done, how long it took, what it cost.

measure (day; –; mark): amount; count; weight
- `task` (done; –; queue): –; 1; seconds
- `task_seconds` (done; –; queue/seconds): 1
- `cost` (done; –; task/queue): what it cost; 1
- `review` (listened to; –; recognized | empty): its score in millionths; 1
- `right_party`, `promised`: `parties.py`
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from services.metrics.domain.accounts import AccountItems
from services.metrics.domain.cells import Cells, add
from services.metrics.domain.kinds import Handler, Kind
from services.metrics.domain.kinds.contacts import last_of
from services.metrics.domain.kinds.parties import Party, add_right_party
from services.metrics.domain.micros import MICROS, of_units
from services.metrics.domain.slots import bounded, day_of_event, recorded_slot
from services.metrics.domain.views import View
from shared.events import Received, outreach


class Created(Struct, frozen=True, array_like=True, tag="c"):
    """There is something to do; `channel`: of the contact that hands it over."""

    recorded_slot: int
    at: datetime
    day: date
    kind: str
    queue: str
    channel: str
    strategy: str


class Done(Struct, frozen=True, array_like=True, tag="d"):
    """It was done; the last announced counts."""

    recorded_slot: int
    at: datetime
    day: date
    queue: str
    collector: str
    disposition: str
    seconds: int
    cost_micros: int
    cost_currency: str
    channel: str


class Reviewed(Struct, frozen=True, array_like=True, tag="v"):
    """Somebody listened to it; the last announced counts."""

    recorded_slot: int
    at: datetime
    day: date
    collector: str
    score_micros: int
    is_recognized: bool


def on_reviewed(items: AccountItems, event: Received, data: outreach.InteractionReviewed) -> None:
    facts = items.item("task", data.task_id).facts
    facts.append(
        Reviewed(
            recorded_slot(facts, event),
            event.time,
            day_of_event(event),
            data.collector,
            round(data.score * MICROS),
            data.recognition,
        )
    )


def on_created(items: AccountItems, event: Received, data: outreach.TaskCreated) -> None:
    facts = items.item("task", data.task_id).facts
    contact_channel, contact_strategy = _contact_of(items, data.contact_id)
    facts.append(
        Created(
            recorded_slot(facts, event),
            event.time,
            day_of_event(event),
            data.kind,
            data.queue or "",
            contact_channel,
            data.strategy or contact_strategy,
        )
    )


def on_completed(items: AccountItems, event: Received, data: outreach.TaskCompleted) -> None:
    facts = items.item("task", data.task_id).facts
    facts.append(
        Done(
            recorded_slot(facts, event),
            event.time,
            day_of_event(event),
            data.queue,
            data.collector,
            data.disposition,
            data.seconds,
            data.cost_micros,
            data.cost_currency or "",
            _contact_of(items, data.contact_id)[0],
        )
    )


def _contact_of(items: AccountItems, contact_id: str | None) -> tuple[str, str]:
    """Channel and strategy of a contact that was announced before, on the same topic."""
    if contact_id is None:
        return "", ""
    for kind in ("contact", "cover"):
        item = items.by_key.get((kind, contact_id))
        last = last_of(item.facts) if item is not None else None
        if last is not None:
            return last.channel, last.strategy
    return "", ""


def cells_of(facts: Sequence[Any], view: View) -> Cells:
    """What a task adds: once it is done, and with whom was spoken."""
    cells: Cells = {}
    created: Created | None = None
    done: Done | None = None
    reviewed: Reviewed | None = None
    for fact in facts:
        if isinstance(fact, Created):
            created = fact
        elif isinstance(fact, Reviewed):
            reviewed = fact
        elif isinstance(fact, Done):
            done = fact
    strategy = created.strategy if created else ""
    if done is not None:
        channel = done.channel or (created.channel if created else "")
        for measure, mark, currency in (
            ("task", done.queue, ""),
            ("task_seconds", f"{done.queue}/{done.seconds}", ""),
            ("cost", f"task/{done.queue}", done.cost_currency),
        ):
            if measure == "cost" and not done.cost_micros:
                continue
            cell = view.cell(
                measure,
                currency,
                bounded(done.day),
                view.place_at(done.at),
                mark=mark,
                channel=channel,
                strategy=strategy,
                collector=done.collector,
            )
            if measure == "cost":
                add(cells, cell, of_units(done.cost_micros, done.cost_currency), 1)
            else:
                add(cells, cell, 0, 1, done.seconds if measure == "task" else 0)
    if reviewed is not None:
        _add_review(cells, view, reviewed)
    collector = done.collector if done else ""
    add_right_party(cells, view, facts, strategy=strategy, collector=collector)
    return cells


def _add_review(cells: Cells, view: View, reviewed: Reviewed) -> None:
    cell = view.cell(
        "review",
        "",
        bounded(reviewed.day),
        view.place_at(reviewed.at),
        mark="recognized" if reviewed.is_recognized else "",
        collector=reviewed.collector,
    )
    add(cells, cell, reviewed.score_micros, 1)


KIND = Kind(
    name="task",
    facts=(Created, Done, Reviewed, Party),
    handlers={
        "task-created": Handler(on_created),
        "task-completed": Handler(on_completed),
        "interaction-reviewed": Handler(on_reviewed),
    },
    cells=cells_of,
    measures=frozenset({"cost", "promised", "review", "right_party", "task", "task_seconds"}),
)

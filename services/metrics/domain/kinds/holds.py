"""Holds on an account: placed and released. They add nothing of their own; they are steps."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from services.metrics.domain.accounts import AccountItems
from services.metrics.domain.kinds import Handler, Kind
from services.metrics.domain.slots import day_of_event, recorded_slot
from shared.events import Received, ledger


class Held(Struct, frozen=True, array_like=True, tag="h"):
    recorded_slot: int
    at: datetime
    day: date
    from_on: date


class Released(Struct, frozen=True, array_like=True, tag="r"):
    """Not held any more from a day on; before its first one: it never was."""

    recorded_slot: int
    at: datetime
    day: date
    released_on: date


def on_placed(items: AccountItems, event: Received, data: ledger.HoldPlaced) -> None:
    facts = items.item("hold", data.hold_id).facts
    facts.append(Held(recorded_slot(facts, event), event.time, day_of_event(event), data.from_on))


def on_released(items: AccountItems, event: Received, data: ledger.HoldReleased) -> None:
    facts = items.item("hold", data.hold_id).facts
    slot, day = recorded_slot(facts, event), day_of_event(event)
    facts.append(Released(slot, event.time, day, data.released_on))


def hold_of(facts: Sequence[Any]) -> tuple[Held, Released | None] | None:
    """As it was announced last; None: it never was."""
    held = [fact for fact in facts if isinstance(fact, Held)]
    released = [fact for fact in facts if isinstance(fact, Released)]
    if not held:
        return None
    last, end = held[-1], released[-1] if released else None
    return None if end is not None and end.released_on < last.from_on else (last, end)


KIND = Kind(
    name="hold",
    facts=(Held, Released),
    handlers={"hold-placed": Handler(on_placed), "hold-released": Handler(on_released)},
)

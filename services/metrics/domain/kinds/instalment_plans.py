"""Instalment plans: agreed, and what became of them. They add nothing; they are steps."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from services.metrics.domain.accounts import AccountItems
from services.metrics.domain.kinds import Apply, Handler, Kind
from services.metrics.domain.slots import day_of_event, recorded_slot
from shared.events import Received, ledger

DEFAULTED = "defaulted"


class Agreed(Struct, frozen=True, array_like=True, tag="a"):
    recorded_slot: int
    at: datetime
    day: date


class StateTold(Struct, frozen=True, array_like=True, tag="b"):
    """Its state as it was announced; the last counts."""

    recorded_slot: int
    state: str
    at: datetime
    day: date


def on_agreed(items: AccountItems, event: Received, data: ledger.PlanAgreed) -> None:
    facts = items.item("plan", data.plan_id).facts
    facts.append(Agreed(recorded_slot(facts, event), event.time, day_of_event(event)))


def _on(state: str) -> Apply:
    def on_state(items: AccountItems, event: Received, data: Any) -> None:
        _become(items, event, data.plan_id, state)

    return on_state


def on_rejudged(items: AccountItems, event: Received, data: ledger.PlanRejudged) -> None:
    _become(items, event, data.plan_id, data.to_state)


def _become(items: AccountItems, event: Received, plan_id: str, state: str) -> None:
    facts = items.item("plan", plan_id).facts
    facts.append(StateTold(recorded_slot(facts, event), state, event.time, day_of_event(event)))


def plan_of(facts: Sequence[Any]) -> tuple[Agreed | None, StateTold | None]:
    """When it was agreed, and what became of it."""
    agreed = [fact for fact in facts if isinstance(fact, Agreed)]
    became = [fact for fact in facts if isinstance(fact, StateTold)]
    return (agreed[0] if agreed else None), (became[-1] if became else None)


KIND = Kind(
    name="plan",
    facts=(Agreed, StateTold),
    handlers={
        "plan-agreed": Handler(on_agreed),
        "plan-defaulted": Handler(_on(DEFAULTED)),
        "plan-completed": Handler(_on("completed")),
        "plan-cancelled": Handler(_on("cancelled")),
        "plan-rejudged": Handler(on_rejudged),
    },
)

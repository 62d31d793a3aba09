"""What collecting costs besides contacts, tasks and gateways: commissions, and what was recorded.

measure (day; –; mark): amount; count
- `cost` (its day; –; agency, gateway, legal, software, other): in millionths of a minor unit; 1
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from services.metrics.domain.accounts import TENANT_ACCOUNT, AccountItems
from services.metrics.domain.cells import Cells, add
from services.metrics.domain.kinds import Handler, Kind
from services.metrics.domain.micros import MICROS
from services.metrics.domain.slots import bounded, day_of_event, recorded_slot
from services.metrics.domain.views import View
from shared.clock import day_start
from shared.events import Received, ledger, metrics


class Recorded(Struct, frozen=True, array_like=True, tag="r"):
    """A cost of a day. Withdrawn, it has the amount 0."""

    recorded_slot: int
    kind: str
    currency: str
    amount_minor: int
    day: date
    channel: str


class Commission(Struct, frozen=True, array_like=True, tag="c"):
    """What an agency gets of a payment, as it was announced last."""

    recorded_slot: int
    payment_id: str
    currency: str
    amount_minor: int
    at: datetime
    day: date


def on_recorded(items: AccountItems, event: Received, data: metrics.CostRecorded) -> None:
    facts = items.item("cost", data.cost_id).facts
    slot, amount = recorded_slot(facts, event), data.amount_minor
    channel = data.channel or ""
    facts.append(Recorded(slot, data.kind, data.currency, amount, data.incurred_on, channel))


def on_withdrawn(items: AccountItems, event: Received, data: metrics.CostWithdrawn) -> None:
    facts = items.item("cost", data.cost_id).facts
    facts.append(Recorded(recorded_slot(facts, event), "", "", 0, day_of_event(event), ""))


def on_commission(items: AccountItems, event: Received, data: ledger.CommissionDue) -> None:
    facts = items.item("commission", data.placement_id).facts
    facts.append(
        Commission(
            recorded_slot(facts, event),
            data.payment_id,
            data.currency or "",
            data.commission_minor,
            event.time,
            day_of_event(event),
        )
    )


def account_of(data: metrics.CostRecorded | metrics.CostWithdrawn) -> Iterable[str]:
    """The account that a cost is of; else it is the tenant's own."""
    return (data.account_id or TENANT_ACCOUNT,)


def recorded_cells(facts: Sequence[Any], view: View) -> Cells:
    """What was recorded last, on the day on which it was incurred."""
    cells: Cells = {}
    last: Recorded = facts[-1]
    if last.amount_minor:
        day = bounded(last.day)
        place = view.place_at(day_start(day, view.zone))
        cell = view.cell("cost", last.currency, day, place, mark=last.kind, channel=last.channel)
        add(cells, cell, last.amount_minor * MICROS, 1)
    return cells


def commission_cells(facts: Sequence[Any], view: View) -> Cells:
    """The commissions of a placement, each on the day on which it fell due."""
    cells: Cells = {}
    last: dict[str, Commission] = {fact.payment_id: fact for fact in facts}
    for due in last.values():
        if due.amount_minor:
            day, place = view.day_of(due.at, due.day), view.place_before(due.at)
            cell = view.cell("cost", due.currency, day, place, mark="agency")
            add(cells, cell, due.amount_minor * MICROS, 1)
    return cells


KINDS = (
    Kind(
        name="cost",
        facts=(Recorded,),
        handlers={
            "cost-recorded": Handler(on_recorded, account_of),
            "cost-withdrawn": Handler(on_withdrawn, account_of),
        },
        cells=recorded_cells,
        measures=frozenset({"cost"}),
    ),
    Kind(
        name="commission",
        facts=(Commission,),
        handlers={"commission-due": Handler(on_commission)},
        cells=commission_cells,
        measures=frozenset({"cost"}),
    ),
)

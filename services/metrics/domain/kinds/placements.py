"""Debts handed over to somebody, and taken back. What they add stands with their invoices."""

from collections.abc import Iterator
from typing import Any

from services.metrics.domain.accounts import AccountItems
from services.metrics.domain.debts import Placed, Recalled
from services.metrics.domain.kinds import Handler, Kind
from services.metrics.domain.slots import day_of_event, recorded_slot
from shared.events import Received, ledger


def on_placed(items: AccountItems, event: Received, data: ledger.AccountPlaced) -> None:
    """Each invoice of it. One that it named before, and no longer does, has no amount."""
    amounts: dict[str, int | None] = {
        invoice_id: None for invoice_id, _ in _invoices_of(items, data.placement_id)
    }
    amounts |= {each.invoice_id: each.amount_minor for each in data.invoices}
    for invoice_id, amount in amounts.items():
        facts = items.item("invoice", invoice_id).facts
        slot, day = recorded_slot(facts, event), day_of_event(event)
        facts.append(Placed(slot, data.placement_id, data.to, amount, event.time, day))


def on_recalled(items: AccountItems, event: Received, data: ledger.AccountRecalled) -> None:
    for _, facts in _invoices_of(items, data.placement_id):
        facts.append(Recalled(recorded_slot(facts, event), data.placement_id, event.time))


def _invoices_of(items: AccountItems, placement_id: str) -> Iterator[tuple[str, list[Any]]]:
    """The invoices that a placement has ever named, with their facts."""
    for (kind, item_id), item in list(items.by_key.items()):
        if kind == "invoice" and any(
            isinstance(fact, Placed) and fact.placement_id == placement_id for fact in item.facts
        ):
            yield item_id, item.facts


KIND = Kind(
    name="placement",
    facts=(),
    handlers={
        "account-placed": Handler(on_placed),
        "account-recalled": Handler(on_recalled),
    },
)

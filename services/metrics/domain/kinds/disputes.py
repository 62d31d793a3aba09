"""Disputes of invoices: opened and resolved. What they add stands with their invoice."""

from msgspec import UNSET

from services.metrics.domain.accounts import AccountItems
from services.metrics.domain.debts import Disputed, Undisputed
from services.metrics.domain.kinds import Handler, Kind
from services.metrics.domain.slots import day_of_event, recorded_slot
from shared.events import Received, ledger


def on_opened(items: AccountItems, event: Received, data: ledger.DisputeOpened) -> None:
    if data.invoice_id is not None and data.charge_id is UNSET:
        facts = items.item("invoice", data.invoice_id).facts
        slot, day = recorded_slot(facts, event), day_of_event(event)
        facts.append(Disputed(slot, data.dispute_id, data.disputed_minor, event.time, day))


def on_resolved(items: AccountItems, event: Received, data: ledger.DisputeResolved) -> None:
    if data.invoice_id is not None and data.charge_id is UNSET:
        facts = items.item("invoice", data.invoice_id).facts
        slot, day = recorded_slot(facts, event), day_of_event(event)
        facts.append(Undisputed(slot, data.dispute_id, event.time, day))


KIND = Kind(
    name="dispute",
    facts=(),
    handlers={
        "dispute-opened": Handler(on_opened),
        "dispute-resolved": Handler(on_resolved),
    },
)

"""Invoices: issued, amended, voided, overdue, and the money on them."""

from collections.abc import Callable, Sequence
from typing import Any

from services.metrics.domain.accounts import AccountItems
from services.metrics.domain.cells import Cells, add
from services.metrics.domain.debt_measures.balances import add_balances
from services.metrics.domain.debt_measures.cash import add_cash
from services.metrics.domain.debt_measures.cohorts import add_cohorts
from services.metrics.domain.debt_measures.collections import add_collections
from services.metrics.domain.debt_measures.detection import add_detection
from services.metrics.domain.debt_measures.lives import add_life
from services.metrics.domain.debt_measures.losses import add_losses
from services.metrics.domain.debt_measures.placements import add_placements
from services.metrics.domain.debt_measures.rolls import add_rolls
from services.metrics.domain.debts import (
    Amended,
    Debt,
    Disputed,
    Issued,
    Placed,
    Recalled,
    Reopened,
    Staged,
    Undisputed,
    Voided,
    read_debt,
)
from services.metrics.domain.kinds import Handler, Kind
from services.metrics.domain.kinds.payments import note_moved
from services.metrics.domain.latencies import delay_of
from services.metrics.domain.puts import Allocated, allocate, net_by_day, on_allocations
from services.metrics.domain.slots import day_of_event, recorded_slot
from services.metrics.domain.stocks import add_stock
from services.metrics.domain.views import View
from shared.events import Received, ledger

# What a standing invoice adds. A new measure of invoices is a function here.
MEASURES: tuple[Callable[[Cells, Debt], None], ...] = (
    add_balances,
    add_cash,
    add_collections,
    add_losses,
    add_cohorts,
    add_placements,
    add_rolls,
    add_life,
    add_detection,
)


def on_issued(items: AccountItems, event: Received, data: ledger.InvoiceIssued) -> None:
    facts = items.item("invoice", data.invoice_id).facts
    slot = recorded_slot(facts, event)
    facts.append(Issued(slot, data.currency, data.amount_minor, data.issued_on, data.due_on))


def on_amended(items: AccountItems, event: Received, data: ledger.InvoiceAmended) -> None:
    if data.due_on is not None:
        facts = items.item("invoice", data.invoice_id).facts
        facts.append(Amended(recorded_slot(facts, event), data.due_on))


def on_voided(items: AccountItems, event: Received, data: ledger.InvoiceVoided) -> None:
    facts = items.item("invoice", data.invoice_id).facts
    facts.append(Voided(recorded_slot(facts, event)))
    allocate(items, event, data.allocations)


def on_overdue(items: AccountItems, event: Received, data: ledger.InvoiceOverdue) -> None:
    facts = items.item("invoice", data.invoice_id).facts
    slot, delay = recorded_slot(facts, event), delay_of(event.time, event.recordedtime)
    facts.append(Staged(slot, data.due_on, data.stage, delay))


def on_reopened(items: AccountItems, event: Received, data: ledger.InvoiceReopened) -> None:
    facts = items.item("invoice", data.invoice_id).facts
    facts.append(Reopened(recorded_slot(facts, event), event.time, day_of_event(event)))


def on_allocation_changed(
    items: AccountItems, event: Received, data: ledger.AllocationChanged
) -> None:
    """A later fact moved money of payments that lay somewhere already."""
    on_allocations(items, event, data)
    for payment_id in dict.fromkeys(
        each.source_id for each in data.allocations if each.source_kind == "payment"
    ):
        note_moved(items, event, payment_id)


def cells_of(facts: Sequence[Any], view: View) -> Cells:
    """What an invoice adds; a void one only what credit notes took off it."""
    cells: Cells = {}
    debt = read_debt(facts, view)
    if debt is None:
        return cells
    _add_credit(cells, debt)
    if debt.is_void:
        _add_credit_off_a_void(cells, debt)
    else:
        for measure in MEASURES:
            measure(cells, debt)
    return cells


def _add_credit(cells: Cells, debt: Debt) -> None:
    """Credit that lies on the invoice is unapplied no longer."""
    net = net_by_day(debt.credit, debt.issued_on)
    changes = {day: -amount for day, amount in net.items()}
    add_stock(cells, debt.view, "credit", debt.currency, changes)


def _add_credit_off_a_void(cells: Cells, debt: Debt) -> None:
    """What credit notes took off a void invoice lowers no sales until the void has freed it."""
    for put in debt.credit:
        for day, instant, amount in put.moves(debt.issued_on):
            place = debt.view.place_before(instant)
            add(cells, debt.view.cell("credited", debt.currency, day, place), -amount)


KIND = Kind(
    name="invoice",
    facts=(
        Issued,
        Amended,
        Voided,
        Staged,
        Reopened,
        Allocated,
        Disputed,
        Undisputed,
        Placed,
        Recalled,
    ),
    handlers={
        "invoice-issued": Handler(on_issued),
        "invoice-amended": Handler(on_amended),
        "invoice-voided": Handler(on_voided),
        "invoice-overdue": Handler(on_overdue),
        "invoice-reopened": Handler(on_reopened),
        "allocation-changed": Handler(on_allocation_changed),
        # Of a recovery it is the payment's own event, or `allocation-changed`, that says it.
        **dict.fromkeys(
            (
                "settlement-completed",
                "account-written-off",
                "write-off-reversed",
                "discount-granted",
                "discount-revoked",
            ),
            Handler(on_allocations),
        ),
    },
    cells=cells_of,
    measures=frozenset(
        {
            "aged",
            "collected",
            "collected_moved",
            "credit",
            "credited",
            "disputed",
            "entered",
            "entered_moved",
            "invoiced",
            "late",
            "latency",
            "left",
            "open",
            "overdue_entered",
            "overdue_of",
            "paid_days",
            "placed",
            "placed_cash",
            "put_of",
            "recovered",
            "reentered",
            "ripe",
            "ripe_open",
            "roll",
            "settled",
            "stay",
            "written_of",
            "written_off",
        }
    ),
)

"""What outreach knows of the invoices and the money of one account, event by event."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET

from services.outreach.debtors.domain import invoices
from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.debtors.domain.money import (
    MONEY_TYPES,
    Standing,
    invoices_named,
    moved,
    placed_on,
    sources_named,
)
from shared.events import Received

InvoiceFold = Callable[[Invoice, Any, Received], Invoice]

INVOICE_FOLDS: Mapping[str, InvoiceFold] = {
    "invoice-amended": lambda invoice, data, _: invoices.amended(invoice, data),
    "invoice-due-soon": lambda invoice, data, _: invoices.due_soon(invoice, data),
    "invoice-overdue": lambda invoice, data, _: invoices.overdue(invoice, data),
    "overdue-corrected": lambda invoice, data, _: invoices.corrected(invoice, data),
    "invoice-paid": lambda invoice, _data, _: invoices.paid(invoice),
    "invoice-reopened": lambda invoice, data, event: invoices.reopened(invoice, data, event.day),
    "invoice-voided": lambda invoice, _data, _: invoices.voided(invoice),
    "dispute-opened": lambda invoice, data, _: invoices.dispute_opened(invoice, data),
    "dispute-resolved": lambda invoice, data, _: invoices.dispute_resolved(invoice, data),
}
BOOKED_TYPES = frozenset({"invoice-issued", *INVOICE_FOLDS, *MONEY_TYPES})


@dataclass
class AccountBooks:
    """The invoices and sources of money that some events speak of; `fold` changes both."""

    invoices: dict[str, Invoice] = field(default_factory=dict)
    money: dict[str, Standing] = field(default_factory=dict)
    _cause: object = None
    _before: dict[str, Invoice] = field(default_factory=dict)  # as they were before the last fact

    def fold(self, event: Received, data: Any) -> None:
        """Take in the next event of the account; those of one fact come one after the other."""
        if event.causationid is None or event.causationid != self._cause:
            self._cause, self._before = event.causationid, {}
        touched: list[str] = []
        if event.type in MONEY_TYPES:
            for invoice_id, more in moved(self.money, data).items():
                known = self.invoices.get(invoice_id)
                if known is not None:
                    self._change(invoice_id, invoices.with_money(known, more))
                    touched.append(invoice_id)
        if event.type == "account-written-off":
            for invoice_id in set(invoices_named(data.allocations)) & self.invoices.keys():
                self._change(invoice_id, invoices.written_off(self.invoices[invoice_id]))
                touched.append(invoice_id)
        if event.type == "invoice-issued":
            if data.invoice_id not in self.invoices:
                placed = placed_on(self.money, data.invoice_id)
                self.invoices[data.invoice_id] = invoices.issued(data, placed)
        elif _is_of_invoice(event.type, data) and data.invoice_id in self.invoices:
            known = self.invoices[data.invoice_id]
            self._change(data.invoice_id, INVOICE_FOLDS[event.type](known, data, event))
            touched.append(data.invoice_id)
        for invoice_id in touched:
            before, after = self._before[invoice_id], self.invoices[invoice_id]
            self.invoices[invoice_id] = invoices.resumed(before, after, event.day)

    def _change(self, invoice_id: str, after: Invoice) -> None:
        self._before.setdefault(invoice_id, self.invoices[invoice_id])
        self.invoices[invoice_id] = after


def sources_in(type_: str, data: Any) -> Iterator[str]:
    """The sources of money that must be at hand before an event is folded."""
    return sources_named(data) if type_ in MONEY_TYPES else iter(())


def invoices_in(type_: str, data: Any) -> Iterator[str]:
    """The invoices that must be at hand, besides those on which these sources stand."""
    if type_ in MONEY_TYPES:
        yield from invoices_named(data.allocations)
    if type_ == "invoice-issued" or _is_of_invoice(type_, data):
        yield data.invoice_id


def _is_of_invoice(type_: str, data: Any) -> bool:
    """Whether it changes an invoice: the dispute of a charge does not."""
    return type_ in INVOICE_FOLDS and getattr(data, "charge_id", UNSET) is UNSET

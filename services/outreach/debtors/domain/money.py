"""Where an account's money lies: how much of each payment and credit note stands on which invoice.

An event carries the whole history of every source that it touched, which takes the place of what
was known of it; a history that is too long for one event comes in parts (docs/ledger.md).
"""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any

from shared.events import ledger

Standing = Mapping[str, int]  # by invoice, of one source: minor units, each above 0

MONEY_TYPES = frozenset(
    {
        "payment-received",
        "payment-reversed",
        "credit-note-issued",
        "allocation-changed",
        "invoice-voided",
        "settlement-completed",
        "account-written-off",
        "charge-waived",
        "discount-granted",
        "discount-revoked",
    }
)


def source_of(kind: str, source_id: str) -> str:
    """What a source of money (or of what is given up) is called: `payment:P1`."""
    return f"{kind}:{source_id}"


def sources_named(data: Any) -> Iterator[str]:
    """The sources whose histories an event gives; one with nothing in the list stands nowhere."""
    if isinstance(data, ledger.PaymentReceived | ledger.PaymentReversed):
        yield source_of("payment", data.payment_id)
    if isinstance(data, ledger.CreditNoteIssued):
        yield source_of("credit_note", data.credit_note_id)
        if data.replaces is not None:
            yield source_of("credit_note", data.replaces)
    for each in data.allocations:
        yield source_of(each.source_kind, each.source_id)


def invoices_named(allocations: Iterable[ledger.Allocation]) -> Iterator[str]:
    return (name for each in allocations if (name := _principal_of(each)) is not None)


def _principal_of(allocation: ledger.Allocation) -> str | None:
    """The invoice whose balance it lowers; charges and recoveries are no part of one."""
    return allocation.invoice_id if allocation.is_on_principal else None


def moved(money: MutableMapping[str, Standing], data: Any) -> dict[str, int]:
    """Take over the histories in an event; by invoice, how much more lies on it than before."""
    now: dict[str, dict[str, int]] = {source: {} for source in sources_named(data)}
    for each in data.allocations:
        invoice_id = _principal_of(each)
        if invoice_id is not None and each.released_at is None and each.amount_minor:
            on = now[source_of(each.source_kind, each.source_id)]
            on[invoice_id] = on.get(invoice_id, 0) + each.amount_minor
    more: dict[str, int] = {}
    is_more = ledger.adds(data)
    for source, on in now.items():
        before = money.get(source, {})
        after = {**before, **_sum(before, on)} if is_more else on
        for invoice_id in {*before, *after}:
            change = after.get(invoice_id, 0) - before.get(invoice_id, 0)
            if change:
                more[invoice_id] = more.get(invoice_id, 0) + change
        money[source] = after
    return more


def _sum(before: Standing, more: Standing) -> dict[str, int]:
    return {invoice_id: before.get(invoice_id, 0) + more[invoice_id] for invoice_id in more}


def placed_on(money: Mapping[str, Standing], invoice_id: str) -> int:
    """What of an account's money stands on an invoice."""
    return sum(standing.get(invoice_id, 0) for standing in money.values())

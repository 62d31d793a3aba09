"""Recoveries: cash for what was written off (docs/ledger/write-offs.md).

The balance of the invoice stays 0, and the cash stays there when new invoices come. Which money
recovers follows from the kind of write-off: all of it, only what is aimed at the invoice, or none.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import structs

from services.ledger.domain.agreements import WriteOffKind
from services.ledger.domain.credits import Credit, CreditKey, Place, put, take_off
from services.ledger.domain.invoices import SMALL, Holding, Invoice
from services.ledger.domain.state import AccountState
from services.ledger.domain.write_offs import NOUN, WriteOff

# Recovered also by money that is aimed at nothing.
RECALLED: frozenset[WriteOffKind] = frozenset({"uncollectable", "uneconomic"})


def kind_of(state: AccountState, write_off_id: str) -> WriteOffKind:
    known = state.objects.values.get((NOUN, write_off_id))
    if isinstance(known, WriteOff):
        return known.kind
    assert write_off_id.startswith(SMALL), write_off_id
    return "small-balance"


def marked(state: AccountState, invoice: Invoice) -> Invoice:
    """The invoice with what is written off of it, and what can still be recovered."""
    if not invoice.written_off_minor and not invoice.recoveries and not invoice.relieved_minor:
        return invoice
    written_off = sold = recalled = 0
    for holding in invoice.holdings:
        if holding.kind == "write_off":
            kind = kind_of(state, holding.credit_id)
            written_off += holding.amount_minor
            sold += holding.amount_minor if kind == "sold" else 0
            recalled += holding.amount_minor if kind in RECALLED else 0
    left = max(0, written_off - sold - invoice.recovered_minor)
    return structs.replace(
        invoice,
        written_off_minor=written_off,
        recoverable_minor=left,
        recalls_minor=min(left, recalled),
    )


def is_sold(state: AccountState, invoice: Invoice) -> bool:
    """Whether money aimed at it is the buyer's."""
    return any(
        holding.kind == "write_off" and kind_of(state, holding.credit_id) == "sold"
        for holding in invoice.holdings
    )


def recover(
    state: AccountState, credit: Credit, amounts: Mapping[str, int], at: datetime
) -> Credit:
    """Let unapplied cash recover what was written off of invoices (id → amount)."""
    for invoice_id, amount in amounts.items():
        invoice = state.invoices[invoice_id]
        assert 0 < amount <= invoice.recoverable_minor
        keys = invoice.credit_keys
        if credit.key not in keys:
            keys = (*keys, credit.key)
        holding = Holding(credit.kind, credit.credit_id, amount, at)
        _set_recoveries(state, invoice, (*invoice.recoveries, holding), keys)
    credit = put(credit, {(known, None, True): minor for known, minor in amounts.items()}, at)
    state.set_credit(credit)
    return credit


def _set_recoveries(
    state: AccountState,
    invoice: Invoice,
    recoveries: tuple[Holding, ...],
    credit_keys: tuple[CreditKey, ...],
) -> None:
    changed = structs.replace(
        invoice,
        recoveries=recoveries,
        recovered_minor=sum([holding.amount_minor for holding in recoveries]),
        credit_keys=credit_keys,
    )
    state.set_invoice(marked(state, changed))


def recover_loose(state: AccountState, currency: str, at: datetime) -> None:
    """Let cash that finds nothing open recover what was written off, oldest due first."""
    sums = state.currencies.get(currency)
    if sums is None or not sums.recalls:
        return
    for order in [order for order in sums.loose if order[0]]:
        credit = state.credits["payment", order[3]]
        left, amounts = credit.free_minor, {}
        for _, _, invoice_id in sums.recalls:
            part = min(left, state.invoices[invoice_id].recalls_minor)
            if part:
                amounts[invoice_id] = part
                left -= part
        if amounts:
            recover(state, credit, amounts, at)


def free_recoveries(
    state: AccountState,
    invoice_id: str,
    amount_minor: int,
    at: datetime,
    of: CreditKey | None = None,
) -> dict[CreditKey, int]:
    """Take so much of what recovers an invoice off it (of one payment, or of all), last put first;
    it is unapplied again. Gives how much of each."""
    invoice = state.invoices[invoice_id]
    kept: list[Holding] = []
    freed: dict[CreditKey, dict[tuple[Place, datetime], int]] = {}
    for holding in reversed(invoice.recoveries):
        key: CreditKey = (holding.kind, holding.credit_id)
        part = min(amount_minor, holding.amount_minor) if of in (None, key) else 0
        if part:
            amount_minor -= part
            place_of: tuple[Place, datetime] = ((invoice_id, None, True), holding.applied_at)
            lying = freed.setdefault(key, {})
            lying[place_of] = lying.get(place_of, 0) + part
        if holding.amount_minor > part:
            kept.append(structs.replace(holding, amount_minor=holding.amount_minor - part))
    if not freed:
        return {}
    _set_recoveries(state, invoice, tuple(kept[::-1]), invoice.credit_keys)
    for key, lying in freed.items():
        state.set_credit(take_off(state.credits[key], lying, at))
    return {key: sum(lying.values()) for key, lying in freed.items()}


def free_excess(state: AccountState, invoice_ids: Iterable[str], at: datetime) -> None:
    """Free what recovers more than is still written off."""
    for invoice_id in invoice_ids:
        invoice = state.invoices[invoice_id]
        sold = sum(
            holding.amount_minor
            for holding in invoice.holdings
            if holding.kind == "write_off" and kind_of(state, holding.credit_id) == "sold"
        )
        excess = invoice.recovered_minor - (invoice.written_off_minor - sold)
        if excess > 0:
            free_recoveries(state, invoice_id, excess, at)


def take_back(state: AccountState, payment: Credit, amount_minor: int, at: datetime) -> int:
    """Take so much of a payment off what it recovers, latest due first; gives how much it was."""
    ids = {known.invoice_id for known in payment.allocations if known.is_recovery}
    invoices = [state.invoices[known] for known in ids if known is not None]
    taken = 0
    for invoice in sorted(invoices, key=lambda known: known.order, reverse=True):
        if taken < amount_minor:
            freed = free_recoveries(
                state, invoice.invoice_id, amount_minor - taken, at, payment.key
            )
            taken += sum(freed.values())
    return taken


def recovering(state: AccountState, invoice_id: str) -> str | None:
    """The last write-off of an invoice that can be recovered."""
    found = None
    for holding in state.invoices[invoice_id].holdings:
        if holding.kind == "write_off" and kind_of(state, holding.credit_id) != "sold":
            found = holding.credit_id
    return found

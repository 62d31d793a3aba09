"""Where money goes (docs/ledger.md): putting it on invoices, and taking it off again.

Nothing stays unapplied while a balance is open: credit notes first, then cash, oldest fact first,
goes to what is oldest due, undisputed parts before disputed ones.
"""

from collections.abc import Mapping
from datetime import datetime

from msgspec import structs

from services.ledger.domain.credits import Credit, CreditKey, put, take_off
from services.ledger.domain.currency_state import CurrencyState
from services.ledger.domain.invoices import Holding, Invoice, disputed_part
from services.ledger.domain.state import AccountState


def place(state: AccountState, credit: Credit, amounts: Mapping[str, int], at: datetime) -> Credit:
    """Put unapplied money of a credit on invoices (id → amount)."""
    for invoice_id, amount in amounts.items():
        _hold(state, state.invoices[invoice_id], credit, amount, at)
    return _put(state, credit, amounts, at)


def _put(state: AccountState, credit: Credit, amounts: Mapping[str, int], at: datetime) -> Credit:
    credit = put(credit, amounts, at)
    assert credit.unapplied_minor >= 0
    state.set_credit(credit)
    return credit


def _hold(
    state: AccountState, invoice: Invoice, credit: Credit, amount_minor: int, at: datetime
) -> None:
    """Let an invoice hold money of a credit; the credit learns it by `_put`."""
    assert 0 < amount_minor <= invoice.balance_minor
    kept, together, keys = invoice.holdings, amount_minor, invoice.credit_keys
    if kept and kept[-1].credit_id == credit.credit_id and kept[-1].kind == credit.kind:
        last = kept[-1]
        if last.applied_at == at:
            kept, together = kept[:-1], last.amount_minor + amount_minor
    elif credit.key not in keys:
        keys = (*keys, credit.key)
    holding = Holding(credit.kind, credit.credit_id, together, at)
    cash = amount_minor if credit.kind == "payment" else 0
    _set_held(state, invoice, (*kept, holding), cash, amount_minor - cash, keys)


def _set_held(
    state: AccountState,
    invoice: Invoice,
    holdings: tuple[Holding, ...],
    cash_minor: int,
    credited_minor: int,
    credit_keys: tuple[CreditKey, ...],
) -> None:
    balance = invoice.balance_minor - cash_minor - credited_minor
    state.set_invoice(
        structs.replace(
            invoice,
            balance_minor=balance,
            disputed_minor=disputed_part(balance, invoice.disputes),
            credited_minor=invoice.credited_minor + credited_minor,
            paid_minor=invoice.paid_minor + cash_minor,
            holdings=holdings,
            credit_keys=credit_keys,
        )
    )


def release(state: AccountState, amounts: Mapping[str, Mapping[int, int]], at: datetime) -> None:
    """Take money off invoices (id → index of holding → amount); it is unapplied again.

    Of each invoice, what was put last is taken first.
    """
    by_credit: dict[CreditKey, dict[tuple[str, datetime], int]] = {}
    for invoice_id, taken in amounts.items():
        invoice = state.invoices[invoice_id]
        holdings: list[Holding] = []
        cash = credited = 0
        for index in range(len(invoice.holdings) - 1, -1, -1):
            holding = invoice.holdings[index]
            amount = taken.get(index, 0)
            if not amount:
                holdings.append(holding)
                continue
            if amount < holding.amount_minor:
                rest = holding.amount_minor - amount
                holdings.append(structs.replace(holding, amount_minor=rest))
            if holding.kind == "payment":
                cash += amount
            else:
                credited += amount
            lying = by_credit.setdefault((holding.kind, holding.credit_id), {})
            place_of = (invoice_id, holding.applied_at)
            lying[place_of] = lying.get(place_of, 0) + amount
        _set_held(state, invoice, tuple(holdings[::-1]), -cash, -credited, invoice.credit_keys)
    for key, lying in by_credit.items():
        state.set_credit(take_off(state.credits[key], lying, at))


def free_all(state: AccountState, invoice_id: str, at: datetime) -> None:
    """Take all cash and credit off an invoice."""
    holdings = state.invoices[invoice_id].holdings
    whole = {index: holding.amount_minor for index, holding in enumerate(holdings)}
    if whole:
        release(state, {invoice_id: whole}, at)


def free_cash(state: AccountState, invoice_id: str, excess_minor: int, at: datetime) -> None:
    """Take so much cash off an invoice, last allocation first."""
    holdings = state.invoices[invoice_id].holdings
    parts: dict[int, int] = {}
    for index in range(len(holdings) - 1, -1, -1):
        if excess_minor <= 0:
            break
        if holdings[index].kind == "payment":
            parts[index] = min(excess_minor, holdings[index].amount_minor)
            excess_minor -= parts[index]
    if parts:
        release(state, {invoice_id: parts}, at)


def free_latest_due_first(
    state: AccountState, payment: Credit, amount_minor: int, at: datetime
) -> None:
    """Take so much of a payment off the invoices on which it lies, latest due first."""
    if amount_minor <= 0:
        return
    ids = {known.invoice_id for known in payment.allocations if known.released_at is None}
    invoices = sorted([state.invoices[i] for i in ids], key=lambda i: i.order, reverse=True)
    amounts: dict[str, dict[int, int]] = {}
    for invoice in invoices:
        for index in range(len(invoice.holdings) - 1, -1, -1):
            holding = invoice.holdings[index]
            if amount_minor and (holding.kind, holding.credit_id) == payment.key:
                part = min(amount_minor, holding.amount_minor)
                amounts.setdefault(invoice.invoice_id, {})[index] = part
                amount_minor -= part
        if not amount_minor:
            break
    release(state, amounts, at)


def distribute(state: AccountState, currency: str, at: datetime) -> None:
    """Put what is unapplied on what is open."""
    sums = state.currencies.get(currency)
    if not state.registered or sums is None:
        return
    while sums.open and sums.loose:
        rank, _, _, credit_id = sums.loose[0]
        _spread(state, sums, state.credits["payment" if rank else "credit_note", credit_id], at)


def _spread(state: AccountState, sums: CurrencyState, credit: Credit, at: datetime) -> None:
    """Oldest due first, undisputed parts before disputed ones."""
    state.spread = True
    left = credit.free_minor
    amounts: dict[str, int] = {}
    for queue in (sums.clear, sums.open):
        while left and queue:
            invoice = state.invoices[queue[0][2]]
            part = invoice.balance_minor
            if queue is sums.clear:
                part -= invoice.disputed_minor
            part = min(left, part)
            _hold(state, invoice, credit, part, at)
            amounts[invoice.invoice_id] = amounts.get(invoice.invoice_id, 0) + part
            left -= part
    _put(state, credit, amounts, at)

"""Where money goes (docs/ledger.md): putting it on invoices, and taking it off again.

Nothing stays unapplied while a balance is open: credit notes first, then cash, oldest fact first,
goes to what is oldest due, undisputed parts before disputed ones.
"""

from collections.abc import Mapping
from datetime import datetime

from msgspec import structs

from services.ledger.domain.credits import (
    RELIEFS,
    Credit,
    CreditKey,
    CreditKind,
    ReliefKind,
    put,
    take_off,
)
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
    _set_held(state, invoice, (*kept, holding), {credit.kind: amount_minor}, keys)


def _set_held(
    state: AccountState,
    invoice: Invoice,
    holdings: tuple[Holding, ...],
    more: Mapping[CreditKind, int],
    credit_keys: tuple[CreditKey, ...],
) -> None:
    balance = invoice.balance_minor - sum(more.values())
    relieved = sum([more.get(kind, 0) for kind in RELIEFS])
    state.set_invoice(
        structs.replace(
            invoice,
            balance_minor=balance,
            disputed_minor=disputed_part(balance, invoice.disputes),
            credited_minor=invoice.credited_minor + more.get("credit_note", 0),
            paid_minor=invoice.paid_minor + more.get("payment", 0),
            relieved_minor=invoice.relieved_minor + relieved,
            holdings=holdings,
            credit_keys=credit_keys,
        )
    )


def release(state: AccountState, amounts: Mapping[str, Mapping[int, int]], at: datetime) -> None:
    """Take money off invoices (id → index of holding → amount); it is unapplied again, and of a
    relief it is no more.

    Of each invoice, what was put last is taken first.
    """
    by_credit: dict[CreditKey, dict[tuple[str, datetime], int]] = {}
    for invoice_id, taken in amounts.items():
        invoice = state.invoices[invoice_id]
        holdings: list[Holding] = []
        less: dict[CreditKind, int] = {}
        for index in range(len(invoice.holdings) - 1, -1, -1):
            holding = invoice.holdings[index]
            amount = taken.get(index, 0)
            if not amount:
                holdings.append(holding)
                continue
            if amount < holding.amount_minor:
                rest = holding.amount_minor - amount
                holdings.append(structs.replace(holding, amount_minor=rest))
            less[holding.kind] = less.get(holding.kind, 0) - amount
            lying = by_credit.setdefault((holding.kind, holding.credit_id), {})
            place_of = (invoice_id, holding.applied_at)
            lying[place_of] = lying.get(place_of, 0) + amount
        _set_held(state, invoice, tuple(holdings[::-1]), less, invoice.credit_keys)
    for key, lying in by_credit.items():
        state.set_credit(take_off(state.credits[key], lying, at))


def free_all(state: AccountState, invoice_id: str, at: datetime) -> None:
    """Take all cash and credit off an invoice."""
    holdings = state.invoices[invoice_id].holdings
    whole = {index: holding.amount_minor for index, holding in enumerate(holdings)}
    if whole:
        release(state, {invoice_id: whole}, at)


def make_room(state: AccountState, invoice_id: str, room_minor: int, at: datetime) -> None:
    """Take so much off an invoice for a credit note: reliefs before cash, last allocation first."""
    holdings = state.invoices[invoice_id].holdings
    last_first = range(len(holdings) - 1, -1, -1)
    reliefs = [index for index in last_first if holdings[index].kind in RELIEFS]
    cash = [index for index in last_first if holdings[index].kind == "payment"]
    parts: dict[int, int] = {}
    for index in (*reliefs, *cash):
        if room_minor <= 0:
            break
        parts[index] = min(room_minor, holdings[index].amount_minor)
        room_minor -= parts[index]
    if parts:
        release(state, {invoice_id: parts}, at)


def relieve(
    state: AccountState,
    kind: ReliefKind,
    credit_id: str,
    amounts: Mapping[str, int],
    at: datetime,
) -> None:
    """Forgo parts of invoices (id → amount), by a relief that is there already or a new one."""
    amounts = {invoice_id: amount for invoice_id, amount in amounts.items() if amount}
    if not amounts:
        return
    assert state.position is not None
    relief = state.credits.get((kind, credit_id))
    if relief is None:
        currency = state.invoices[next(iter(amounts))].currency
        order = (2, at, state.position[1], credit_id)
        relief = Credit(kind, credit_id, currency, 0, at, order, 0)
    more = sum(amounts.values())
    relief = structs.replace(relief, amount_minor=relief.amount_minor + more, unapplied_minor=more)
    place(state, relief, amounts, at)


def withdraw(state: AccountState, kind: ReliefKind, credit_id: str, at: datetime) -> None:
    """Take a relief off all invoices: they are owed again."""
    relief = state.credits.get((kind, credit_id))
    if relief is None or not relief.amount_minor:
        return
    ids = {known.invoice_id for known in relief.allocations if known.released_at is None}
    amounts = {
        invoice_id: {
            index: holding.amount_minor
            for index, holding in enumerate(state.invoices[invoice_id].holdings)
            if (holding.kind, holding.credit_id) == relief.key
        }
        for invoice_id in sorted(ids)
    }
    release(state, amounts, at)


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

"""Putting money on invoices and taking it off again; who gets it is in `allocation`.

Just before anything of that happens, the interest of the invoice is posted through the day.
"""

from collections.abc import Mapping
from datetime import datetime

from msgspec import structs

from services.ledger.domain.accruals import post_interest
from services.ledger.domain.credits import (
    RELIEFS,
    Credit,
    CreditKey,
    CreditKind,
    Place,
    ReliefKind,
    on_invoice,
    put,
    take_off,
)
from services.ledger.domain.invoices import Holding, Invoice, disputed_part
from services.ledger.domain.recoveries import free_recoveries, marked
from services.ledger.domain.state import AccountState

_FORGONE = tuple([kind for kind in RELIEFS if kind != "discount"])


def place(state: AccountState, credit: Credit, amounts: Mapping[str, int], at: datetime) -> Credit:
    """Put unapplied money of a credit on invoices (id → amount)."""
    for invoice_id, amount in amounts.items():
        post_interest(state, invoice_id, at)
        hold(state, state.invoices[invoice_id], credit, amount, at)
    return put_on(state, credit, amounts, at)


def put_on(state: AccountState, credit: Credit, amounts: Mapping[str, int], at: datetime) -> Credit:
    credit = put(credit, {on_invoice(known): minor for known, minor in amounts.items()}, at)
    assert credit.unapplied_minor >= 0
    state.set_credit(credit)
    return credit


def hold(
    state: AccountState, invoice: Invoice, credit: Credit, amount_minor: int, at: datetime
) -> None:
    """Let an invoice hold money of a credit; the credit learns it by `put_on`."""
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
    relieved = sum([minor for kind, minor in more.items() if kind in RELIEFS])
    held = marked(
        state,
        structs.replace(
            invoice,
            balance_minor=balance,
            disputed_minor=disputed_part(balance, invoice.disputes),
            credited_minor=invoice.credited_minor + more.get("credit_note", 0),
            paid_minor=invoice.paid_minor + more.get("payment", 0),
            relieved_minor=invoice.relieved_minor + relieved,
            holdings=holdings,
            credit_keys=credit_keys,
        ),
    )
    state.set_invoice(held)


def release(state: AccountState, amounts: Mapping[str, Mapping[int, int]], at: datetime) -> None:
    """Take money off invoices (id → index of holding → amount); it is unapplied again, and of a
    relief it is no more.

    Of each invoice, what was put last is taken first.
    """
    by_credit: dict[CreditKey, dict[tuple[Place, datetime], int]] = {}
    for invoice_id, taken in amounts.items():
        post_interest(state, invoice_id, at)
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
            place_of = (on_invoice(invoice_id), holding.applied_at)
            lying[place_of] = lying.get(place_of, 0) + amount
        _set_held(state, invoice, tuple(holdings[::-1]), less, invoice.credit_keys)
    for key, lying in by_credit.items():
        state.set_credit(take_off(state.credits[key], lying, at))


def free_all(state: AccountState, invoice_id: str, at: datetime) -> None:
    """Take all cash and credit off an invoice, and what recovers it."""
    recovered = state.invoices[invoice_id].recovered_minor
    if recovered:
        free_recoveries(state, invoice_id, recovered, at)
    holdings = state.invoices[invoice_id].holdings
    whole = {index: holding.amount_minor for index, holding in enumerate(holdings)}
    if whole:
        release(state, {invoice_id: whole}, at)


def make_room(state: AccountState, invoice_id: str, room_minor: int, at: datetime) -> None:
    """Take so much off an invoice for a credit note: reliefs before cash, last allocation first.

    A discount last: it is taken back as a whole, where too little lies beside it.
    """
    holdings = state.invoices[invoice_id].holdings
    last_first = range(len(holdings) - 1, -1, -1)
    reliefs = [index for index in last_first if holdings[index].kind in _FORGONE]
    cash = [index for index in last_first if holdings[index].kind == "payment"]
    discounts = [index for index in last_first if holdings[index].kind == "discount"]
    parts: dict[int, int] = {}
    for index in (*reliefs, *cash, *discounts):
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
    amounts = {
        invoice_id: {
            index: holding.amount_minor
            for index, holding in enumerate(state.invoices[invoice_id].holdings)
            if (holding.kind, holding.credit_id) == relief.key
        }
        for invoice_id in sorted(relief.lies_on)
    }
    release(state, amounts, at)

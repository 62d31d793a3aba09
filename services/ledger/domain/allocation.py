"""Where money goes (docs/ledger.md): putting it on invoices, and taking it off again.

Nothing stays unapplied while a balance is open: credit notes first, then cash, oldest fact first,
goes to what is oldest due, undisputed parts before disputed ones.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import structs

from services.ledger.domain.arrangements import first_call, most_for
from services.ledger.domain.credits import (
    RELIEFS,
    Credit,
    CreditKey,
    CreditKind,
    Place,
    ReliefKind,
    no_longer_waiting,
    on_invoice,
    put,
    take_off,
)
from services.ledger.domain.currency_state import CurrencyState
from services.ledger.domain.invoices import Holding, Invoice, Order, disputed_part
from services.ledger.domain.recoveries import free_recoveries, marked, recover_loose, take_back
from services.ledger.domain.state import AccountState
from services.ledger.domain.taken import arranged


def place(state: AccountState, credit: Credit, amounts: Mapping[str, int], at: datetime) -> Credit:
    """Put unapplied money of a credit on invoices (id → amount)."""
    for invoice_id, amount in amounts.items():
        _hold(state, state.invoices[invoice_id], credit, amount, at)
    return _put(state, credit, amounts, at)


def _put(state: AccountState, credit: Credit, amounts: Mapping[str, int], at: datetime) -> Credit:
    credit = put(credit, {on_invoice(known): minor for known, minor in amounts.items()}, at)
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


def place_waiting(state: AccountState, invoice_id: str, currency: str, at: datetime) -> None:
    """Put on an invoice what was aimed at it and waited."""
    waited = state.aimed.get((invoice_id, currency))
    if not waited:
        return
    state.set_aimed((invoice_id, currency), ())
    # Credit notes sort before payments, each in fact order.
    for credit in sorted([state.credits[key] for key in waited], key=lambda c: c.order):
        aimed = sum([t.amount_minor for t in credit.targets if t.invoice_id == invoice_id])
        credit = no_longer_waiting(credit, invoice_id)
        state.set_credit(credit)
        balance = state.invoices[invoice_id].balance_minor
        amount = min(aimed, credit.unapplied_minor, balance)
        if amount:
            place(state, credit, {invoice_id: amount}, at)


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


def free_latest_due_first(
    state: AccountState, payment: Credit, amount_minor: int, at: datetime
) -> None:
    """Take so much of a payment off the invoices on which it lies, latest due first."""
    if amount_minor <= 0:
        return
    amount_minor -= take_back(state, payment, amount_minor, at)
    lies_on = [state.invoices[invoice_id] for invoice_id in payment.lies_on]
    invoices = sorted(lies_on, key=lambda i: i.order, reverse=True)
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
    """Put what is unapplied on what is open.

    What finds no room (a settlement takes no more than its amount) waits for what follows from it.
    """
    sums = state.currencies.get(currency)
    if not state.registered or sums is None:
        return
    index = 0
    while sums.open and index < len(sums.loose):
        order = sums.loose[index]
        kind: CreditKind = "payment" if order[0] else "credit_note"
        _spread(state, sums, state.credits[kind, order[3]], at)
        if index < len(sums.loose) and sums.loose[index] == order:
            index += 1
    recover_loose(state, currency, at)


def _spread(state: AccountState, sums: CurrencyState, credit: Credit, at: datetime) -> None:
    """Cash first to the arrangement, as far as it has the first call on it; then oldest due first,
    undisputed parts before disputed ones."""
    state.spread = True
    amounts: dict[str, int] = {}
    first = first_call(state, credit, at) if state.objects.values else None
    if first is not None:
        invoice_ids, room = first
        orders = sorted([state.invoices[invoice_id].order for invoice_id in invoice_ids])
        left = min(room, credit.free_minor)
        for is_clear in (True, False):
            left = _serve(state, orders, credit, left, amounts, at, is_clear=is_clear)
    left = credit.free_minor - sum(amounts.values())
    for queue in (sums.clear, sums.open):
        left = _serve(state, queue, credit, left, amounts, at, is_clear=queue is sums.clear)
    if credit.order[1:] == state.position:
        taken = arranged(state) if state.objects.values else {}
        state.arranged_now += sum([amounts[i] for i in amounts if i in taken])
    if amounts:
        _put(state, credit, amounts, at)


def _serve(
    state: AccountState,
    queue: Sequence[Order],
    credit: Credit,
    left: int,
    amounts: dict[str, int],
    at: datetime,
    *,
    is_clear: bool,
) -> int:
    """Put money on a queue's invoices, one after the other, also of a queue that shortens with it;
    gives what is left of it."""
    index = 0
    while left and index < len(queue):
        order = queue[index]
        invoice = state.invoices[order[2]]
        part = invoice.balance_minor - (invoice.disputed_minor if is_clear else 0)
        part = min(left, part)
        most = most_for(state, credit, invoice.invoice_id) if state.objects.values else None
        if most is not None:
            part = min(part, most)
        if part:
            _hold(state, invoice, credit, part, at)
            amounts[invoice.invoice_id] = amounts.get(invoice.invoice_id, 0) + part
            left -= part
        if index < len(queue) and queue[index] == order:
            index += 1
    return left

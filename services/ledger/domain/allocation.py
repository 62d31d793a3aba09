"""Where money goes (docs/ledger.md): to what is aimed at, then to what is open.

Nothing stays unapplied while a balance is open: credit notes first, then cash, oldest fact first,
goes to what is oldest due, undisputed parts before disputed ones. Once there are charges, the
policy `allocation` says in which order (`serving`).
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec import structs

from services.ledger.domain.arrangements import first_call, most_for
from services.ledger.domain.charges import charge_of
from services.ledger.domain.credits import (
    Credit,
    CreditKey,
    CreditKind,
    Target,
    no_longer_waiting,
)
from services.ledger.domain.currency_state import CurrencyState
from services.ledger.domain.discounts import look_at_discounts
from services.ledger.domain.invoices import Invoice, Order
from services.ledger.domain.placing import (
    free_all,
    hold,
    make_room,
    place,
    put_on,
    release,
    relieve,
    withdraw,
)
from services.ledger.domain.recoveries import recover_loose, take_back
from services.ledger.domain.serving import (
    has_charges,
    is_anything_open,
    pay_charge,
    serve,
    spread,
    take_back_in_order,
)
from services.ledger.domain.state import AccountState
from services.ledger.domain.taken import arranged
from shared.clock import local_day

__all__ = [
    "aim_at_charge",
    "aim_at_invoice",
    "distribute",
    "free_all",
    "free_latest_due_first",
    "make_room",
    "place",
    "place_waiting",
    "place_waiting_on_charge",
    "relieve",
    "withdraw",
]


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
        if credit.kind == "payment":
            aim_at_invoice(state, credit, state.invoices[invoice_id], aimed, at)
            continue
        balance = state.invoices[invoice_id].balance_minor
        amount = min(aimed, credit.unapplied_minor, balance)
        if amount:
            place(state, credit, {invoice_id: amount}, at)


def aim_at_invoice(
    state: AccountState, payment: Credit, invoice: Invoice, amount_minor: int, at: datetime
) -> int:
    """Put money on the invoice it is aimed at: on its principal, or on all of it in the order of
    the policy; gives how much it was."""
    amount_minor = min(amount_minor, payment.unapplied_minor)
    if has_charges(state, invoice.currency):
        policy = state.rules.allocation.at(local_day(at, state.zone))
        if policy.targets == "order":
            ids = (invoice.invoice_id,)
            return serve(state, payment.key, amount_minor, at, only=ids, is_aimed=True)
    amount = min(amount_minor, invoice.balance_minor)
    most = most_for(state, payment, invoice.invoice_id) if state.objects.values else None
    if most is not None:
        amount = min(amount, most)
    if amount:
        place(state, payment, {invoice.invoice_id: amount}, at)
    return amount


def aim_at_charge(
    state: AccountState, payment: Credit, charge_id: str, amount_minor: int, at: datetime
) -> None:
    """Put money on the charge it is aimed at, or let it wait for it."""
    charge = charge_of(state, charge_id)
    if charge is not None and charge.currency == payment.currency:
        pay_charge(state, payment.key, charge_id, min(amount_minor, payment.unapplied_minor), at)
        return
    targets = (*payment.targets, Target(None, amount_minor, charge_id))
    state.set_credit(structs.replace(payment, targets=targets))
    awaited = (charge_id, payment.currency, "charge")
    state.set_aimed(awaited, (*state.aimed.get(awaited, ()), payment.key))


def place_waiting_on_charge(
    state: AccountState, charge_id: str, currency: str, at: datetime
) -> None:
    """Put on a charge what was aimed at it and waited."""
    awaited = (charge_id, currency, "charge")
    waited: Sequence[CreditKey] = state.aimed.get(awaited, ())
    if not waited:
        return
    state.set_aimed(awaited, ())
    for payment in sorted([state.credits[key] for key in waited], key=lambda c: c.order):
        mine = [target for target in payment.targets if target.charge_id == charge_id]
        rest = tuple([target for target in payment.targets if target.charge_id != charge_id])
        state.set_credit(structs.replace(payment, targets=rest))
        aimed = min(sum([target.amount_minor for target in mine]), payment.unapplied_minor)
        pay_charge(state, payment.key, charge_id, aimed, at)


def free_latest_due_first(
    state: AccountState, payment: Credit, amount_minor: int, at: datetime
) -> None:
    """Take so much of a payment off the invoices on which it lies, latest due first."""
    if amount_minor <= 0:
        return
    amount_minor -= take_back(state, payment, amount_minor, at)
    if any(known.charge_id is not None for known in payment.allocations):
        take_back_in_order(state, state.credits[payment.key], amount_minor, at)
        return
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
    if state.offers_discounts:
        look_at_discounts(state, currency, at)
    index, charged = 0, has_charges(state, currency)
    while index < len(sums.loose) and (
        sums.open or (charged and is_anything_open(state, currency))
    ):
        order = sums.loose[index]
        kind: CreditKind = "payment" if order[0] else "credit_note"
        if charged:
            spread(state, (kind, order[3]), at)
        else:
            _spread(state, sums, state.credits[kind, order[3]], at)
        if index < len(sums.loose) and sums.loose[index] == order:
            index += 1
    if sums.recalls:
        recover_loose(state, currency, at)
    if state.offers_discounts:
        look_at_discounts(state, currency, at)


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
        put_on(state, credit, amounts, at)


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
            hold(state, invoice, credit, part, at)
            amounts[invoice.invoice_id] = amounts.get(invoice.invoice_id, 0) + part
            left -= part
        if index < len(queue) and queue[index] == order:
            index += 1
    return left

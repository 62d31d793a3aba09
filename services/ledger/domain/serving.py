"""Where money goes once there are charges: in the order of the policy `allocation`.

Invoice by invoice with the parts of each in order, or part by part over all invoices; undisputed
parts of all before disputed ones. The version of the local day on which the money moves decides.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime

from services.ledger.domain.accruals import post_interest
from services.ledger.domain.arrangements import first_call, most_for
from services.ledger.domain.charges import (
    Charge,
    charge_of,
    charges_of,
    disputed_of,
    pay,
    take,
)
from services.ledger.domain.credits import Allocation, Credit, CreditKey
from services.ledger.domain.invoices import Order
from services.ledger.domain.objects import Key
from services.ledger.domain.placing import place, release
from services.ledger.domain.policies.allocation import AllocationPolicy, Part
from services.ledger.domain.state import AccountState
from services.ledger.domain.taken import arranged
from shared.clock import local_day

_LAST: Key = ("\U0010ffff", "")  # behind every key of one order
_Slot = tuple[Order, Part]


def has_charges(state: AccountState, currency: str) -> bool:
    """Whether money may go to anything but principal."""
    return state.rules.has_interest or bool(state.objects.queues.get(currency))


def is_anything_open(state: AccountState, currency: str) -> bool:
    sums = state.currencies.get(currency)
    return bool(sums is not None and sums.open) or bool(state.objects.queues.get(currency))


def spread(state: AccountState, key: CreditKey, at: datetime) -> None:
    """Put free money of a credit: cash first to the arrangement, as far as it has the first call
    on it, then in the order of the policy."""
    state.spread = True
    credit = state.credits[key]
    before = _on_arranged(state, credit)
    first = first_call(state, credit, at) if state.objects.values else None
    if first is not None:
        invoice_ids, room = first
        serve(state, key, room, at, only=invoice_ids)
    serve(state, key, None, at)
    credit = state.credits[key]
    if credit.order[1:] == state.position:
        state.arranged_now += _on_arranged(state, credit) - before


def _on_arranged(state: AccountState, credit: Credit) -> int:
    """What of it lies on invoices of the arrangement."""
    if credit.order[1:] != state.position:
        return 0
    out = arranged(state)
    return sum(
        [
            known.amount_minor
            for known in credit.allocations
            if known.released_at is None and known.invoice_id in out
        ]
    )


def serve(
    state: AccountState,
    key: CreditKey,
    most: int | None,
    at: datetime,
    *,
    only: Iterable[str] | None = None,
    is_aimed: bool = False,
) -> int:
    """Put money of a credit in order, at most so much, on all or on some invoices alone; gives how
    much it was. What is aimed may be all of it, else what waits for others is left."""
    currency = state.credits[key].currency
    policy = state.rules.allocation.at(local_day(at, state.zone))
    orders = None
    if only is not None:
        orders = sorted([state.invoices[invoice_id].order for invoice_id in only])
    done = 0
    for is_clear in (True, False):
        for slot in _slots(state, currency, policy, orders, is_clear=is_clear):
            credit = state.credits[key]
            left = credit.unapplied_minor if is_aimed else credit.free_minor
            if most is not None:
                left = min(left, most - done)
            if left <= 0:
                return done
            done += _serve_slot(state, key, slot, left, at, is_clear=is_clear)
    return done


def _serve_slot(
    state: AccountState, key: CreditKey, slot: _Slot, left: int, at: datetime, *, is_clear: bool
) -> int:
    order, part = slot
    invoice = state.invoices.get(order[2])
    if invoice is not None and invoice.order != order:
        invoice = None  # a charge without an invoice has the name of one
    if part == "principal":
        assert invoice is not None
        room = invoice.balance_minor - (invoice.disputed_minor if is_clear else 0)
        amount = _fitting(state, key, invoice.invoice_id, min(left, room))
        if amount > 0:
            place(state, state.credits[key], {invoice.invoice_id: amount}, at)
        return max(0, amount)
    charges: list[Charge] = []
    if invoice is not None:
        if part == "interest":
            post_interest(state, invoice.invoice_id, at)
        charges = charges_of(state, invoice.invoice_id)
    lone = charge_of(state, order[2])
    if lone is not None and lone.invoice_id is None and lone.order == order:
        charges.append(lone)
    done = 0
    for charge in charges:
        if charge.kind == part and charge.currency == state.credits[key].currency:
            done += pay_charge(state, key, charge.charge_id, left - done, at, is_clear=is_clear)
    return done


def pay_charge(
    state: AccountState,
    key: CreditKey,
    charge_id: str,
    most: int,
    at: datetime,
    *,
    is_clear: bool = False,
) -> int:
    """Put money of a credit on a charge, as far as it goes; gives how much it was."""
    charge = charge_of(state, charge_id)
    assert charge is not None
    if charge.invoice_id is not None and most > 0 and charge.balance_minor:
        post_interest(state, charge.invoice_id, at)
        charge = charge_of(state, charge_id)
        assert charge is not None
    room = charge.balance_minor - (disputed_of(state, charge) if is_clear else 0)
    amount = _fitting(state, key, charge.invoice_id, min(most, room))
    if amount > 0:
        pay(state, charge, state.credits[key], amount, at)
    return max(0, amount)


def _fitting(state: AccountState, key: CreditKey, invoice_id: str | None, amount: int) -> int:
    if amount <= 0 or invoice_id is None or not state.objects.values:
        return amount
    most = most_for(state, state.credits[key], invoice_id)
    return amount if most is None else min(amount, most)


# ── The order ───────────────────────────────────────────────────────────────────────────────────


def _slots(
    state: AccountState,
    currency: str,
    policy: AllocationPolicy,
    orders: list[Order] | None,
    *,
    is_clear: bool,
) -> Iterator[_Slot]:
    if policy.scope == "invoice":
        for order in _walk(state, currency, policy.order, orders, is_clear=is_clear):
            for part in policy.order:
                if part != "principal" or _is_invoice(state, order):
                    yield order, part
        return
    for part in policy.order:
        for order in _walk(state, currency, (part,), orders, is_clear=is_clear):
            yield order, part


def _is_invoice(state: AccountState, order: Order) -> bool:
    invoice = state.invoices.get(order[2])
    return invoice is not None and invoice.order == order


def _walk(
    state: AccountState,
    currency: str,
    parts: Iterable[Part],
    orders: list[Order] | None,
    *,
    is_clear: bool,
) -> Iterator[Order]:
    """Whatever may have something open of these parts, oldest due first, while it changes."""
    if orders is not None:
        yield from orders
        return
    named = set(parts)
    last: Order | None = None
    while True:
        found: list[Order] = []
        sums = state.currencies.get(currency)
        if sums is not None and ("principal" in named or "interest" in named):
            # Of a debt that is disputed interest may be due all the same.
            queue = sums.clear if is_clear and named == {"principal"} else sums.open
            index = bisect_right(queue, last) if last is not None else 0
            found += queue[index : index + 1]
        charged = state.objects.queues.get(currency)
        if charged and named != {"principal"}:
            index = bisect_right(charged, (last, _LAST)) if last is not None else 0
            found += [order for order, _ in charged[index : index + 1]]
        if not found:
            return
        last = min(found)
        yield last


# ── Taking back ─────────────────────────────────────────────────────────────────────────────────


def take_back_in_order(
    state: AccountState, payment: Credit, amount_minor: int, at: datetime
) -> None:
    """Take so much of a payment off invoices and charges, latest due first; on one invoice the
    last put first."""
    pieces = [
        (_order_of(state, known), index, known)
        for index, known in enumerate(payment.allocations)
        if known.released_at is None and not known.is_recovery
    ]
    for _, _, known in sorted(pieces, key=lambda piece: piece[:2], reverse=True):
        if amount_minor <= 0:
            return
        part = min(amount_minor, known.amount_minor)
        amount_minor -= part
        _take_piece(state, payment, known, part, at)


def _order_of(state: AccountState, known: Allocation) -> Order:
    if known.invoice_id is not None:
        return state.invoices[known.invoice_id].order
    charge = charge_of(state, known.charge_id or "")
    assert charge is not None
    return charge.order


def _take_piece(
    state: AccountState, payment: Credit, known: Allocation, part: int, at: datetime
) -> None:
    if known.invoice_id is not None:
        post_interest(state, known.invoice_id, at)
    charge = charge_of(state, known.charge_id) if known.charge_id is not None else None
    if charge is not None:
        holdings = charge.holdings
    else:
        assert known.invoice_id is not None
        holdings = state.invoices[known.invoice_id].holdings
    taken: dict[int, int] = {}
    for index in range(len(holdings) - 1, -1, -1):
        held = holdings[index]
        if (held.kind, held.credit_id, held.applied_at) == (*payment.key, known.applied_at):
            taken[index] = min(part, held.amount_minor)
            part -= taken[index]
    taken = {index: minor for index, minor in taken.items() if minor}
    if charge is not None:
        take(state, charge, taken, at)
    else:
        assert known.invoice_id is not None
        release(state, {known.invoice_id: taken}, at)

"""The door of write-offs and sales: what is given up, and who has to agree."""

from dataclasses import dataclass
from datetime import date

from services.ledger.domain.agreements import (
    AccountWrittenOff,
    Approval,
    PolicyRef,
    SalePaid,
    WriteOffKind,
    WriteOffReversed,
)
from services.ledger.domain.doors import (
    Asking,
    RequestFaults,
    Resolved,
    in_the_way,
    needs_role,
)
from services.ledger.domain.doors.debts import check_named, not_found
from services.ledger.domain.holds import HOLD_RULES, spans
from services.ledger.domain.invoices import SMALL
from services.ledger.domain.owed import owed, owed_on, undisputed
from services.ledger.domain.state import AccountState
from services.ledger.domain.taken import taken
from services.ledger.domain.write_offs import NOUN, WriteOff

APPROVAL_BUSINESS_DAYS = 10


@dataclass(frozen=True, kw_only=True)
class WriteOffAsked:
    """Without an amount all that is owed; without invoices all that are open."""

    write_off_id: str
    kind: WriteOffKind
    currency: str
    invoice_ids: tuple[str, ...] | None = None
    amount_minor: int | None = None
    reason: str = ""


def write_off(state: AccountState, asked: WriteOffAsked, asking: Asking) -> Resolved:
    """Above a small balance finance has to agree. Raises `Invalid` with `most_minor`."""
    policy = asking.policies["recovery"]
    faults = RequestFaults()
    _check_id("/write_off_id", asked.write_off_id, faults)
    ids = asked.invoice_ids
    if ids is None:
        ids = open_ids(state, asked.currency)
        if not ids:
            faults.add("/invoice_ids", f"nothing is owed in {asked.currency}")
    else:
        check_named(state, asked.currency, ids, faults, is_owed=lambda i: owed(state, i) > 0)
    most = owed_on(state, ids)
    amount = asked.amount_minor if asked.amount_minor is not None else most
    if amount > most and not faults.errors:
        faults.add("/amount_minor", f"is more than what is owed: {most}", most_minor=most)
    faults.refuse("The write-off cannot be made.")
    approval = None
    if amount > policy.small_minor(asked.currency):
        approval = Approval("finance", _until(asking))
    fact = AccountWrittenOff(
        **asking.common(state.account_id),
        policy=PolicyRef("recovery", policy.version, 1),
        write_off_id=asked.write_off_id,
        kind=asked.kind,
        currency=asked.currency,
        invoice_ids=asked.invoice_ids,
        amount_minor=asked.amount_minor,
        approval=approval,
        reason=asked.reason,
    )
    return Resolved((fact,))


def _check_id(pointer: str, write_off_id: str, faults: RequestFaults) -> None:
    if write_off_id.startswith(SMALL):
        faults.add(pointer, f"must not begin with {SMALL}: so begin those of small balances")


def open_ids(state: AccountState, currency: str) -> tuple[str, ...]:
    """The invoices on which something is owed."""
    return tuple(
        [
            invoice_id
            for invoice_id, invoice in state.invoices.items()
            if invoice.currency == currency and owed(state, invoice_id)
        ]
    )


def _until(asking: Asking) -> date:
    return asking.grace(asking.on, APPROVAL_BUSINESS_DAYS)


def reverse_write_off(
    state: AccountState, write_off_id: str, reason: str, asking: Asking
) -> Resolved:
    """Also a sale that the buyer returned. Raises `NotFound`, `Forbidden`, `Conflict`."""
    known = _known(state, write_off_id)
    needs_role(asking, "finance")
    if not known.is_made and known.state != "pending_approval":
        detail = f"write-off {write_off_id} is {known.state}"
        raise in_the_way(detail, known.state, state=known.state)
    common = asking.common(state.account_id)
    return Resolved((WriteOffReversed(**common, write_off_id=write_off_id, reason=reason),))


def _known(state: AccountState, write_off_id: str) -> WriteOff:
    known = state.objects.of(NOUN).get(write_off_id)
    if not isinstance(known, WriteOff):
        raise not_found(NOUN, write_off_id)
    return known


# ── Sales ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class SaleAsked:
    placement_id: str
    to: str
    currency: str
    invoice_ids: tuple[str, ...]
    price_minor: int
    reason: str = ""


def sell(state: AccountState, asked: SaleAsked, asking: Asking) -> Resolved:
    """All that is owed on the invoices, for a price; finance has to agree. Raises `Invalid`,
    `Conflict`."""
    faults = RequestFaults()
    _check_id("/placement_id", asked.placement_id, faults)
    ids = asked.invoice_ids
    check_named(state, asked.currency, ids, faults, is_owed=lambda i: owed(state, i) > 0)
    faults.refuse("The sale cannot be made.")
    check_hand_over(state, ids, asking)
    for invoice_id in ids:
        if state.invoices[invoice_id].disputes:
            raise in_the_way(f"a dispute of {invoice_id} is open", "disputed")
    fact = AccountWrittenOff(
        **asking.common(state.account_id),
        write_off_id=asked.placement_id,
        kind="sold",
        currency=asked.currency,
        invoice_ids=ids,
        approval=Approval("finance", _until(asking)),
        reason=asked.reason,
        to=asked.to,
        price_minor=asked.price_minor,
    )
    return Resolved((fact,))


def check_hand_over(state: AccountState, ids: tuple[str, ...], asking: Asking) -> None:
    """Raises `Conflict` where one is wholly disputed, taken, or under a hold that says so."""
    out = taken(state)
    for invoice_id in ids:
        if owed(state, invoice_id) and undisputed(state, invoice_id) <= 0:
            raise in_the_way(f"{invoice_id} is wholly disputed", "disputed")
        if invoice_id in out:
            because = "placed" if out[invoice_id].startswith("placement") else "arranged"
            raise in_the_way(f"{invoice_id} is in {out[invoice_id]}", because)
    for span in spans(state):
        stops = HOLD_RULES[span.kind].hand_over != "none" and span.holds_on(asking.on)
        if stops and any(span.names(invoice_id) for invoice_id in ids):
            raise in_the_way(f"hold {span.hold_id} ({span.kind}) stops it", "hold")


def pay_sale(state: AccountState, write_off_id: str, amount_minor: int, asking: Asking) -> Resolved:
    """The buyer's money: the price, once. Raises `Conflict`, `Invalid`."""
    known = _known(state, write_off_id)
    if known.state != "sold" or known.paid_minor:
        because = "paid" if known.paid_minor else known.state
        raise in_the_way(f"sale {write_off_id} is {because}", because, state=known.state)
    price = known.data.price_minor or 0 if known.data is not None else 0
    faults = RequestFaults()
    if amount_minor != price:
        faults.add("/amount_minor", f"must be the price: {price}", price_minor=price)
    faults.refuse("The payment cannot be taken.")
    common = asking.common(state.account_id)
    fact = SalePaid(**common, write_off_id=write_off_id, amount_minor=amount_minor)
    return Resolved((fact,))

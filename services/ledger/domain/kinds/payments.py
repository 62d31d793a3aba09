"""Payments: received, failed, and taken back by reversals."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from msgspec import structs

from services.ledger.domain.allocation import (
    aim_at_charge,
    aim_at_invoice,
    distribute,
    free_latest_due_first,
)
from services.ledger.domain.credits import Credit, CreditKey, Reversal, Target
from services.ledger.domain.events import View
from services.ledger.domain.facts import Fact, Need, Position, instant_text
from services.ledger.domain.fees import charge_for_return
from services.ledger.domain.kinds import Kind
from services.ledger.domain.ranks import Rank
from services.ledger.domain.recoveries import is_sold, recover
from services.ledger.domain.state import AccountState
from shared.errors import FieldError
from shared.events import billing, ledger

_RANK = Rank.PAYMENT


def _need(data: billing.PaymentReceived | billing.PaymentReversed) -> Need:
    return ("payment", data.payment_id, data.currency)


def _carries(
    view: View, data: billing.PaymentReceived | billing.PaymentReversed
) -> Iterable[CreditKey]:
    return (("payment", data.payment_id),)


# ── Received ────────────────────────────────────────────────────────────────────────────────────


def _id(data: billing.PaymentReceived) -> str:
    return data.payment_id


def _received_at(data: billing.PaymentReceived, zone: str) -> datetime:
    return data.received_at.astimezone(UTC)


def _check(data: billing.PaymentReceived) -> list[FieldError]:
    errors = [
        FieldError(f"/data/allocations/{index}", "must name an invoice or a charge, and not both")
        for index, target in enumerate(data.allocations)
        if (target.invoice_id is None) == (target.charge_id is None)
    ]
    aimed = sum(target.amount_minor for target in data.allocations)
    if aimed > data.amount_minor:
        detail = f"targets sum to {aimed}, more than the payment's {data.amount_minor}"
        errors.append(FieldError("/data/allocations", detail))
    return errors


def _receive(state: AccountState, data: billing.PaymentReceived, at: datetime) -> None:
    """Targets first; what is aimed at an invoice that is not there yet waits for it."""
    payment = Credit(
        "payment",
        data.payment_id,
        data.currency,
        data.amount_minor,
        at,
        (1, at, int(_RANK), data.payment_id),
        data.amount_minor,
    )
    if not state.registered or not data.allocations:
        state.set_credit(payment)
        distribute(state, data.currency, at)
        return
    waiting: list[Target] = []
    aimed = [(target.invoice_id, target.amount_minor) for target in data.allocations]
    for invoice_id, amount_minor in aimed:
        if invoice_id is None:
            continue
        invoice = state.invoices.get(invoice_id)
        if invoice is None or invoice.currency != data.currency:
            waiting.append(Target(invoice_id, amount_minor))
    if waiting:
        payment = structs.replace(payment, targets=tuple(waiting))
    state.set_credit(payment)
    for target_id in dict.fromkeys([target.invoice_id for target in waiting]):
        assert target_id is not None
        awaited = (target_id, data.currency)
        state.set_aimed(awaited, (*state.aimed.get(awaited, ()), payment.key))
    amounts: dict[str, int] = {}
    for target in data.allocations:
        payment = state.credits[payment.key]
        if target.charge_id is not None:
            aim_at_charge(state, payment, target.charge_id, target.amount_minor, at)
            continue
        invoice = state.invoices.get(target.invoice_id or "")
        if invoice is None or invoice.currency != data.currency:
            continue
        amount = aim_at_invoice(state, payment, invoice, target.amount_minor, at)
        if amount:
            amounts[invoice.invoice_id] = amounts.get(invoice.invoice_id, 0) + amount
    state.aimed_now = amounts
    _recover_aimed(state, data, amounts, at)
    distribute(state, data.currency, at)


def _recover_aimed(
    state: AccountState, data: billing.PaymentReceived, placed: Mapping[str, int], at: datetime
) -> None:
    """What is aimed at an invoice beyond its balance recovers what was written off of it; of an
    invoice that was sold it waits, for it is the buyer's."""
    beyond: dict[str, int] = {}
    for target in data.allocations:
        invoice = state.invoices.get(target.invoice_id) if target.invoice_id else None
        if invoice is not None and invoice.currency == data.currency and invoice.written_off_minor:
            known = beyond.get(invoice.invoice_id, -placed.get(invoice.invoice_id, 0))
            beyond[invoice.invoice_id] = known + target.amount_minor
    for invoice_id, minor in beyond.items():
        payment = state.credits["payment", data.payment_id]
        invoice = state.invoices[invoice_id]
        part = min(minor, invoice.recoverable_minor)
        if part > 0:
            payment = recover(state, payment, {invoice_id: part}, at)
            state.aimed_now[invoice_id] = state.aimed_now.get(invoice_id, 0) + part
            minor -= part
        if minor > 0 and is_sold(state, invoice):
            targets = (*payment.targets, Target(invoice_id, minor))
            state.set_credit(structs.replace(payment, targets=targets))
            awaited = (invoice_id, data.currency)
            state.set_aimed(awaited, (*state.aimed.get(awaited, ()), payment.key))


def _received_event(view: View, data: billing.PaymentReceived) -> ledger.PaymentReceived:
    return ledger.PaymentReceived(
        payment_id=data.payment_id,
        account_id=data.account_id,
        currency=data.currency,
        amount_minor=data.amount_minor,
        received_at=data.received_at,
        method=data.method,
        provider=data.provider,
        fee_minor=data.fee_minor,
        matched=data.matched,
        allocations=view.history(_carries(view, data)),
        amounts=view.touched(data.currency),
    )


def _received_movement(state: AccountState, data: billing.PaymentReceived) -> tuple[str, int]:
    return (data.currency, -data.amount_minor)


# ── Failed ──────────────────────────────────────────────────────────────────────────────────────


def _failure_id(data: billing.PaymentFailed) -> str:
    return f"{data.payment_id} {instant_text(data.failed_at)}"


def _failed_at(data: billing.PaymentFailed, zone: str) -> datetime:
    return data.failed_at.astimezone(UTC)


def _failed_payment(data: billing.PaymentFailed) -> str:
    return data.payment_id


def _failed_event(view: View, data: billing.PaymentFailed) -> ledger.PaymentFailed:
    return ledger.PaymentFailed(
        payment_id=data.payment_id,
        account_id=data.account_id,
        currency=data.currency,
        amount_minor=data.amount_minor,
        failed_at=data.failed_at,
        invoice_id=data.invoice_id,
        reason_code=data.reason_code,
        retriable=data.retriable,
    )


# ── Reversed ────────────────────────────────────────────────────────────────────────────────────


def _reversal_id(data: billing.PaymentReversed) -> str:
    return data.reversal_id


def _reversed_at(data: billing.PaymentReversed, zone: str) -> datetime:
    return data.reversed_at.astimezone(UTC)


def _learn_reversal(
    state: AccountState, fact: Fact, data: billing.PaymentReversed
) -> Position | None:
    """Keep the fact: later ones may change what it takes."""
    state.reversals[data.reversal_id] = fact
    return None


def _reverse(state: AccountState, data: billing.PaymentReversed, at: datetime) -> None:
    """Take what is unapplied first, then allocations, at most what is left of the payment."""
    payment = state.credits["payment", data.payment_id]
    left = payment.amount_minor - payment.taken_minor
    asked = left if data.amount_minor is None else data.amount_minor
    taken = min(asked, left)
    free_latest_due_first(state, payment, taken - payment.unapplied_minor, at)
    payment = state.credits["payment", data.payment_id]
    state.set_credit(
        structs.replace(
            payment,
            unapplied_minor=payment.unapplied_minor - taken,
            taken_minor=payment.taken_minor + taken,
            reversals=(
                *payment.reversals,
                Reversal(data.reversal_id, at, taken, asked - taken),
            ),
        )
    )
    charge_for_return(state, data.reversal_id, data.kind, data.currency, taken, at)
    distribute(state, payment.currency, at)


def taken_by(state: AccountState, data: billing.PaymentReversed) -> int:
    """What a reversal that acted took."""
    payment = state.credits["payment", data.payment_id]
    (taken,) = (known for known in payment.reversals if known.reversal_id == data.reversal_id)
    return taken.amount_minor


def reversed_event(view: View, data: billing.PaymentReversed) -> ledger.PaymentReversed:
    """A reversal's event, with what it took."""
    return ledger.PaymentReversed(
        reversal_id=data.reversal_id,
        payment_id=data.payment_id,
        account_id=data.account_id,
        currency=data.currency,
        kind=data.kind,
        amount_minor=taken_by(view.state, data),
        reversed_at=data.reversed_at,
        allocations=view.history(_carries(view, data)),
        amounts=view.touched(data.currency),
    )


def _reversed_movement(state: AccountState, data: billing.PaymentReversed) -> tuple[str, int]:
    return (data.currency, taken_by(state, data))


KINDS = (
    Kind(
        type="payment-received",
        data=billing.PaymentReceived,
        word="payment",
        rank=_RANK,
        identity=_id,
        instant=_received_at,
        check=_check,
        provides=_need,
        apply=_receive,
        acts_unregistered=True,
        event=_received_event,
        carries=_carries,
        movement=_received_movement,
    ),
    Kind(
        type="payment-failed",
        data=billing.PaymentFailed,
        word="failure",
        rank=Rank.FAILURE,
        identity=_failure_id,
        instant=_failed_at,
        event=_failed_event,
        entity=_failed_payment,
    ),
    Kind(
        type="payment-reversed",
        data=billing.PaymentReversed,
        word="reversal",
        rank=Rank.REVERSAL,
        identity=_reversal_id,
        instant=_reversed_at,
        needs=_need,
        learn=_learn_reversal,
        apply=_reverse,
        acts_unregistered=True,
        event=reversed_event,
        carries=_carries,
        movement=_reversed_movement,
    ),
)

"""Write-offs and sales: made at once or once approved, and reversed.

What each writes off lies as a relief on its invoices. What recovers it is in `recoveries.py`.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from msgspec import structs

from services.ledger.domain.agreements import (
    AccountWrittenOff,
    Approval,
    SalePaid,
    WriteOffReversed,
)
from services.ledger.domain.allocation import distribute, place, place_waiting, relieve, withdraw
from services.ledger.domain.approvals import approval_of, ask, close
from services.ledger.domain.credits import CreditKey
from services.ledger.domain.events import View
from services.ledger.domain.facts import Need
from services.ledger.domain.invoices import Invoice
from services.ledger.domain.kinds import Acting, Kind, Noun
from services.ledger.domain.kinds.invoices import invoice_need
from services.ledger.domain.movements import Movement
from services.ledger.domain.news import News
from services.ledger.domain.objects import Step
from services.ledger.domain.owed import owed
from services.ledger.domain.ranks import Rank
from services.ledger.domain.recoveries import free_recoveries
from services.ledger.domain.relief_movements import relief_movements
from services.ledger.domain.state import AccountState
from services.ledger.domain.waivers import restore_waived, waive_open
from services.ledger.domain.write_off_news import (
    made_news,
    reversed_news,
    sold_news,
    written_off_event,
)
from services.ledger.domain.write_offs import NOUN, WriteOff
from shared.events import ledger


def _id(data: AccountWrittenOff | WriteOffReversed | SalePaid) -> str:
    return data.write_off_id


def _need(data: AccountWrittenOff | WriteOffReversed | SalePaid) -> Need:
    return (NOUN, data.write_off_id)


def _its_invoices(data: AccountWrittenOff) -> Iterable[Need]:
    return [invoice_need(invoice_id) for invoice_id in data.invoice_ids or ()]


def write_off_of(state: AccountState, write_off_id: str) -> WriteOff:
    known = state.objects.values[NOUN, write_off_id]
    assert isinstance(known, WriteOff)
    return known


# ── Made ────────────────────────────────────────────────────────────────────────────────────────


def _write_off(state: AccountState, data: AccountWrittenOff, at: datetime) -> None:
    assert state.position is not None
    waits = data.approval is not None
    known = WriteOff(
        currency=data.currency,
        write_off_id=data.write_off_id,
        kind=data.kind,
        data=data,
        place=state.position,
        state="pending_approval" if waits else _made_state(data),
        history=(Step("pending_approval", at, f"write-off {data.write_off_id}"),) if waits else (),
    )
    if data.approval is None:
        make(state, known, at, f"write-off {data.write_off_id}")
        return
    state.objects.set((NOUN, data.write_off_id), known)
    _ask(state, data, data.approval, at)


def _made_state(data: AccountWrittenOff) -> Any:
    return "sold" if data.kind == "sold" else "made"


def _ask(state: AccountState, data: AccountWrittenOff, approval: Approval, at: datetime) -> None:
    ids = data.invoice_ids or _open_invoices(state, data.currency)
    amount = data.amount_minor
    if amount is None:
        amount = sum(owed(state, invoice_id) for invoice_id in ids)
    ask(
        state,
        NOUN,
        data.write_off_id,
        approval,
        currency=data.currency,
        invoice_ids=data.invoice_ids,
        amount_minor=amount,
        by=data.by,
        at=at,
    )


def _open_invoices(state: AccountState, currency: str) -> tuple[str, ...]:
    """Those with something owed on them, oldest due first."""
    found = [
        invoice
        for invoice in state.invoices.values()
        if invoice.currency == currency and owed(state, invoice.invoice_id)
    ]
    return tuple([invoice.invoice_id for invoice in sorted(found, key=_order)])


def _order(invoice: Invoice) -> Any:
    return invoice.order


def make(state: AccountState, known: WriteOff, at: datetime, because: str) -> None:
    """Write off what is owed now: charges are waived, then principal, oldest due first."""
    data = known.data
    named = data.invoice_ids if data is not None else known.invoice_ids
    ids = named or _open_invoices(state, known.currency)
    named_invoices = [state.invoices[invoice_id] for invoice_id in ids]
    invoices = sorted([i for i in named_invoices if i.currency == known.currency], key=_order)
    left = data.amount_minor if data is not None else None
    # The relief needs its write-off's kind: it is there before the money.
    made: Any = "made" if data is None else _made_state(data)
    step = Step(made, at, because)
    known = structs.replace(known, state=made, history=(*known.history, step))
    state.objects.set((NOUN, known.write_off_id), known)
    charges, parts = 0, dict[str, int]()
    for invoice in invoices:
        part = waive_open(state, invoice.invoice_id, left, "written-off", known.write_off_id, at)
        charges += part
        parts[invoice.invoice_id] = part
        left = left - part if left is not None else None
    amounts: dict[str, int] = {}
    for invoice in invoices:
        part = invoice.balance_minor if left is None else min(left, invoice.balance_minor)
        if part:
            amounts[invoice.invoice_id] = part
            parts[invoice.invoice_id] += part
            left = left - part if left is not None else None
    relieve(state, "write_off", known.write_off_id, amounts, at)
    state.objects.set(
        (NOUN, known.write_off_id),
        structs.replace(
            known,
            amount_minor=charges + sum(amounts.values()),
            charges_minor=charges,
            invoice_ids=tuple([invoice.invoice_id for invoice in invoices]),
            parts=tuple(parts.items()),
        ),
    )


# ── Reversed ────────────────────────────────────────────────────────────────────────────────────


def _reverse(state: AccountState, data: WriteOffReversed, at: datetime) -> None:
    known = write_off_of(state, data.write_off_id)
    if known.state == "pending_approval":
        close(state, f"{NOUN}:{data.write_off_id}", "withdrawn", at, "reversed", data.by)
    elif known.is_made:
        _undo(state, known, at, f"write-off reversal {data.write_off_id}")


def _undo(state: AccountState, known: WriteOff, at: datetime, because: str) -> None:
    """Owed again from now; what recovered it is ordinary cash on it, what waited is applied."""
    step = Step("reversed", at, because)
    state.objects.set(
        (NOUN, known.write_off_id),
        structs.replace(known, state="reversed", history=(*known.history, step)),
    )
    withdraw(state, "write_off", known.write_off_id, at)
    restore_waived(state, known.write_off_id, at)
    for invoice_id in known.invoice_ids:
        invoice = state.invoices[invoice_id]
        excess = invoice.recovered_minor - invoice.written_off_minor
        if excess > 0:
            freed = free_recoveries(state, invoice_id, excess, at)
            for key, minor in freed.items():
                part = min(minor, state.invoices[invoice_id].balance_minor)
                if part:
                    place(state, state.credits[key], {invoice_id: part}, at)
        place_waiting(state, invoice_id, known.currency, at)
    distribute(state, known.currency, at)


def _pay_sale(state: AccountState, data: SalePaid, at: datetime) -> None:
    known = write_off_of(state, data.write_off_id)
    paid = known.paid_minor + data.amount_minor
    state.objects.set((NOUN, known.write_off_id), structs.replace(known, paid_minor=paid))


def _conclude(state: AccountState, acting: Acting) -> bool:
    """What was approved begins, what was refused or expired does not."""
    changed = False
    for write_off_id in list(state.objects.of(NOUN)):
        known = write_off_of(state, write_off_id)
        if known.state != "pending_approval":
            continue
        request = approval_of(state, f"{NOUN}:{write_off_id}")
        assert request is not None
        if request.state == "approved":
            make(state, known, acting.at, f"approval {request.approval_id}")
            changed = True
        elif request.state != "open":
            step = Step("refused", acting.at, request.state)
            state.objects.set(
                (NOUN, write_off_id),
                structs.replace(known, state="refused", history=(*known.history, step)),
            )
            changed = True
    return changed


# ── Announced ───────────────────────────────────────────────────────────────────────────────────


def _made_event(view: View, data: AccountWrittenOff) -> ledger.AccountWrittenOff | None:
    """One that waits for its approval is announced when it is made."""
    if data.approval is not None:
        return None
    return written_off_event(view, write_off_of(view.state, data.write_off_id))


def _carries(view: View, data: AccountWrittenOff) -> Iterable[CreditKey]:
    return () if data.approval is not None else (("write_off", data.write_off_id),)


def _no_event(view: View, data: Any) -> None:
    return None  # the write-off announces what becomes of it


def _news(view: View, before: WriteOff | None, after: WriteOff | None) -> list[News]:
    known = after or before
    assert known is not None
    was_made = before is not None and before.is_made
    is_made = after is not None and after.is_made
    is_new = not (before is not None and before.was_made)
    is_own = before is None and known.data is not None and known.data.approval is None
    if is_made and was_made:
        is_other = before is not None and before.amount_minor != known.amount_minor
        return made_news(view, known, is_new=False) if is_other else []
    if is_made:
        if not is_own:
            return made_news(view, known, is_new=is_new)
        return [sold_news(view, known, is_new=True)] if known.kind == "sold" else []
    if was_made or (is_own and known.was_made):
        return reversed_news(view, known, is_restated=after is None)
    return []


KINDS = (
    Kind(
        type="account-written-off",
        data=AccountWrittenOff,
        word="write-off",
        rank=Rank.WRITE_OFF,
        identity=_id,
        also_needs=_its_invoices,
        provides=_need,
        apply=_write_off,
        event=_made_event,
        carries=_carries,
    ),
    Kind(
        type="write-off-reversed",
        data=WriteOffReversed,
        word="write-off reversal",
        rank=Rank.WRITE_OFF_REVERSED,
        identity=_id,
        needs=_need,
        apply=_reverse,
        event=_no_event,
    ),
    Kind(
        type="sale-paid",
        data=SalePaid,
        word="sale payment",
        rank=Rank.SALE_PAID,
        identity=_id,
        needs=_need,
        apply=_pay_sale,
        event=_no_event,
    ),
)


def _movements(state: AccountState, known: WriteOff) -> Iterator[Movement]:
    return relief_movements(state, "write_off", known.write_off_id, "write-off")


NOUNS = (
    Noun(
        name=NOUN,
        value=WriteOff,
        order=20,
        conclude=_conclude,
        news=_news,
        movements=_movements,
    ),
)

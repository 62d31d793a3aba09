"""Write-offs and sales: made at once or once approved, reversed; small balances by their policy.

What each writes off lies as a relief on its invoices. What recovers it is in `recoveries.py`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from msgspec import structs

from services.ledger.domain.agreements import (
    AccountWrittenOff,
    Approval,
    SalePaid,
    WriteOffReversed,
)
from services.ledger.domain.allocation import distribute, place, place_waiting, relieve, withdraw
from services.ledger.domain.approvals import approval_of, ask
from services.ledger.domain.events import View, allocations, common
from services.ledger.domain.facts import Need, Position
from services.ledger.domain.invoices import SMALL, Invoice
from services.ledger.domain.kinds import Acting, Kind, Noun
from services.ledger.domain.kinds.invoices import invoice_need
from services.ledger.domain.news import News
from services.ledger.domain.objects import AccountObject, Step, boundary
from services.ledger.domain.owed import owed
from services.ledger.domain.ranks import Rank, Turn
from services.ledger.domain.recoveries import free_recoveries
from services.ledger.domain.state import AccountState
from services.ledger.domain.taken import taken
from services.ledger.domain.waivers import restore_waived, waive_open
from services.ledger.domain.write_offs import NOUN, WriteOff
from shared.clock import local_day
from shared.events import ledger

_SMALL_NOUN = "small-balance"


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
        _make(state, known, at, f"write-off {data.write_off_id}")
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


def _make(state: AccountState, known: WriteOff, at: datetime, because: str) -> None:
    """Write off what is owed now: charges are waived, then principal, oldest due first."""
    data = known.data
    named = data.invoice_ids if data is not None else known.invoice_ids
    ids = named or _open_invoices(state, known.currency)
    invoices = sorted([state.invoices[i] for i in ids if i in state.invoices], key=_order)
    left = data.amount_minor if data is not None else None
    # The relief needs its write-off's kind: it is there before the money.
    made: Any = "made" if data is None else _made_state(data)
    step = Step(made, at, because)
    known = structs.replace(known, state=made, history=(*known.history, step))
    state.objects.set((NOUN, known.write_off_id), known)
    charges = 0
    for invoice in invoices:
        part = waive_open(state, invoice.invoice_id, left, "written-off", known.write_off_id, at)
        charges += part
        left = left - part if left is not None else None
    amounts: dict[str, int] = {}
    for invoice in invoices:
        part = invoice.balance_minor if left is None else min(left, invoice.balance_minor)
        if part:
            amounts[invoice.invoice_id] = part
            left = left - part if left is not None else None
    relieve(state, "write_off", known.write_off_id, amounts, at)
    state.objects.set(
        (NOUN, known.write_off_id),
        structs.replace(
            known,
            amount_minor=charges + sum(amounts.values()),
            charges_minor=charges,
            invoice_ids=tuple([invoice.invoice_id for invoice in invoices]),
        ),
    )


# ── Reversed ────────────────────────────────────────────────────────────────────────────────────


def _reverse(state: AccountState, data: WriteOffReversed, at: datetime) -> None:
    known = write_off_of(state, data.write_off_id)
    if known.is_made:
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
            _make(state, known, acting.at, f"approval {request.approval_id}")
            changed = True
        elif request.state != "open":
            step = Step("refused", acting.at, f"approval {request.state}")
            state.objects.set(
                (NOUN, write_off_id),
                structs.replace(known, state="refused", history=(*known.history, step)),
            )
            changed = True
    return changed


# ── Small balances ──────────────────────────────────────────────────────────────────────────────


class SmallBalance(AccountObject, frozen=True, kw_only=True):
    """An invoice that is looked at so many days after the latest cash was put on it."""

    invoice_id: str
    on_day: Any  # date
    is_done: bool = False


def _watch(state: AccountState, acting: Acting) -> bool:
    """Look at each invoice that cash was put on, some days later, if small balances are let go."""
    if not state.rules.has_small_balances:
        return False
    changed = False
    for invoice_id in list(state.before_invoices):
        invoice = state.invoices.get(invoice_id)
        known = state.objects.values.get((_SMALL_NOUN, invoice_id))
        if invoice is None or not invoice.paid_minor or not invoice.balance_minor:
            continue
        cash = [held.applied_at for held in invoice.holdings if held.kind == "payment"]
        put_on = local_day(max(cash), state.zone)
        policy = state.rules.recovery.at(put_on)
        on_day = put_on + timedelta(days=policy.small_after_days)
        if isinstance(known, SmallBalance) and known.on_day == on_day:
            continue
        state.objects.set(
            (_SMALL_NOUN, invoice_id),
            SmallBalance(currency=invoice.currency, invoice_id=invoice_id, on_day=on_day),
        )
        changed = True
    return changed


def _small_wake(state: AccountState, known: SmallBalance) -> Position | None:
    if known.is_done:
        return None
    invoice = state.invoices[known.invoice_id]
    tie = f"{invoice.due_on} {known.invoice_id}"
    return boundary(known.on_day, state.zone, Turn.SMALL_BALANCE, tie)


def _let_go(state: AccountState, known: SmallBalance, at: datetime) -> None:
    """Write off what is left of a small balance, if nothing speaks against it on this day."""
    state.objects.set((_SMALL_NOUN, known.invoice_id), structs.replace(known, is_done=True))
    invoice = state.invoices[known.invoice_id]
    small = state.rules.recovery.at(known.on_day).small_minor(invoice.currency)
    left = owed(state, known.invoice_id)
    is_small = 0 < left <= small and invoice.due_on < known.on_day
    if not is_small or invoice.disputes or known.invoice_id in taken(state):
        return
    assert state.position is not None
    write_off_id = f"{SMALL}{known.invoice_id}"
    made = WriteOff(
        currency=invoice.currency,
        write_off_id=write_off_id,
        kind="small-balance",
        data=None,
        place=state.position,
        state="made",
        invoice_ids=(known.invoice_id,),
    )
    _make(state, made, at, f"small balance {known.invoice_id}")


# ── Announced ───────────────────────────────────────────────────────────────────────────────────


def _no_event(view: View, data: Any) -> None:
    return None  # the write-off announces itself, when it is made


def _news(view: View, before: WriteOff | None, after: WriteOff | None) -> list[News]:
    was_made = before is not None and before.is_made
    if after is None or not after.is_made:
        if not was_made:
            return []
        assert before is not None
        return [_reversed_news(view, after or before, is_restated=after is None)]
    lying = _lying(view.state, after)
    if was_made and before is not None and before.amount_minor == after.amount_minor:
        return []
    credit = view.state.credits.get(("write_off", after.write_off_id))
    data = ledger.AccountWrittenOff(
        **_of(view, after),
        kind=after.kind,
        amount_minor=after.amount_minor,
        charges_minor=after.charges_minor,
        allocations=tuple(allocations(view.state, credit)) if credit is not None else (),
    )
    made_at = next(step.at for step in reversed(after.history) if step.state in ("made", "sold"))
    cause = f"{lying} {after.amount_minor}, {view.cause}"
    return [
        News(
            "account-written-off",
            after.write_off_id,
            cause,
            made_at,
            data,
            is_new=not was_made,
            turn=Turn.OTHER,
        )
    ]


def _lying(state: AccountState, known: WriteOff) -> int:
    credit = state.credits.get(("write_off", known.write_off_id))
    return credit.amount_minor if credit is not None else 0


def _of(view: View, known: WriteOff) -> dict[str, Any]:
    whose = common(view, known.data) if known.data is not None else {}
    return {
        **whose,
        "account_id": view.state.account_id,
        "currency": known.currency,
        "invoice_ids": known.invoice_ids or None,
        "write_off_id": known.write_off_id,
        "amounts": (view.amounts(known.currency),),
    }


def _reversed_news(view: View, known: WriteOff, *, is_restated: bool) -> News:
    because = "restated" if is_restated else known.history[-1].because
    data = ledger.WriteOffReversed(**_of(view, known), because=because)
    at = view.at if is_restated else known.history[-1].at
    return News(
        "write-off-reversed",
        known.write_off_id,
        view.cause,
        at,
        data,
        is_new=False,
        turn=Turn.OTHER,
    )


def _entry(invoice_id: str) -> tuple[str, str]:
    return ("account-written-off", f"{SMALL}{invoice_id}")


def _movement(state: AccountState, data: AccountWrittenOff) -> tuple[str, int]:
    known = state.objects.values.get((NOUN, data.write_off_id))
    is_made = isinstance(known, WriteOff) and known.is_made
    return (data.currency, -known.amount_minor if is_made and isinstance(known, WriteOff) else 0)


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
        event=_no_event,
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

NOUNS = (
    Noun(name=NOUN, value=WriteOff, order=20, conclude=_conclude, news=_news),
    Noun(
        name=_SMALL_NOUN,
        value=SmallBalance,
        order=90,
        wake=_small_wake,
        judge=_let_go,
        entry=_entry,
        conclude=_watch,
    ),
)

"""Promises to pay: made, cancelled, and judged by what came in (docs/ledger/promises.md)."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import structs

from services.ledger.domain.agreements import PromiseCancelled, PromiseMade
from services.ledger.domain.charges import NOUN as CHARGE
from services.ledger.domain.credits import Credit
from services.ledger.domain.events import View, common
from services.ledger.domain.facts import Need, Position
from services.ledger.domain.holds import HOLD_RULES, spans
from services.ledger.domain.holds import NOUN as HOLD
from services.ledger.domain.kinds import Acting, Kind, Noun
from services.ledger.domain.kinds.invoices import invoice_need
from services.ledger.domain.objects import Step, boundary
from services.ledger.domain.owed import owed_on, undisputed_on
from services.ledger.domain.promise_news import promise_news
from services.ledger.domain.promises import (
    NOUN,
    Counted,
    Promise,
    PromiseState,
    open_promises,
    promises,
    turn_of,
)
from services.ledger.domain.ranks import Rank, Turn
from services.ledger.domain.state import AccountState
from services.ledger.domain.taken import arranged, taken
from services.ledger.domain.timeless import HoldSpan
from shared.clock import day_start, local_day
from shared.events import billing, ledger


def _id(data: PromiseMade | PromiseCancelled) -> str:
    return data.promise_id


def _need(data: PromiseMade | PromiseCancelled) -> Need:
    return (NOUN, data.promise_id)


def _its_invoices(data: PromiseMade) -> Iterable[Need]:
    return [invoice_need(invoice_id) for invoice_id in data.invoice_ids or ()]


# ── Made, cancelled ─────────────────────────────────────────────────────────────────────────────


def _make(state: AccountState, data: PromiseMade, at: datetime) -> None:
    assert state.position is not None
    covers = data.invoice_ids
    if covers is None:
        out = taken(state)
        covers = tuple(
            [
                invoice_id
                for _, _, invoice_id in state.currency(data.currency).open
                if invoice_id not in out
            ]
        )
    for earlier in data.supersedes:
        _end(state, earlier, "cancelled", at, f"promise {data.promise_id}")
    state.objects.set(
        (NOUN, data.promise_id),
        Promise(
            currency=data.currency,
            promise_id=data.promise_id,
            data=data,
            place=state.position,
            covers=covers,
            history=(Step("open", at, f"promise {data.promise_id}"),),
        ),
    )


def _cancel(state: AccountState, data: PromiseCancelled, at: datetime) -> None:
    _end(state, data.promise_id, "cancelled", at, f"cancellation {data.promise_id}")


def _end(
    state: AccountState, promise_id: str, to: PromiseState, at: datetime, because: str
) -> None:
    """Let an open promise go into another state."""
    known = state.objects.of(NOUN).get(promise_id)
    if isinstance(known, Promise) and known.state == "open":
        state.objects.set((NOUN, promise_id), _in_state(known, to, at, because))


def _in_state(known: Promise, to: PromiseState, at: datetime, because: str) -> Promise:
    if known.state == to:
        return known
    return structs.replace(known, state=to, history=(*known.history, Step(to, at, because)))


# ── What counts ─────────────────────────────────────────────────────────────────────────────────


def _conclude(state: AccountState, acting: Acting) -> bool:
    """Count what came in or was taken back, keep what is kept, end what others end."""
    if not state.objects.of(NOUN):
        return False
    before = dict(state.objects.of(NOUN))
    data = acting.fact.data if acting.fact is not None else None
    if isinstance(data, billing.PaymentReceived):
        _count(state, state.credits["payment", data.payment_id], acting)
    elif isinstance(data, billing.PaymentReversed):
        _take_back(state, data, acting)
    _end_by_others(state, acting)
    return any(
        before[key] is not value and before[key] != value
        for key, value in state.objects.of(NOUN).items()
    )


def _count(state: AccountState, payment: Credit, acting: Acting) -> None:
    """Share a payment out once, among the promises whose window it falls in."""
    known = [
        each
        for each in promises(state)
        if not each.is_judged
        and each.state in ("open", "kept")
        and each.place < acting.position
        and acting.at < day_start(each.judged_on, state.zone)
    ]
    if not known or any(c.payment_id == payment.credit_id for p in known for c in p.counted):
        return
    aims = dict(state.aimed_now)
    for target in payment.targets:  # it waits, but it was paid
        name = target.invoice_id or f"{CHARGE} {target.charge_id}"
        aims[name] = aims.get(name, 0) + target.amount_minor
    free = payment.amount_minor - sum(aims.values()) - state.arranged_now
    outside = arranged(state)
    for promise in sorted(known, key=turn_of):
        if promise.currency != payment.currency:
            continue
        wants = promise.amount_minor - promise.received_minor
        if promise.data.invoice_ids is None:
            takes = min(wants, max(0, free))
            free -= takes
            takes += _from_aims(aims, [i for i in aims if i not in outside], wants - takes)
        else:
            takes = _from_aims(aims, promise.data.invoice_ids, wants)
            more = min(wants - takes, max(0, free))
            free -= more
            takes += more
        if takes:
            counted = (*promise.counted, Counted(payment.credit_id, takes))
            _set_counted(state, promise, counted, acting)


def _from_aims(aims: dict[str, int], invoice_ids: Iterable[str], wants: int) -> int:
    """Take so much of what was aimed at these invoices, and is counted nowhere yet."""
    taken_minor = 0
    for invoice_id in invoice_ids:
        part = min(wants - taken_minor, aims.get(invoice_id, 0))
        if part > 0:
            aims[invoice_id] -= part
            taken_minor += part
    return taken_minor


def _take_back(state: AccountState, data: billing.PaymentReversed, acting: Acting) -> None:
    """A reversal takes first what counted for no promise, then from the promise due latest."""
    payment = state.credits["payment", data.payment_id]
    counting = [
        each
        for each in promises(state)
        if any(part.payment_id == data.payment_id for part in each.counted)
    ]
    counted = sum(
        part.amount_minor
        for each in counting
        for part in each.counted
        if part.payment_id == data.payment_id
    )
    too_much = counted - (payment.amount_minor - payment.taken_minor)
    for promise in sorted(counting, key=turn_of, reverse=True):
        if too_much <= 0:
            return
        parts: list[Counted] = []
        for part in promise.counted:
            if part.payment_id == data.payment_id:
                less = min(too_much, part.amount_minor)
                too_much -= less
                part = Counted(part.payment_id, part.amount_minor - less)
            if part.amount_minor:
                parts.append(part)
        _set_counted(state, promise, tuple(parts), acting)


def _set_counted(
    state: AccountState, promise: Promise, counted: tuple[Counted, ...], acting: Acting
) -> None:
    """What counts is another sum: judge again."""
    promise = structs.replace(promise, counted=counted)
    if promise.state != "cancelled":
        to: PromiseState
        if promise.is_judged and promise.asked_minor is not None:
            to = promise.verdict(promise.received_minor, promise.asked_minor)
        else:
            to = "kept" if _is_kept(state, promise) else "open"
        promise = _in_state(promise, to, acting.at, acting.cause)
    state.objects.set((NOUN, promise.promise_id), promise)


def _is_kept(state: AccountState, promise: Promise) -> bool:
    received = promise.received_minor
    if 100 * received >= promise.data.kept_from_percent * promise.amount_minor:
        return True
    return received > 0 and not owed_on(state, promise.covers)


def _end_by_others(state: AccountState, acting: Acting) -> None:
    still_open = open_promises(state)
    if not still_open:
        return
    out = taken(state)
    day, known = local_day(acting.at, state.zone), state.objects.values
    stopping = [
        span
        for span in spans(state)
        if HOLD_RULES[span.kind].clocks and span.holds_on(day) and (HOLD, span.hold_id) in known
    ]
    owed: dict[tuple[str, ...], int] = {}  # most promises of an account cover the same
    for promise in still_open:
        key, because = (NOUN, promise.promise_id), None
        if promise.covers not in owed:
            owed[promise.covers] = owed_on(state, promise.covers)
        if stopping and day < promise.judged_on:
            because = next((f"hold {s.hold_id}" for s in stopping if _covers(s, promise)), None)
        if because is None and out:
            because = next((out[known_id] for known_id in promise.covers if known_id in out), None)
        if because is not None:
            state.objects.set(key, _in_state(promise, "cancelled", acting.at, because))
        elif not owed[promise.covers]:
            to: PromiseState = "kept" if promise.received_minor else "cancelled"
            because = acting.cause if to == "kept" else "nothing-left"
            state.objects.set(key, _in_state(promise, to, acting.at, because))


def _covers(span: HoldSpan, promise: Promise) -> bool:
    return any(span.names(invoice_id) for invoice_id in promise.covers)


# ── Judged ──────────────────────────────────────────────────────────────────────────────────────


def _wake(state: AccountState, promise: Promise) -> Position | None:
    if promise.is_judged or promise.state == "cancelled":
        return None
    data = promise.data
    tie = f"{data.due_on} {promise.place[0].isoformat()} {promise.promise_id}"
    return boundary(promise.judged_on, state.zone, Turn.PROMISE, tie)


def _judge(state: AccountState, promise: Promise, at: datetime) -> None:
    """Fix what is asked: what was promised, or what came in and what is left to pay."""
    received = promise.received_minor
    asked = min(promise.amount_minor, received + undisputed_on(state, promise.covers))
    judged = structs.replace(promise, is_judged=True, asked_minor=asked)
    if promise.state == "open":
        to = promise.verdict(received, asked)
        because = "nothing-left" if to == "cancelled" else f"promise {promise.promise_id}"
        judged = _in_state(judged, to, at, because)
    state.objects.set((NOUN, promise.promise_id), judged)


# ── Announced ───────────────────────────────────────────────────────────────────────────────────


def _made_event(view: View, data: PromiseMade) -> ledger.PromiseMade:
    return ledger.PromiseMade(
        **common(view, data),
        currency=data.currency,
        invoice_ids=data.invoice_ids,
        promise_id=data.promise_id,
        amount_minor=data.amount_minor,
        due_on=data.due_on,
        grace_until_on=data.grace_until_on,
        supersedes=data.supersedes,
        amounts=view.touched(data.currency),
    )


def _no_event(view: View, data: PromiseCancelled) -> None:
    return None  # the promise announces that it has ended


KINDS = (
    Kind(
        type="promise-made",
        data=PromiseMade,
        word="promise",
        rank=Rank.PROMISE_MADE,
        identity=_id,
        also_needs=_its_invoices,
        provides=_need,
        apply=_make,
        event=_made_event,
    ),
    Kind(
        type="promise-cancelled",
        data=PromiseCancelled,
        word="cancellation",
        rank=Rank.PROMISE_CANCELLED,
        identity=_id,
        needs=_need,
        apply=_cancel,
        event=_no_event,
    ),
)

NOUNS = (
    Noun(
        name=NOUN,
        value=Promise,
        order=50,
        wake=_wake,
        judge=_judge,
        conclude=_conclude,
        news=promise_news,
    ),
)

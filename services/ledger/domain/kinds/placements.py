"""Placements: made at once or once approved, recalled by a person, a day, a hold or when paid."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from msgspec import structs

from services.ledger.domain.agreements import AccountPlaced, AccountRecalled
from services.ledger.domain.approvals import approval_of, ask, close
from services.ledger.domain.events import View, common
from services.ledger.domain.facts import Need, Position
from services.ledger.domain.holds import HOLD_RULES, Hold
from services.ledger.domain.kinds import Acting, Kind, Noun
from services.ledger.domain.kinds.invoices import invoice_need
from services.ledger.domain.news import News
from services.ledger.domain.objects import Step, boundary
from services.ledger.domain.owed import owed
from services.ledger.domain.placements import NOUN, PlacedDebt, Placement, PlacementState
from services.ledger.domain.ranks import Rank, Turn
from services.ledger.domain.state import AccountState
from services.ledger.domain.taken import taken
from shared.clock import local_day
from shared.events import ledger

_FIRST = -1  # a beginning is announced before what ends by it
_WAITS: PlacementState = "pending_approval"


def _id(data: AccountPlaced | AccountRecalled) -> str:
    return data.placement_id


def _need(data: AccountPlaced | AccountRecalled) -> Need:
    return (NOUN, data.placement_id)


def _its_invoices(data: AccountPlaced) -> Iterable[Need]:
    return [invoice_need(invoice_id) for invoice_id in data.invoice_ids]


def placement_of(state: AccountState, placement_id: str) -> Placement:
    known = state.objects.values[NOUN, placement_id]
    assert isinstance(known, Placement)
    return known


def owed_or_recoverable(state: AccountState, invoice_id: str) -> int:
    return owed(state, invoice_id) + state.invoices[invoice_id].recoverable_minor


# ── Made, recalled ──────────────────────────────────────────────────────────────────────────────


def _place(state: AccountState, data: AccountPlaced, at: datetime) -> None:
    assert state.position is not None
    cause = f"{NOUN} {data.placement_id}"
    known = Placement(
        currency=data.currency,
        placement_id=data.placement_id,
        data=data,
        place=state.position,
        invoice_ids=tuple(
            [i for i in data.invoice_ids if state.invoices[i].currency == data.currency]
        ),
        state=_WAITS,
    )
    if data.approval is None:
        _begin(state, known, at, cause)
        return
    known = structs.replace(known, history=(Step(_WAITS, at, cause),))
    state.objects.set((NOUN, data.placement_id), known)
    ask(
        state,
        NOUN,
        data.placement_id,
        data.approval,
        currency=data.currency,
        invoice_ids=known.invoice_ids,
        amount_minor=sum([owed_or_recoverable(state, i) for i in known.invoice_ids]),
        by=data.by,
        at=at,
    )


def _begin(state: AccountState, known: Placement, at: datetime, because: str) -> None:
    """What another placement has stays there; arrangements and promises over the rest end."""
    out = {i: name for i, name in taken(state).items() if name.startswith(f"{NOUN} ")}
    free = tuple([i for i in known.invoice_ids if i not in out])
    if not free:
        other = next((out[i] for i in known.invoice_ids), "nothing-left")
        _recall(state, known, at, other)
        return
    debts = [PlacedDebt(invoice_id, owed_or_recoverable(state, invoice_id)) for invoice_id in free]
    known = _in_state(known, "placed", at, because)
    known = structs.replace(known, invoice_ids=free, began=state.position, placed=tuple(debts))
    state.objects.set((NOUN, known.placement_id), known)


def _in_state(known: Placement, to: PlacementState, at: datetime, because: str) -> Placement:
    return structs.replace(known, state=to, history=(*known.history, Step(to, at, because)))


def _recall(state: AccountState, known: Placement, at: datetime, because: str) -> None:
    known = _in_state(known, "recalled", at, because)
    if known.began is not None:
        left = [PlacedDebt(i, owed_or_recoverable(state, i)) for i in known.invoice_ids]
        known = structs.replace(known, recalled_on=local_day(at, state.zone), returned=tuple(left))
    state.objects.set((NOUN, known.placement_id), known)


def _ask_back(state: AccountState, data: AccountRecalled, at: datetime) -> None:
    """One that waits for its approval is withdrawn."""
    known = placement_of(state, data.placement_id)
    if known.state == _WAITS:
        close(state, f"{NOUN}:{data.placement_id}", "withdrawn", at, "recalled", data.by)
    elif known.is_placed:
        _recall(state, known, at, "recalled")


# ── What follows ────────────────────────────────────────────────────────────────────────────────


def _conclude(state: AccountState, acting: Acting) -> bool:
    """What was approved begins; what has nothing left, or is held, comes back."""
    if not state.objects.of(NOUN):
        return False
    before = dict(state.objects.of(NOUN))
    for placement_id in before:
        known = placement_of(state, placement_id)
        if known.state == _WAITS:
            _look_at_approval(state, known, acting)
            known = placement_of(state, placement_id)
        because = _comes_back(state, known, acting) if known.is_placed else None
        if because is not None:
            _recall(state, known, acting.at, because)
    return any(before[key] != value for key, value in state.objects.of(NOUN).items())


def _look_at_approval(state: AccountState, known: Placement, acting: Acting) -> None:
    request = approval_of(state, f"{NOUN}:{known.placement_id}")
    assert request is not None
    if request.state == "approved":
        _begin(state, known, acting.at, f"approval {request.approval_id}")
    elif request.state != "open":
        refused = _in_state(known, "refused", acting.at, request.state)
        state.objects.set((NOUN, known.placement_id), refused)


def _comes_back(state: AccountState, known: Placement, acting: Acting) -> str | None:
    hold = _hold_that_ends(state, known, acting)
    if hold is not None:
        return f"hold {hold}"
    if not any(owed_or_recoverable(state, invoice_id) for invoice_id in known.invoice_ids):
        return "paid"
    return None


def _hold_that_ends(state: AccountState, known: Placement, acting: Acting) -> str | None:
    """The first that has acted, ends hand-overs and covers one of its invoices on this day."""
    if not state.timeless.holds:
        return None
    day = local_day(acting.at, state.zone)
    for hold_id, hold in state.objects.of("hold").items():
        assert isinstance(hold, Hold)
        span = state.timeless.holds[hold_id]
        ends = HOLD_RULES[span.kind].hand_over == "ends" and span.holds_on(day)
        if ends and any(span.names(invoice_id) for invoice_id in known.invoice_ids):
            return hold_id
    return None


def _wake(state: AccountState, known: Placement) -> Position | None:
    """The beginning of the day after its last."""
    until_on = known.data.until_on
    if not known.is_placed or until_on is None:
        return None
    day = until_on + timedelta(days=1)
    return boundary(day, state.zone, Turn.OTHER, f"{NOUN} {known.placement_id}")


def _judge(state: AccountState, known: Placement, at: datetime) -> None:
    _recall(state, known, at, "expired")


def _entry(placement_id: str, place: Position) -> tuple[str, str]:
    return ("account-recalled", placement_id)


# ── Announced ───────────────────────────────────────────────────────────────────────────────────


def _placed_event(view: View, data: AccountPlaced) -> ledger.AccountPlaced | None:
    """One that waits for its approval is announced when it begins."""
    known = placement_of(view.state, data.placement_id)
    return None if data.approval is not None or known.began is None else _placed(view, known)


def _placed(view: View, known: Placement) -> ledger.AccountPlaced:
    data = known.data
    return ledger.AccountPlaced(
        **_of(view, known),
        kind=data.kind,
        to=data.to,
        placed_minor=known.placed_minor,
        invoices=tuple(
            [ledger.PlacedInvoice(debt.invoice_id, debt.amount_minor) for debt in known.placed]
        ),
        commission_percent=data.commission_percent,
        until_on=data.until_on,
    )


def _recalled(view: View, known: Placement) -> ledger.AccountRecalled:
    return ledger.AccountRecalled(
        **_of(view, known),
        because=known.history[-1].because,
        to=known.data.to,
        invoices=tuple(
            [ledger.PlacedInvoice(debt.invoice_id, debt.amount_minor) for debt in known.returned]
        ),
    )


def _of(view: View, known: Placement) -> dict[str, Any]:
    return {
        **common(view, known.data),
        "currency": known.currency,
        "invoice_ids": known.invoice_ids,
        "placement_id": known.placement_id,
        "amounts": (view.amounts(known.currency),),
    }


def _no_event(view: View, data: AccountRecalled) -> None:
    return None  # the placement announces that it is recalled


def _news(view: View, before: Placement | None, after: Placement | None) -> list[News]:
    """Its beginning, unless its own fact announces that, and its recall; again what differs."""
    if after is None:
        return []
    found: list[News] = []
    was = before if before is not None and before.began is not None else None
    is_own = before is None and after.data.approval is None
    is_again = False
    if after.began is not None and not is_own:
        is_back = was is not None and was.state == "recalled" and after.is_placed
        if was is None or is_back or _begun(was) != _begun(after):
            cause = f"placed, {view.cause}"
            at, data = after.began[0], _placed(view, after)
            is_new, is_again = was is None, was is not None
            found.append(
                News("account-placed", after.placement_id, cause, at, data, is_new, _FIRST)
            )
    last = before.history[-1] if before is not None and before.state == "recalled" else None
    is_again = is_again or (before is not None and before.returned != after.returned)
    if after.state == "recalled" and (after.history[-1] != last or is_again):
        step, recalled = after.history[-1], _recalled(view, after)
        cause, is_new = f"{step.because}, {view.cause}", last is None
        found.append(
            News(
                "account-recalled",
                after.placement_id,
                cause,
                step.at,
                recalled,
                is_new,
                Turn.OTHER,
            )
        )
    return found


def _begun(known: Placement) -> tuple[object, ...]:
    """What was announced of its beginning."""
    return (known.began, known.placed)


KINDS = (
    Kind(
        type="account-placed",
        data=AccountPlaced,
        word=NOUN,
        rank=Rank.PLACEMENT,
        identity=_id,
        also_needs=_its_invoices,
        provides=_need,
        apply=_place,
        event=_placed_event,
    ),
    Kind(
        type="account-recalled",
        data=AccountRecalled,
        word="recall",
        rank=Rank.RECALL,
        identity=_id,
        needs=_need,
        apply=_ask_back,
        event=_no_event,
    ),
)

NOUNS = (
    Noun(
        name=NOUN,
        value=Placement,
        order=25,
        wake=_wake,
        judge=_judge,
        entry=_entry,
        conclude=_conclude,
        news=_news,
    ),
)

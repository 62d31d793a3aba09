"""Holds: placed and released. They count by their days, for the whole history."""

from datetime import date, datetime, timedelta

from msgspec import structs

from services.ledger.domain.agreements import HoldPlaced, HoldReleased
from services.ledger.domain.approvals import approval_of, ask
from services.ledger.domain.events import View, common
from services.ledger.domain.facts import Fact, Need, Position
from services.ledger.domain.holds import HOLD_RULES, NOUN, Hold
from services.ledger.domain.kinds import Acting, Kind, Noun
from services.ledger.domain.news import News
from services.ledger.domain.objects import NO_CURRENCY, Step, boundary
from services.ledger.domain.ranks import Rank, Turn
from services.ledger.domain.state import AccountState
from services.ledger.domain.timeless import HoldSpan
from shared.clock import day_start
from shared.events import ledger

_CLOCKED = ("promise", "plan", "settlement", "placement")  # nouns whose judgements holds move


def _hold_id(data: HoldPlaced) -> str:
    return data.hold_id


def _release_id(data: HoldReleased) -> str:
    """A hold is released once; a request that was refused or expired released nothing."""
    return f"{data.hold_id} again" if data.is_second else data.hold_id


def _need(data: HoldReleased) -> Need:
    return (NOUN, data.hold_id)


def _provides(data: HoldPlaced) -> Need:
    return (NOUN, data.hold_id)


def _provides_release(data: HoldReleased) -> Need | None:
    return None if data.is_second else ("hold-release", data.hold_id)


def _place_of(state: AccountState, day: date) -> Position:
    return (day_start(day, state.zone), Rank.BOUNDARY, "")


def hold(state: AccountState, hold_id: str) -> Hold:
    known = state.objects.values[NOUN, hold_id]
    assert isinstance(known, Hold)
    return known


# ── Placed ──────────────────────────────────────────────────────────────────────────────────────


def _from_on(data: HoldPlaced, zone: str) -> datetime:
    return day_start(data.from_on, zone)


def _learn_placed(state: AccountState, fact: Fact, data: HoldPlaced) -> Position:
    released_on = state.timeless.released.get(data.hold_id)
    state.timeless.holds[data.hold_id] = HoldSpan(
        data.hold_id, data.kind, data.invoice_ids, data.from_on, data.until_on, released_on
    )
    return _place_of(state, data.from_on)


def _place(state: AccountState, data: HoldPlaced, at: datetime) -> None:
    span = state.timeless.holds[data.hold_id]
    placed = Hold(
        currency=NO_CURRENCY,
        hold_id=data.hold_id,
        span=span,
        state="placed",
        history=(Step("placed", at, f"hold {data.hold_id}"),),
        by=data.by,
        channel=data.channel,
        policy=data.policy,
    )
    state.objects.set((NOUN, data.hold_id), placed)
    for noun in _CLOCKED:
        for object_id in state.objects.of(noun):
            state.objects.touch((noun, object_id))


def _placed_event(view: View, data: HoldPlaced) -> ledger.HoldPlaced:
    return ledger.HoldPlaced(
        **common(view, data),
        currency=None,
        invoice_ids=data.invoice_ids,
        hold_id=data.hold_id,
        kind=data.kind,
        from_on=data.from_on,
        until_on=data.until_on,
        stops=HOLD_RULES[data.kind].stops,  # type: ignore[arg-type]
    )


# ── Released ────────────────────────────────────────────────────────────────────────────────────


def _released_at(data: HoldReleased, zone: str) -> datetime:
    return day_start(data.released_on, zone)


def _learn_released(state: AccountState, fact: Fact, data: HoldReleased) -> Position | None:
    if data.approval is not None:
        state.timeless.releases[data.hold_id] = data.released_on
        return None  # it counts once it is approved
    return release_span(state, data.hold_id, data.released_on)


def release_span(state: AccountState, hold_id: str, released_on: date) -> Position | None:
    """Let a hold end before a day, for the whole history; gives from where facts act again."""
    released_on = min(released_on, state.timeless.released.get(hold_id, released_on))
    state.timeless.released[hold_id] = released_on
    span = state.timeless.holds.get(hold_id)
    if span is None:
        return None  # its hold comes later
    state.timeless.holds[hold_id] = structs.replace(span, released_on=released_on)
    return _place_of(state, span.from_on)


def _release(state: AccountState, data: HoldReleased, at: datetime) -> None:
    if data.approval is None:
        known = hold(state, data.hold_id)
        if known.span.is_released:  # else its own last day ends it, when that is over
            _end(state, known, at)
        return
    ask(
        state,
        NOUN,
        data.hold_id,
        data.approval,
        currency=NO_CURRENCY,
        invoice_ids=hold(state, data.hold_id).span.invoice_ids,
        amount_minor=None,
        by=data.by,
        at=at,
    )


def _end(state: AccountState, known: Hold, at: datetime) -> None:
    if known.state != "placed":
        return
    ended = "released" if known.span.is_released else "expired"
    step = Step(ended, at, f"hold {known.hold_id}")
    state.objects.set(
        (NOUN, known.hold_id),
        structs.replace(known, state=ended, history=(*known.history, step)),
    )


# ── The object ──────────────────────────────────────────────────────────────────────────────────


def _wake(state: AccountState, known: Hold) -> Position | None:
    """The beginning of the first day without it."""
    if known.state != "placed" or known.span.last_on is None:
        return None
    after = max(known.span.last_on + timedelta(days=1), known.span.from_on)
    return boundary(after, state.zone, Turn.OTHER, f"hold {known.hold_id}")


def _judge(state: AccountState, known: Hold, at: datetime) -> None:
    _end(state, known, at)


def _conclude(state: AccountState, acting: Acting) -> bool:
    """A release that was approved: from the decision, or the later day that was asked for."""
    changed = False
    for hold_id in state.objects.of(NOUN):
        known = hold(state, hold_id)
        span = state.timeless.holds[hold_id]
        request = approval_of(state, f"{NOUN}:{hold_id}")
        if known.span != span:
            state.objects.set((NOUN, hold_id), structs.replace(known, span=span))
            changed = True
        elif request is not None and request.state == "approved" and known.state == "placed":
            state.objects.touch((NOUN, hold_id))
    return changed


def _entry(hold_id: str, place: Position) -> tuple[str, str]:
    return ("hold-expired", hold_id)


def _news(view: View, before: Hold | None, after: Hold | None) -> list[News]:
    """It has ended: a release is announced by its own fact, unless it had to be approved."""
    if after is None or after.state == "placed" or (before and before.state == after.state):
        return []
    is_own = after.state == "released" and view.fact_if_any is not None
    if is_own and view.fact.kind == "hold-released":
        return []
    span = after.span
    last_on = span.last_on
    assert last_on is not None
    released_on = max(last_on + timedelta(days=1), span.from_on)
    data = ledger.HoldReleased(
        account_id=view.state.account_id,
        currency=None,
        invoice_ids=span.invoice_ids,
        hold_id=after.hold_id,
        kind=span.kind,
        released_on=released_on,
        because=after.state,
    )
    ended_at = after.history[-1].at
    cause = f"{after.state} {released_on}"
    turn = Turn.OTHER
    return [News("hold-released", after.hold_id, cause, ended_at, data, turn=turn)]


def _released_event(view: View, data: HoldReleased) -> ledger.HoldReleased | None:
    span = view.state.timeless.holds[data.hold_id]
    if data.approval is not None or not span.is_released:  # it had expired by itself
        return None
    return ledger.HoldReleased(
        **common(view, data),
        currency=None,
        invoice_ids=span.invoice_ids,
        hold_id=data.hold_id,
        kind=span.kind,
        released_on=data.released_on,
        because="released",
    )


KINDS = (
    Kind(
        type="hold-placed",
        data=HoldPlaced,
        word="hold",
        rank=Rank.HOLD_PLACED,
        identity=_hold_id,
        instant=_from_on,
        provides=_provides,
        learn=_learn_placed,
        apply=_place,
        event=_placed_event,
    ),
    Kind(
        type="hold-released",
        data=HoldReleased,
        word="release",
        rank=Rank.HOLD_RELEASED,
        identity=_release_id,
        instant=_released_at,
        needs=_need,
        provides=_provides_release,
        learn=_learn_released,
        apply=_release,
        event=_released_event,
    ),
)

NOUNS = (
    Noun(
        name=NOUN,
        value=Hold,
        order=10,
        wake=_wake,
        judge=_judge,
        entry=_entry,
        conclude=_conclude,
        news=_news,
    ),
)

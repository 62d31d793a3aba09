"""Facts act, are taken back and act again: one way for the last fact, for late ones, and for all.

A fact that sorts last acts on top. A late one takes back what lies behind its place, acts, and lets
what was behind act again by the same rules: only what has to do with the same objects, where nobody
looked at the queues, else all of it. `compute` is the same from nothing. What a fact did is the
difference between before and after it, object by object.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from heapq import merge

from services.ledger.domain.before import Before
from services.ledger.domain.conclusions import conclude
from services.ledger.domain.facts import Fact, Position
from services.ledger.domain.kinds import ANEW, Acting
from services.ledger.domain.objects import Key
from services.ledger.domain.ordering import arrange
from services.ledger.domain.ranks import Rank
from services.ledger.domain.registry import KINDS, NOUNS
from services.ledger.domain.slices import SLICE_ENTRIES, Slices
from services.ledger.domain.slipping import entries_behind, is_disjoint, related
from services.ledger.domain.state import AccountState
from services.ledger.domain.undo import Undo
from shared.clock import day_start

Act = tuple[Position, Fact]
_WITH_OBJECTS = 5  # so much more work is a fact or a boundary where there are objects


def apply(state: AccountState, position: Position, fact: Fact) -> None:
    """Let one fact act at its place. It must come after all that acted before."""
    _apply(state, position, fact)
    state.trim()


def _apply(state: AccountState, position: Position, fact: Fact) -> Undo:
    state.forget()
    state.position = position
    kind = KINDS[fact.kind]
    brings = kind.brings(fact.data)
    if brings is not None:
        state.acts[brings] = position[0]
    assert kind.apply is not None
    kind.apply(state, fact.data, position[0])
    cause = kind.cause(fact)
    objects, makes_objects = state.objects, kind.makes_objects or state.rules.makes_objects
    if state.registered and (objects.values or objects.before or makes_objects):
        conclude(state, Acting(position, fact, None, cause))
    state.settle(fact, cause, position)
    return state.undo[-1]


def apply_boundary(state: AccountState, position: Position, key: Key) -> str:
    """Let an object be judged at its boundary; gives the cause."""
    state.forget()
    state.position = position
    noun, value = NOUNS[key[0]], state.objects.values[key]
    cause = f"{noun.name} {key[1]}"
    assert noun.judge is not None
    state.objects.touch(key)
    noun.judge(state, value, position[0])
    conclude(state, Acting(position, None, key, cause))
    assert state.objects.wakes.get(key, position) != position or key not in state.objects.wakes, key
    state.settle(None, cause, position)
    state.trim()
    return cause


def take_back(state: AccountState, entry: Undo) -> None:
    """Undo the fact that acted last, or one that those after it have nothing to do with."""
    state.undo_entry(entry)
    if entry.fact is None:
        return
    brings = KINDS[entry.fact.kind].brings(entry.fact.data)
    if brings is not None:
        del state.acts[brings]


def act(state: AccountState, acts: Sequence[Act], since: Position | None = None) -> Slices[int]:
    """Let facts act, wherever their places are, and all again from a place on.

    Afterwards `before_…` show each object that is different as it was. Gives how many facts
    acted again; all do where the place is too far back, or unknown (`ANEW`).
    """
    first = min([position for position, _ in acts], default=since)
    if first is None:
        return 0
    if since is not None and since < first:
        first = since
    last = state.last
    if (last is None or first > last) and first != ANEW and len(acts) == 1:
        apply(state, *acts[0])
        if not state.objects.agenda or state.objects.due(state.horizon) is None:
            return 0
        return (yield from _act_boundaries(state))
    if since is None and len(acts) == 1 and not state.objects.values:
        redone = yield from _act_among(state, *acts[0])
        if redone is not None:
            return redone
    if first == ANEW or (state.forgotten is not None and first <= state.forgotten):
        return (yield from _act_anew(state))
    return (yield from _act_behind(state, acts, first))


def _act_among(state: AccountState, position: Position, fact: Fact) -> Slices[int | None]:
    """Let a late fact act at its place, and again only those behind it that it has to do with.

    That is the same as taking back all where nobody behind looked at the queues: then no money was
    free for others, before the fact or after it, and who changes no common object is not concerned.
    Gives how many acted again; None: it cannot be told, and nothing has changed.
    """
    if state.forgotten is not None and position <= state.forgotten:
        return None
    if state.registered and (
        _money_is_free(state) or (state.looked is not None and state.looked > position)
    ):
        return None
    mine = _apply(state, position, fact)
    is_quiet = _is_quiet(state, mine) and not mine.objects
    if is_quiet and is_disjoint(state, mine):
        state.sort_in_last()
        state.trim()
        return 0
    take_back(state, mine)
    others = related(state, mine, entries_behind(state, position) // 2) if is_quiet else None
    if others is None:
        return None
    return (yield from _redo(state, (position, fact), others))


def _is_quiet(state: AccountState, entry: Undo) -> bool:
    """Whether the fact that acted last left the queues alone."""
    return not state.registered or not (entry.spread or _money_is_free(state))


def _redo(state: AccountState, act: Act, entries: Sequence[Undo]) -> Slices[int | None]:
    """Let a fact act at its place among those that have to do with it; None: it concerns others
    too, and all is as it was."""
    before = Before()
    for entry in reversed(entries):
        before.note_undo(state, entry)
        take_back(state, entry)
    done: list[Undo] = []
    acts = sorted([act, *_acts_of(entries)], key=_place)
    for position, fact in acts:
        acted = _apply(state, position, fact)
        before.note_applied(state)
        if not (_is_quiet(state, acted) and is_disjoint(state, acted)):
            take_back(state, acted)
            for entry in reversed(done):
                take_back(state, entry)
            for earlier in _acts_of(entries):
                _apply(state, *earlier)
                state.sort_in_last()
            before.restore_stages(state)
            return None
        state.sort_in_last()
        done.append(acted)
        if not len(done) % SLICE_ENTRIES:
            yield
    state.trim()
    before.restore_stages(state)
    yield from before.show(state)
    return len(entries)


def _acts_of(entries: Iterable[Undo]) -> list[Act]:
    """The facts of entries; boundaries come again by themselves."""
    return [(entry.position, entry.fact) for entry in entries if entry.fact is not None]


def _money_is_free(state: AccountState) -> bool:
    return any(sums.loose for sums in state.currencies.values())


def _act_behind(state: AccountState, acts: Sequence[Act], first: Position) -> Slices[int]:
    before = Before()
    again: list[Act] = []
    number = 0
    while state.undo and state.undo[-1].position >= first:
        entry = state.undo[-1]
        before.note_undo(state, entry)
        take_back(state, entry)
        if entry.fact is not None:
            again.append((entry.position, entry.fact))
        number += 1
        if not number % SLICE_ENTRIES:
            yield
    again.reverse()
    work = 0
    for position, fact in merge(sorted(acts), again, key=_place):
        work += yield from _act_until(state, position, before)
        apply(state, position, fact)
        before.note_applied(state)
        work += _weight(state)
        if work >= SLICE_ENTRIES:
            yield
            work = 0
    yield from _act_until(state, None, before)
    before.restore_stages(state)
    yield from before.show(state)
    return len(again)


def _act_boundaries(state: AccountState) -> Slices[int]:
    """Let the boundaries that a fact on top has brought act too."""
    before = Before()
    before.note_applied(state)
    yield from _act_until(state, None, before)
    before.restore_stages(state)
    yield from before.show(state)
    return 0


def _act_until(state: AccountState, place: Position | None, before: "Before | None") -> Slices[int]:
    """Let every boundary before a place act whose day has begun (None: every one); gives how much
    work that was."""
    if not state.objects.agenda:
        return 0
    horizon, number = state.horizon, 0
    while (due := state.objects.due(horizon)) is not None:
        if place is not None and due[0] > place:
            break
        apply_boundary(state, *due)
        if before is not None:
            before.note_applied(state)
        number += _WITH_OBJECTS
        if number >= SLICE_ENTRIES:
            yield
            number = 0
    return number


def _weight(state: AccountState) -> int:
    """How much work a fact is."""
    return _WITH_OBJECTS if state.objects.values else 1


def act_beyond(state: AccountState, begun_on: date | None) -> Slices[None]:
    """Let facts act again that are dated after the day that had begun: boundaries that have
    happened by now come before them. Afterwards `before_…` show what is different."""
    state.forget()
    if not state.objects.values or state.last is None:
        return
    first: Position = ANEW
    if begun_on is not None:
        first = (day_start(begun_on + timedelta(days=1), state.zone), Rank.BOUNDARY, "")
    if state.last < first:
        return
    if first == ANEW or (state.forgotten is not None and first <= state.forgotten):
        yield from _act_anew(state)
    else:
        yield from _act_behind(state, (), first)


def act_next_boundary(state: AccountState) -> Slices[str | None]:
    """Let the next boundary act whose day has begun, before facts of later instants that are known
    already; gives its cause (None: there is none). Afterwards `before_…` show what it did."""
    due = state.objects.due(state.horizon)
    if due is None:
        return None
    position, key = due
    if state.last is None or state.last < position:
        return apply_boundary(state, position, key)
    if state.forgotten is not None and position <= state.forgotten:
        yield from _act_anew(state)
    else:
        yield from _act_behind(state, (), position)
    return f"{key[0]} {key[1]}"


def _place(item: Act) -> Position:
    return item[0]


def _act_anew(state: AccountState) -> Slices[int]:
    fresh = yield from compute(state)
    before = Before()
    before.note_all(state, fresh)
    state.become(fresh)
    yield from before.show(state)
    return len(state.facts)


def compute(
    state: AccountState, until: datetime | None = None, day: date | None = None
) -> Slices[AccountState]:
    """The same account from nothing by its facts; with `until`, by those that act before, and as if
    `day` were the begun day.

    Accounts, zones and due dates are timeless: their newest value holds for the whole history.
    """
    again = yield from prepared(state)
    if until is not None:
        again.aged_on = day
    arranged = yield from arrange(again.facts, again.zone, again.registered, until)
    again.waiting = arranged.waiting
    yield from apply_all(again, arranged.ordered)
    again.acts = arranged.acts
    again.forget()
    again.notices = state.notices
    if again.registered and until is None:
        for number, invoice_id in enumerate(list(again.invoices), start=1):
            again.refresh(invoice_id)
            if not number % SLICE_ENTRIES:
                yield
    return again


def apply_all(state: AccountState, ordered: Iterable[Act]) -> Slices[None]:
    """Let facts act on an account of which nothing has acted, each after the boundaries before."""
    work = 0
    for position, fact in ordered:
        if state.objects.agenda:
            work += yield from _act_until(state, position, None)
        apply(state, position, fact)
        work += _weight(state)
        if work >= SLICE_ENTRIES:
            yield
            work = 0
    yield from _act_until(state, None, None)


def prepared(state: AccountState, undo_facts: int | None = None) -> Slices[AccountState]:
    """An empty account that knows what is timeless: record, zone, amendments, settled disputes."""
    depth = state.undo_facts if undo_facts is None else undo_facts
    again = AccountState(state.account_id, state.tenant_zone, depth, state.rules)
    again.facts, again.named_minor = state.facts, state.named_minor
    again.timeless.last_command_at = state.timeless.last_command_at
    for number, fact in enumerate(state.facts, start=1):
        kind = KINDS[fact.kind]
        if kind.learn is not None:
            kind.learn(again, fact, fact.data)
        if not number % SLICE_ENTRIES:
            yield
    again.zone = again.own_zone()
    again.aged_on = state.aged_on
    return again

"""Which entries have to do with a late fact, so that only they act again."""

from bisect import bisect_left, bisect_right

from services.ledger.domain.facts import Position
from services.ledger.domain.state import AccountState
from services.ledger.domain.undo import Undo, position_of


def is_disjoint(state: AccountState, entry: Undo) -> bool:
    """Whether nothing that acted at a later place has to do with what an entry changed."""
    return all(state.touched[name][-1] <= entry.position for name in entry.names)


def entries_behind(state: AccountState, place: Position) -> int:
    """How many facts that acted have a later place."""
    return len(state.undo) - bisect_right(state.undo, place, key=position_of)


def related(state: AccountState, entry: Undo, most: int) -> list[Undo] | None:
    """The entries at later places that have to do with what an entry changed, and with each
    other, in order of their places; None: they are more than `most`."""
    found: dict[Position, Undo] = {}
    names = list(entry.names)
    seen = set(names)
    while names:
        places = state.touched.get(names.pop(), [])
        for place in places[bisect_right(places, entry.position) :]:
            if place in found:
                continue
            if len(found) == most:
                return None
            other = state.undo[bisect_left(state.undo, place, key=position_of)]
            found[place] = other
            fresh = [name for name in other.names if name not in seen]
            seen.update(fresh)
            names += fresh
    return [found[place] for place in sorted(found)]

"""The one order of an account's facts, and which facts wait for others (docs/ledger.md)."""

from collections.abc import Sequence
from datetime import datetime

from services.ledger.domain.facts import Fact, Need, Position
from services.ledger.domain.registry import KINDS
from services.ledger.domain.slices import SLICE_ENTRIES, Slices


class Arranged:
    """Facts that act in fact order, and those that wait for a fact that is not there."""

    __slots__ = ("acts", "ordered", "waiting")

    def __init__(self) -> None:
        self.acts: dict[Need, datetime] = {}
        self.ordered: list[tuple[Position, Fact]] = []
        self.waiting: dict[Need, tuple[Fact, ...]] = {}


def arrange(
    facts: Sequence[Fact], zone: str, registered: bool, until: datetime | None = None
) -> Slices[Arranged]:
    """The facts that act, in fact order; with `until`, those that act before it.

    A fact that waits for another acts at the later instant of the two.
    """
    arranged = Arranged()
    waiting: dict[Need, list[_Waiting]] = {}
    providers: list[Need] = []
    for number, fact in enumerate(facts, start=1):
        if not number % SLICE_ENTRIES:
            yield
        kind = KINDS[fact.kind]
        if not registered and not kind.acts_unregistered:
            continue
        at = kind.instant_of(fact, fact.data, zone)
        if until is not None and at >= until:
            continue
        _wait_or_take(arranged, waiting, providers, (at, fact, kind.all_needs(fact.data)))
    while waiting and providers:
        need = providers.pop()
        for at, fact, needs in waiting.pop(need, ()):
            _wait_or_take(arranged, waiting, providers, (at, fact, needs))
    arranged.waiting = {
        need: tuple([fact for _, fact, _ in waited]) for need, waited in waiting.items()
    }
    for start in range(0, len(arranged.ordered), 10 * SLICE_ENTRIES):
        part = slice(start, start + 10 * SLICE_ENTRIES)
        arranged.ordered[part] = sorted(arranged.ordered[part], key=_position)
        yield
    arranged.ordered.sort(key=_position)  # runs that are sorted already: merged
    return arranged


_Waiting = tuple[datetime, Fact, tuple[Need, ...]]


def _wait_or_take(
    arranged: Arranged,
    waiting: dict[Need, list[_Waiting]],
    providers: list[Need],
    item: _Waiting,
) -> None:
    """Let a fact wait for the first of its needs that is not there, or take its place."""
    at, fact, needs = item
    for number, need in enumerate(needs):
        there = arranged.acts.get(need)
        if there is None:
            waiting.setdefault(need, []).append((at, fact, needs[number:]))
            return
        at = max(at, there)
    kind = KINDS[fact.kind]
    brings = kind.brings(fact.data)
    if brings is not None:
        arranged.acts[brings] = at
        providers.append(brings)
    if kind.apply is not None:
        arranged.ordered.append(((at, kind.rank, fact.fact_id), fact))


def _position(item: tuple[Position, Fact]) -> Position:
    return item[0]

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
    waiting: dict[Need, list[tuple[datetime, Fact]]] = {}
    providers: list[tuple[datetime, Need]] = []
    for number, fact in enumerate(facts, start=1):
        if not number % SLICE_ENTRIES:
            yield
        kind = KINDS[fact.kind]
        if not registered and not kind.acts_unregistered:
            continue
        at = kind.instant_of(fact, fact.data, zone)
        if until is not None and at >= until:
            continue
        need = kind.need(fact.data)
        if need is not None:
            waiting.setdefault(need, []).append((at, fact))
        else:
            _take(arranged, providers, fact, at)
    while waiting and providers:
        there, need = providers.pop()
        for at, fact in waiting.pop(need, ()):
            _take(arranged, providers, fact, max(at, there))
    arranged.waiting = {
        need: tuple([fact for _, fact in waited]) for need, waited in waiting.items()
    }
    for start in range(0, len(arranged.ordered), 10 * SLICE_ENTRIES):
        part = slice(start, start + 10 * SLICE_ENTRIES)
        arranged.ordered[part] = sorted(arranged.ordered[part], key=_position)
        yield
    arranged.ordered.sort(key=_position)  # runs that are sorted already: merged
    return arranged


def _take(
    arranged: Arranged, providers: list[tuple[datetime, Need]], fact: Fact, at: datetime
) -> None:
    kind = KINDS[fact.kind]
    brings = kind.brings(fact.data)
    if brings is not None:
        arranged.acts[brings] = at
        providers.append((at, brings))
    if kind.apply is not None:
        arranged.ordered.append(((at, kind.rank, fact.fact_id), fact))


def _position(item: tuple[Position, Fact]) -> Position:
    return item[0]

"""Which of the events that came are to be applied now: the order of each key, as a pure function.

A number not above the head is a repeat. The next one is applied. Any other waits, as does
everything behind a dead letter; what waits follows by itself when the missing one arrives. On a
compacted topic numbers may jump, so there any higher one is next. An event that cannot belong to
the log that was read so far (`forks`) parks its key.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from shared.errors import Unreadable
from shared.events import COMPACTED, Received
from shared.log.forks import REASON, Fork, Head, of_waiting
from shared.log.positions import Place, Skips, Waiting
from shared.log.wire import Address, RawRecord, Record, address, as_raw, receive


class Item(Struct, frozen=True):
    """A record with the event in it, or with why there is none."""

    record: Record
    event: Received | None
    reason: str = ""
    address: Address | None = None  # of an unreadable record, as far as it can be read
    is_skipped: bool = False  # an operator decided to do without this very record


@dataclass(slots=True)
class Arranged:
    """What to do about a slice."""

    heads: dict[Place, Head]
    fresh: list[Received] = field(default_factory=list)  # apply these, in this order
    unreadable: list[Item] = field(default_factory=list)  # to the dead letters
    new_waiting: dict[tuple[Place, int], Waiting] = field(default_factory=dict)
    taken_waiting: list[tuple[Place, int]] = field(default_factory=list)
    forked: list[Fork] = field(default_factory=list)  # to the dead letters; their keys are parked
    results: dict[tuple[str, str], int] = field(default_factory=dict)  # (topic, result) → events
    held: Mapping[tuple[Place, int], Waiting] = field(default_factory=dict)

    def count(self, topic: str, result: str) -> None:
        self.results[topic, result] = self.results.get((topic, result), 0) + 1

    def fork(self, fork: Fork) -> None:
        """Put an event of another history aside, and park its key."""
        event = fork.event
        self.forked.append(fork)
        self.heads[event.tenant, event.topic, event.key].is_parked = True
        self.count(event.topic, "forked")


def read_item(record: Record) -> Item:
    try:
        return Item(record, receive(record))
    except Unreadable as error:
        return Item(record, None, error.detail, address(record))


def places_of(items: Sequence[Item]) -> set[Place]:
    """Every key that the items concern."""
    found: set[Place] = set()
    for item in items:
        if item.event is not None:
            found.add((item.event.tenant, item.event.topic, item.event.key))
        elif item.address is not None:
            found.add((item.address.tenant, item.record.topic, item.address.key))
    return found


def numbers_of(items: Sequence[Item], places: Collection[Place]) -> set[tuple[Place, int]]:
    """The numbers of the items that concern these keys."""
    found = set()
    for event in (item.event for item in items if item.event is not None):
        if (place := (event.tenant, event.topic, event.key)) in places:
            found.add((place, event.sequence))
    return found


def arrange(
    items: Sequence[Item],
    heads: dict[Place, Head],
    stored: Mapping[Place, dict[int, Waiting]],
    *,
    types: frozenset[str],
    skips: Skips,
    held: Mapping[tuple[Place, int], Waiting] | None = None,
) -> Arranged:
    """Sort the items. `heads` (locked) move; `stored` holds what already waits for some of them,
    and `held` what waits for others under the very numbers of these items."""
    plan = Arranged(heads, held=held or {})
    waiting = {place: dict(found) for place, found in stored.items()}
    for place in waiting:
        _resume(plan, place, waiting, types, skips)
    for item in items:
        event = item.event
        if event is None:
            _put_aside(plan, item, skips)
            continue
        place = (event.tenant, event.topic, event.key)
        head = heads[place]
        number = event.sequence
        if (reason := head.fork(event)) is not None:
            if item.is_skipped:
                plan.count(event.topic, "skipped")
            else:
                plan.fork(Fork(item.record, event, reason))
        elif not head.is_behind(event):
            plan.count(event.topic, "repeated")
        elif head.is_parked or not _is_next(place, head, number, skips):
            _wait(plan, place, item, event, waiting)
        else:
            _apply(plan, place, event, types, skips)
            if place in waiting:
                _resume(plan, place, waiting, types, skips)
    return plan


def _wait(
    plan: Arranged,
    place: Place,
    item: Item,
    event: Received,
    waiting: dict[Place, dict[int, Waiting]],
) -> None:
    """Keep it until its turn. Two that want the same turn are two histories."""
    number = event.sequence
    queue = waiting.setdefault(place, {})
    other = queue.get(number) or plan.held.get((place, number))
    plan.count(event.topic, "parked")
    if other is None:
        new = Waiting(as_raw(item.record), number, _origin(item.record))
        queue[number] = plan.new_waiting[place, number] = new
        return
    first = of_waiting(other.record)
    if (first.id, first.epoch) != (event.id, event.epoch) and not item.is_skipped:
        reason = f"{REASON}: number {number} waits already, and is another event"
        plan.fork(Fork(item.record, event, reason))


def _apply(
    plan: Arranged, place: Place, event: Received, types: frozenset[str], skips: Skips
) -> None:
    plan.heads[place].advance(event.sequence, event)
    if skips.numbered and (*place, event.sequence) in skips.numbered:
        plan.count(event.topic, "skipped")
    elif event.type in types:
        plan.fresh.append(event)
    else:
        plan.count(event.topic, "unknown")


def _resume(
    plan: Arranged,
    place: Place,
    waiting: dict[Place, dict[int, Waiting]],
    types: frozenset[str],
    skips: Skips,
) -> None:
    """Apply what waits for this key, as far as nothing is missing."""
    head, queue = plan.heads[place], waiting[place]
    while queue and not head.is_parked:
        number = min(queue)
        if number > head.sequence and not _is_next(place, head, number, skips):
            return
        item = queue.pop(number)
        if plan.new_waiting.pop((place, number), None) is None:
            plan.taken_waiting.append((place, number))
        event = of_waiting(item.record)
        if (reason := head.fork(event)) is not None:
            plan.fork(Fork(item.record, event, reason, item.origin))
        elif head.is_behind(event):
            _apply(plan, place, event, types, skips)


def _is_next(place: Place, head: Head, number: int, skips: Skips) -> bool:
    """Whether nothing is missing between the head and this higher number."""
    if number == head.sequence + 1 or place[1] in COMPACTED:
        return True
    return bool(skips.numbered) and all(
        (*place, missing) in skips.numbered for missing in range(head.sequence + 1, number)
    )


def _put_aside(plan: Arranged, item: Item, skips: Skips) -> None:
    """An unreadable record parks its key, if it has one, unless it was skipped or seen before."""
    if item.address is None:
        if not item.is_skipped:
            plan.unreadable.append(item)
        return
    place = (item.address.tenant, item.record.topic, item.address.key)
    head, number = plan.heads[place], item.address.sequence
    if number is not None and number <= head.sequence:
        plan.count(item.record.topic, "repeated")
    elif item.is_skipped or (number is not None and (*place, number) in skips.numbered):
        plan.count(item.record.topic, "skipped")
        # What is missing before it may still come; then `_is_next` steps over it.
        if number is not None and _is_next(place, head, number, skips):
            head.advance(number, None)
    else:
        head.is_parked = True
        plan.unreadable.append(item)


def _origin(record: Record) -> str:
    if isinstance(record, RawRecord):
        return f"{record.topic}/{record.part} {record.offset}"
    return f"{record.topic} {record.seq}"

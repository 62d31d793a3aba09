"""Histories that are too long for one event: in several (docs/ledger.md).

An event that carries too many allocations keeps the first of them; `allocation-changed` events
that follow at once carry the others. Credits are kept whole as far as one fits into an event. One
that does not is alone from its first allocation on, in events that count its `part` of `parts`:
readers replace what they know of a credit at part 1 (or without one), then add.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

import msgspec
from msgspec import UNSET, Struct, UnsetType, structs

from shared.events.ledger import Allocation, AllocationChanged

PART_ALLOCATIONS = 1000
PART_BYTES = 600_000  # of an event, which may have 900 kB
_SURELY_SHORT = 400  # so many allocations are less than that, whatever their ids
_ENCODER = msgspec.json.Encoder()

_Number = int | UnsetType
_Part = tuple[tuple[Allocation, ...], _Number, _Number]  # with `part`, `parts`


def in_parts(event: Struct, account_id: str, because: str) -> list[Struct]:
    """The event, and those that must follow it because it would be too large."""
    found: tuple[Allocation, ...] = getattr(event, "allocations", ())
    if len(found) <= _SURELY_SHORT:
        return [event]
    (first, part, parts), *others = _packed(found)
    if not others:
        return [event]
    events: list[Struct] = [structs.replace(event, allocations=first, part=part, parts=parts)]
    for allocations, part, parts in others:
        events.append(
            AllocationChanged(
                account_id=account_id,
                because=because,
                allocations=allocations,
                amounts=getattr(event, "amounts", ()),
                part=part,
                parts=parts,
            )
        )
    return events


def _packed(allocations: Sequence[Allocation]) -> Iterator[_Part]:
    """Whole credits together as long as they fit; each longer one by itself."""
    together: list[Allocation] = []
    size = 0
    for _, history in groupby(allocations, key=lambda known: (known.source_kind, known.source_id)):
        pieces = list(_cut(list(history)))
        (first, more), fits = pieces[0], len(pieces) == 1
        if together and (not fits or not _fit(len(together) + len(first), size + more)):
            yield (tuple(together), UNSET, UNSET)
            together, size = [], 0
        if fits:
            together += first
            size += more
            continue
        for number, (piece, _) in enumerate(pieces, start=1):
            yield (tuple(piece), number, len(pieces))
    if together:
        yield (tuple(together), UNSET, UNSET)


def _cut(history: Sequence[Allocation]) -> Iterator[tuple[list[Allocation], int]]:
    """A credit's history in pieces that fit, each with its size in bytes."""
    piece: list[Allocation] = []
    size = 0
    for allocation in history:
        more = len(_ENCODER.encode(allocation)) + 1
        if piece and not _fit(len(piece) + 1, size + more):
            yield (piece, size)
            piece, size = [], 0
        piece.append(allocation)
        size += more
    yield (piece, size)


def _fit(allocations: int, size: int) -> bool:
    return allocations <= PART_ALLOCATIONS and size <= PART_BYTES

"""What is known of an account by when: rows that hold from one moment of knowledge to another.

Some figures need the whole history of an account, so that they are no sums of what its items add.
They have rows of their own, each with the moments since when and until when it is known. News
rewrite the rows from the first moment on at which anything new is known; the same facts give the
same rows, in whatever order and batches they came.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from services.metrics.domain.slots import UNTIL_NOW, Knowledge, moments_since

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class KnownRow(Generic[R]):
    """A row and when it was known: since one moment, and no longer at the other."""

    row: R
    known_from: int
    known_until: int = UNTIL_NOW


@dataclass(slots=True)
class Rewritten(Generic[K, R]):
    """What is to be stored of one account.

    `rewinds_to`: first, all is to be as it was known just before this moment; None: nothing later
    is stored. Then rows that stand are closed, each at a moment, and rows are opened.
    """

    rewinds_to: int | None
    closed: list[tuple[K, int]] = field(default_factory=list)
    opened: list[KnownRow[R]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.closed or self.opened or self.rewinds_to is not None)


def rewrite(
    rows_at: Callable[[int], Mapping[K, R]], moments: Sequence[int], *, is_newest: bool
) -> Rewritten[K, R]:
    """From the first of the moments on. `is_newest`: nothing was known so late before."""
    first = moments[0]
    rewritten: Rewritten[K, R] = Rewritten(None if is_newest else first)
    standing: dict[K, tuple[R, int | None]] = {
        key: (row, None) for key, row in rows_at(first - 1).items()
    }
    for slot in moments:
        now = rows_at(slot)
        for key, (row, since) in list(standing.items()):
            if now.get(key) == row:
                continue
            del standing[key]
            if since is None:
                rewritten.closed.append((key, slot))
            else:
                rewritten.opened.append(KnownRow(row, since, slot))
        for key, row in now.items():
            standing.setdefault(key, (row, slot))
    rewritten.opened += (
        KnownRow(row, since) for row, since in standing.values() if since is not None
    )
    return rewritten


def moments_of(lists: Iterable[tuple[Sequence[Knowledge], int]]) -> tuple[list[int], bool]:
    """Of lists of facts, each with how many of them are old: the first moment of anything new and
    every later one at which anything became known; and whether nothing old was known so late."""
    since: int | None = None
    latest_old = -1
    lists = list(lists)
    for facts, folded in lists:
        if folded < len(facts):
            slot = facts[folded].recorded_slot
            since = slot if since is None else min(since, slot)
        if folded:
            latest_old = max(latest_old, facts[folded - 1].recorded_slot)
    if since is None:
        return [], True
    return moments_since(since, (facts for facts, _ in lists)), latest_old < since

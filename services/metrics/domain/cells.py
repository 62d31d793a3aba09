"""Where the figures add up: every figure but delinquencies and experiments is a sum of cells.

A cell is a measure on a day, with what it is split by. Measures are additive over days, so that any
window, interval and split agrees with the whole: a flow counts on its day, a stock at the end of D
is the sum of all that happened on days ≤ D. Each noun's file in `kinds/` says which measures it
adds to; docs/kpis.md lists all of them.
"""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction

from msgspec import Struct

from services.metrics.domain.slots import FAR


class Cell(Struct, frozen=True, kw_only=True, cache_hash=True, gc=False):
    """Where a measure adds up. What is unknown, or does not apply, is the empty text.

    `until` and `mark` are the measure's own: a second day (when cash was taken back, the day of
    entry), a bucket, a rule, an agency. `cut` is `experiment/arm` of the same cells added a second
    time for an account that is in an experiment; no other question reads those.
    """

    measure: str
    day: date
    currency: str = ""
    until: date = FAR
    mark: str = ""
    cut: str = ""
    segment: str = ""
    country: str = ""
    kind: str = ""
    channel: str = ""
    strategy: str = ""
    collector: str = ""


class Added(Struct, frozen=True, gc=False):
    """What is added: minor units, things, and a weight that the measure defines."""

    amount: int = 0
    count: int = 0
    weight: int = 0

    def __add__(self, other: "Added") -> "Added":
        return Added(
            self.amount + other.amount, self.count + other.count, self.weight + other.weight
        )

    def __sub__(self, other: "Added") -> "Added":
        return Added(
            self.amount - other.amount, self.count - other.count, self.weight - other.weight
        )

    def times(self, factor: Fraction) -> "Added":
        """In another currency, exactly. Things stay as many."""
        if factor == 1:
            return self
        amount, weight = self.amount * factor, self.weight * factor
        return Added(amount, self.count, weight)  # type: ignore[arg-type]  # sums know both


Cells = dict[Cell, Added]

NOTHING = Added()


def add(cells: Cells, cell: Cell, amount: int = 0, count: int = 0, weight: int = 0) -> None:
    """Add to a cell."""
    before = cells.get(cell)
    added = Added(amount, count, weight)
    cells[cell] = added if before is None else before + added


def merge(cells: Cells, others: Mapping[Cell, Added]) -> None:
    """Add all of the others."""
    if not cells:
        cells.update(others)
        return
    for cell, added in others.items():
        before = cells.get(cell)
        cells[cell] = added if before is None else before + added


def difference(after: Cells, before: Mapping[Cell, Added]) -> Cells:
    """What is to be added to the cells before; only what comes to something."""
    if not before:
        return without_nothing(after)
    found: Cells = {}
    for cell, added in after.items():
        was = before.get(cell)
        if was is None:
            if added != NOTHING:
                found[cell] = added
        elif was != added:
            found[cell] = added - was
    for cell, was in before.items():
        if cell not in after and was != NOTHING:
            found[cell] = NOTHING - was
    return found


def without_nothing(cells: Cells) -> Cells:
    """Only what comes to something."""
    if NOTHING not in cells.values():
        return cells
    return {cell: added for cell, added in cells.items() if added != NOTHING}

"""What an account adds as a whole, by what is known of all its items.

answers.py (answered, reached, right_party, promised) · touches.py (touch) · fees.py (cost of
gateways) · disputes.py (owing, disputing) · process.py (edge, wait, loop, skip, withheld_in,
score_after) · cancelled.py (latency) · aftermath.py (disputed_after, revoked_after)
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from services.metrics.domain.accounts import ItemKey, Known
from services.metrics.domain.cells import Cells
from services.metrics.domain.views import View

WHOLE: ItemKey = ("account", "")  # what comes from no single item is the account's own

# Where the cells of an item of the account are added up.
CellsOfItem = Callable[[ItemKey], Cells]


@dataclass(frozen=True, slots=True)
class AccountMeasure:
    """`kinds`: the items that it looks at; news of others change nothing in it. `adds` adds to the
    cells of the items that they come from, of the `measures`."""

    kinds: frozenset[str]
    measures: frozenset[str]
    adds: Callable[[Known, View, CellsOfItem], None]

    def cells(self, known: Known, view: View) -> Cells:
        """What the account adds."""
        cells: Cells = {}
        self.adds(known, view, lambda _: cells)
        return cells

    def cells_by_item(self, known: Known, view: View) -> dict[ItemKey, Cells]:
        """The same by the items that it comes from."""
        found: dict[ItemKey, Cells] = defaultdict(dict)
        self.adds(known, view, found.__getitem__)
        return found

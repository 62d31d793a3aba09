"""What an account adds as a whole, by what is known of all its items.

answers.py (answered, reached, right_party, promised) · touches.py (touch) · fees.py (cost of
gateways) · disputes.py (owing, disputing) · process.py (edge, wait, loop, skip, withheld_in,
score_after) · cancelled.py (latency) · aftermath.py (disputed_after, revoked_after)
"""

from collections.abc import Callable
from dataclasses import dataclass

from services.metrics.domain.accounts import Known
from services.metrics.domain.cells import Cells
from services.metrics.domain.views import View


@dataclass(frozen=True, slots=True)
class AccountMeasure:
    """`kinds`: the items that it looks at; news of others change nothing in it."""

    kinds: frozenset[str]
    cells: Callable[[Known, View], Cells]

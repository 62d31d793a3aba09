"""How long something took, kept as a power of two, so that it adds up.

measure (day; –; name/exponent): count
- `latency` (when it ended): 1 under the smallest exponent e with seconds ≤ 2^e
"""

from datetime import date, datetime

from services.metrics.domain.cells import Cells, add
from services.metrics.domain.views import Place, View

LONGEST = 40  # some 35,000 years


def exponent_of(seconds: float) -> int:
    """Of the smallest power of two that is not less."""
    whole = int(seconds) + (seconds > int(seconds))
    return min(max(whole - 1, 0).bit_length(), LONGEST)


def delay_of(since: datetime, until: datetime) -> int:
    return exponent_of((until - since).total_seconds())


def add_latency(
    cells: Cells, view: View, name: str, day: date, place: Place, exponent: int
) -> None:
    """Once more that it took so long."""
    add(cells, view.cell("latency", "", day, place, mark=f"{name}/{exponent}"), 0, 1)

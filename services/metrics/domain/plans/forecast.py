"""Where a figure goes from here: the trend of eight weeks, and a band from what it missed by.

y[-1] is the value at the end of the day asked for, y[-2] that of seven days earlier, and so on.
"""

import math
from collections.abc import Sequence
from fractions import Fraction

from msgspec import Struct

STEPS_MAX = 52  # weeks that are looked back
STEPS_MIN = 16  # below that, errors are too few
TREND = 8  # weeks
_SHARE = Fraction(4, 5)  # of what is seen lies within the band

Figure = int | Fraction | float


class Forecast(Struct, frozen=True):
    """The value at the end of the last day, and the band that holds it four times of five."""

    value: float
    low: float
    high: float
    errors: int  # that the band is made of
    weeks: int  # that each of them looked ahead


def forecast(values: Sequence[Figure], days: int, *, is_share: bool = False) -> Forecast | None:
    """`values` by weeks, the newest last; `days` until the day that is looked ahead to. None: too
    few, or nothing ahead."""
    y = [Fraction(value) for value in values[-STEPS_MAX - 1 :]]
    n = len(y) - 1
    if n < STEPS_MIN or days <= 0:
        return None
    ahead = Fraction(days, 7)
    g = max(1, math.ceil(ahead))
    e = min(g, n - 15)
    point = y[n] + ahead * (y[n] - y[n - TREND]) / TREND
    errors = sorted(
        abs(y[j + e] - (y[j] + e * (y[j] - y[j - TREND]) / TREND)) for j in range(TREND, n - e + 1)
    )
    q = errors[math.ceil(_SHARE * (len(errors) + 1)) - 1]
    reach = float(q) * math.sqrt(Fraction(g * (TREND + g), e * (TREND + e)))
    low, value, high = float(point) - reach, float(point), float(point) + reach
    if is_share:
        low, value, high = (min(1.0, max(0.0, each)) for each in (low, value, high))
    return Forecast(value, low, high, len(errors), e)

"""Bins of a feature: by quantiles where it is a number, one for each value where it is a label.

A share has bins of equal width in log odds, because that is what it counts for: few but extreme
ones are distinguished too.
"""

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from services.segmentation.learning.features import Feature
from services.segmentation.learning.figures import Floats

Places = npt.NDArray[np.int64]

NUMBERS_MOST, LABELS_MOST = 24, 31
NUMBER_CASES, SHARE_CASES = 20, 5  # a bin with fewer says little
SHARE_STEP = 0.2  # log odds


class Bins(Struct, frozen=True):
    """[−∞, edge 0), [edge 0, edge 1), …; a value that is not known has a bin after the last."""

    feature: Feature
    edges: tuple[float, ...]

    @property
    def count(self) -> int:
        """Of the known values."""
        return len(self.edges) + 1

    def places(self, values: Floats) -> Places:
        """The number of the bin of each value."""
        found = np.searchsorted(np.array(self.edges), values, side="right").astype(np.int64)
        return np.where(np.isnan(values), self.count, found)


def bins_of(feature: Feature, values: Floats) -> Bins | None:
    """Bins that fit these values; None where they are all the same and so say nothing."""
    known = np.sort(values[~np.isnan(values)])
    distinct = np.unique(known)
    if len(distinct) < 2:
        is_all_or_nothing = len(known) in (0, len(values))
        return None if is_all_or_nothing else Bins(feature, ())  # known or not: that is all it says
    if feature.kind == "label":
        edges = [float(edge) for edge in (distinct[1:] + distinct[:-1]) / 2][: LABELS_MOST - 1]
    elif feature.kind == "share":
        edges = _steps(known)
    else:
        edges = _quantiles(known, distinct)
    return Bins(feature, tuple(edges or [_around_the_most_common(known, distinct)]))


def _steps(known: Floats) -> list[float]:
    """Edges at whole steps of log odds, where enough cases lie between them."""
    low, high = np.log(known[[0, -1]] / (1 - known[[0, -1]])) / SHARE_STEP
    edges: list[float] = []
    taken = 0
    for step in range(int(np.floor(low)) + 1, int(np.ceil(high))):
        edge = _short(float(1 / (1 + np.exp(-step * SHARE_STEP))))
        below = int(np.searchsorted(known, edge))
        if below - taken >= SHARE_CASES and len(known) - below >= SHARE_CASES:
            edges.append(edge)
            taken = below
    return edges


def _quantiles(known: Floats, distinct: Floats) -> list[float]:
    """Edges between distinct values, about as many cases between each two."""
    least = max(NUMBER_CASES, len(known) // NUMBERS_MOST)
    first = np.searchsorted(known, distinct)
    edges: list[float] = []
    taken = 0
    for place in range(1, len(distinct)):
        below = int(first[place])
        if below - taken >= least and len(known) - below >= NUMBER_CASES:
            edges.append(_between(float(distinct[place - 1]), float(distinct[place])))
            taken = below
    return edges


def _around_the_most_common(known: Floats, distinct: Floats) -> float:
    """One edge, where one value has nearly all the cases: it and the rest."""
    counts = np.diff(np.append(np.searchsorted(known, distinct), len(known)))
    place = min(int(np.argmax(counts)) + 1, len(distinct) - 1)
    return _between(float(distinct[place - 1]), float(distinct[place]))


def _between(low: float, high: float) -> float:
    middle = (low + high) / 2
    short = _short(middle)
    return short if low < short <= high else middle


def _short(edge: float) -> float:
    """As people would write it."""
    return float(f"{edge:.6g}")

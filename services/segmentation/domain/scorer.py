"""A trained model ready to be asked one account at a time, at every event.

It gives what `learning.model` gives, point for point (there is a test), without the cost of arrays
for a single row: points are whole numbers that are looked up and added, so no machine differs.
"""

import copy
import hashlib
import struct
from bisect import bisect_right
from collections.abc import Sequence

import msgspec

from services.segmentation.domain.payer import Everybody
from services.segmentation.domain.questions import Inquiry
from services.segmentation.domain.score import Score
from services.segmentation.learning.cases import Target
from services.segmentation.learning.challenger import Challenger
from services.segmentation.learning.features import NAMES, Columns
from services.segmentation.learning.history import PayerHistory
from services.segmentation.learning.model import Model, probability_of, text_of
from services.segmentation.learning.portfolio import Indices, indices_of
from shared.errors import Invalid
from shared.events.segmentation import Reason

Row = list[float]  # in the order of learning.features.NAMES; NaN: not known

DECIMALS = 6  # of a probability

_ROW = struct.Struct(f"<{len(NAMES)}d")


class Scorer:
    """One model, ready."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.version = model.version
        self.target: Target = model.target
        self.horizon_days = model.horizon_days
        place = {name: index for index, name in enumerate(NAMES)}
        self._portfolio = model.document.portfolio
        self._everybody = Everybody(self._portfolio)
        self.window = hashlib.sha256(msgspec.json.encode(self._portfolio)).digest()
        self._start = model.document.start
        self._cards = [
            (place[card.feature], card.feature, card.edges, card.points, card.unknown)
            for card in model.document.cards
        ]

    def history(self, inquiry: Inquiry) -> PayerHistory:
        """The payer as the model sees it. Models of one `window` see the same."""
        return inquiry.history(self._everybody)

    def row(self, inquiry: Inquiry, history: PayerHistory) -> Row:
        """What the model looks at."""
        return self.model.row(history, inquiry.ask(self.target), self._portfolio)

    def beside(self, indices: Indices) -> "Scorer":
        """The same, looking at the market's indices as they are published now."""
        if not indices:
            return self
        other = copy.copy(self)
        known = indices_of(indices, None)
        other._portfolio = msgspec.structs.replace(self._portfolio, indices=known)
        return other

    def points(self, row: Row) -> int:
        total = self._start
        for place, _, edges, points, unknown in self._cards:
            value = row[place]
            total += unknown if value != value else points[bisect_right(edges, value)]
        return total

    def probability(self, row: Row) -> float:
        return probability_of(self.points(row), self.target)

    def score(self, row: Row) -> Score:
        """Points, probability and reasons."""
        given = []
        for place, name, edges, points, unknown in self._cards:
            value = row[place]
            gives = unknown if value != value else points[bisect_right(edges, value)]
            if gives:
                given.append(Reason(name, text_of(value), gives))
        given.sort(key=lambda reason: (-abs(reason.points), reason.feature))
        total = self._start + sum(reason.points for reason in given)
        return Score(
            target=self.target,
            horizon_days=self.horizon_days,
            points=total,
            probability=probability_of(total, self.target),
            reasons=(Reason("start", "", self._start), *given),
        )


class Shadow:
    """A shadow of the model in force: another scorecard, or boosted trees.

    Trees look at the rows of the scorecard they were grown with; they have no reasons to give.
    """

    def __init__(self, scorer: Scorer, trees: Challenger | None = None) -> None:
        self.scorer = scorer
        self.target = scorer.target
        self.version = scorer.version if trees is None else trees.version
        self.trees = trees

    def asking(self, scorer: Scorer) -> "Shadow":
        """The same, looking at rows as this one makes them."""
        return Shadow(scorer, self.trees)

    def probabilities(self, rows: Sequence[Row]) -> list[float]:
        """Of many rows at once, which is what trees are quick at."""
        if self.trees is None:
            return [self.scorer.probability(row) for row in rows]
        found: list[float] = self.trees.probability(Columns.of(rows)).tolist()
        return [round(probability, DECIMALS) for probability in found]


def pack(row: Sequence[float]) -> bytes:
    """A row as it is recorded: every bit of it."""
    return _ROW.pack(*row)


def unpack(recorded: bytes) -> Row:
    """A recorded row. Raises `Invalid` for one that another version of the features wrote."""
    if len(recorded) != _ROW.size:
        raise Invalid("What was recorded then was recorded by another version of the features.")
    return list(_ROW.unpack(recorded))

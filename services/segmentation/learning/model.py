"""A model: a scorecard of whole points as a JSON document that carries its own hash.

Each feature's value falls into a bin, each bin gives points, and the points add up: 20 of them
double the odds of being paid. The sum is exact, so the reasons explain the score to the last point:

    probability of paying = 1 ÷ (1 + 2^(−points ÷ 20)), to six decimals
"""

from collections.abc import Mapping
from datetime import date
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from services.segmentation.learning.cases import Target
from services.segmentation.learning.features import Columns, Matrix, row_of
from services.segmentation.learning.figures import Figures, Floats
from services.segmentation.learning.history import Ask, PayerHistory
from services.segmentation.learning.portfolio import Portfolio
from services.segmentation.learning.seal import SealedDocument, hash_of, seal, unseal
from shared.errors import Invalid
from shared.events.segmentation import Reason

POINTS_TO_DOUBLE = 20
POINTS_MAX = 400  # 2^20 to one: beyond it the sixth decimal moves no more

Points = npt.NDArray[np.int64]


class Card(Struct, frozen=True, kw_only=True):
    """One feature's bins: [−∞, edge 0), [edge 0, edge 1), … and what each gives.

    `points` has one more entry than `edges`; `unknown` is for a value that is not known.
    `shares` are the shares of the training cases, with the unknown ones last: the watch compares.
    """

    feature: str
    edges: tuple[float, ...]
    points: tuple[int, ...]
    unknown: int
    shares: tuple[float, ...]

    def bins(self, values: Floats) -> Points:
        """The number of the bin of each value; the last number is for what is not known."""
        found: Points = np.searchsorted(self.edges, values, side="right").astype(np.int64)
        return np.where(np.isnan(values), len(self.points), found)

    @property
    def table(self) -> Points:
        return np.array([*self.points, self.unknown], dtype=np.int64)


class Window(Struct, frozen=True):
    """What a model was trained on."""

    from_day: date  # the first and the last decision day
    to_day: date
    until: date  # nothing that became known after this day was used
    cases: int
    positive: int
    accounts: int


class ScorecardDocument(SealedDocument, frozen=True, kw_only=True):
    """All that a model is. Its version is the hash of this."""

    target: Target
    horizon_days: int  # 0: at the due date
    start: int  # points everybody begins with
    cards: tuple[Card, ...]
    window: Window
    portfolio: Portfolio
    shrinkage: float  # the penalty that training chose
    others_weight: float  # of how late it was, against whether it was
    validation: Figures | None  # on the latest part of the window, by a fit that had not seen it
    score_edges: tuple[int, ...]  # deciles of the training scores, in points, and their shares
    score_shares: tuple[float, ...]


class Scored(NamedTuple):
    """What a model says of rows: the target's probability, and the points of start and cards."""

    probability: Floats
    total: Points
    points: Points  # rows × (1 + cards); each row adds up to its total


class Model:
    """A checked document, ready to answer."""

    def __init__(self, document: ScorecardDocument) -> None:
        self.document = document

    @cached_property
    def version(self) -> str:
        return f"{self.document.target}-{self.sha256[:12]}"

    @cached_property
    def sha256(self) -> str:
        return hash_of(self.document)

    @property
    def target(self) -> Target:
        return self.document.target

    @property
    def horizon_days(self) -> int:
        return self.document.horizon_days

    @property
    def features(self) -> tuple[str, ...]:
        """The features it looks at, in the order of its cards."""
        return tuple(card.feature for card in self.document.cards)

    def to_json(self) -> bytes:
        return seal(self.document)

    @classmethod
    def from_json(cls, content: bytes) -> "Model":
        """A stored model. Raises `Invalid` for one that is no model, was changed, or is too old."""
        document = unseal(content, ScorecardDocument)
        _check(document)
        return cls(document)

    # ---------------------------------------------------------------- answers

    def row(
        self, history: PayerHistory, ask: Ask, portfolio: Portfolio | None = None
    ) -> list[float]:
        """The features of a question as this model wants them."""
        return row_of(history, ask, portfolio or self.document.portfolio)

    def score(self, rows: Columns) -> Scored:
        """Probability and points of each row."""
        values = self._chosen(rows)
        points = np.empty((len(values), 1 + len(self._lookups)), dtype=np.int64)
        points[:, 0] = self.document.start
        for place, (card, table) in enumerate(self._lookups, start=1):
            points[:, place] = table[card.bins(values[:, place - 1])]
        total: Points = points.sum(axis=1)
        chances = _chances(self.target)
        kept = np.clip(total, -POINTS_MAX, POINTS_MAX) + POINTS_MAX
        return Scored(chances[kept], total, points)

    def explain(self, rows: Columns, index: int = 0) -> tuple[Reason, ...]:
        """The reasons of one row: what everybody starts with, then the most important first."""
        one = Columns(rows.names, rows.values[index : index + 1])
        values, points = self._chosen(one)[0], self.score(one).points[0]
        given = [
            Reason(feature, text_of(float(value)), int(point))
            for feature, value, point in zip(self.features, values, points[1:], strict=True)
            if point
        ]
        given.sort(key=lambda reason: (-abs(reason.points), reason.feature))
        return (Reason("start", "", self.document.start), *given)

    @cached_property
    def _lookups(self) -> list[tuple[Card, Points]]:
        return [(card, card.table) for card in self.document.cards]

    def _chosen(self, rows: Columns) -> Matrix:
        """The model's columns. Raises `Invalid` that names what is missing."""
        place: Mapping[str, int] = {name: i for i, name in enumerate(rows.names)}
        missing = [name for name in self.features if name not in place]
        if missing:
            raise Invalid(f"The model {self.version} needs the features: {', '.join(missing)}")
        if rows.values.ndim != 2 or rows.values.shape[1] != len(rows.names):
            raise Invalid(f"A row must have {len(rows.names)} features")
        return rows.values[:, [place[name] for name in self.features]]


def _check(document: ScorecardDocument) -> None:
    for card in document.cards:
        whole = len(card.points) == len(card.edges) + 1 == len(card.shares) - 1
        if not whole or list(card.edges) != sorted(set(card.edges)):
            raise Invalid(f"The model's bins of {card.feature} do not fit together")


def probability_of(points: int, target: Target) -> float:
    """The target's probability at so many points."""
    kept = min(max(points, -POINTS_MAX), POINTS_MAX)
    return float(_chances(target)[kept + POINTS_MAX])


@lru_cache(maxsize=2)
def _chances(target: Target) -> Floats:
    """By points from −POINTS_MAX up: looked up, so that no two machines ever differ."""
    paying = [
        round(1 / (1 + 2 ** (-points / POINTS_TO_DOUBLE)), 6)
        for points in range(-POINTS_MAX, POINTS_MAX + 1)
    ]
    chances = paying if target == "pays_within" else [round(1 - p, 6) for p in paying]
    return np.array(chances, dtype=np.float64)


def text_of(value: float) -> str:
    """A value for reading: `none`, whole numbers bare, others with two decimals."""
    if value != value:
        return "none"
    return str(int(value)) if value == int(value) else f"{value:.2f}"


def described(model: Model) -> dict[str, Any]:
    """The model's own account of itself, for a registry: no points, no bins."""
    document = model.document
    return {
        "version": model.version,
        "sha256": model.sha256,
        "target": model.target,
        "horizon_days": model.horizon_days,
        "code_version": document.code_version,
        "features": list(model.features),
        "window": msgspec.to_builtins(document.window),
        "validation": msgspec.to_builtins(document.validation),
        "shrinkage": document.shrinkage,
    }

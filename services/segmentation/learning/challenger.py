"""The challenger: boosted trees that answer in the shadow of the scorecard, to be compared with it.

Scikit-learn grows them; what is kept is a JSON document of plain trees, walked here by numpy.
Nothing is pickled, and asking it loads no scikit-learn.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from services.segmentation.learning.cases import Target
from services.segmentation.learning.features import FEATURES, Columns, Feature, Matrix, direction
from services.segmentation.learning.figures import Figures, Floats, figures_of
from services.segmentation.learning.model import Window
from services.segmentation.learning.seal import (
    CODE_VERSION,
    SealedDocument,
    hash_of,
    seal,
    unseal,
)
from services.segmentation.learning.threads import one_thread
from services.segmentation.learning.training import check_classes, window_of
from services.segmentation.learning.walk import Walked
from shared.errors import Invalid

TREES = 120
LEARNING_RATE = 0.05
LEAVES = 8
LEAF_CASES = 40
SHRINKAGE = 10.0
LARGEST = float(np.finfo(np.float64).max)  # JSON has no infinity; every number is below it


class Tree(Struct, frozen=True):
    """Nodes by number, the root first. A leaf has feature −1 and itself as its children."""

    feature: tuple[int, ...]
    threshold: tuple[float, ...]  # at most this: to the left
    left: tuple[int, ...]
    right: tuple[int, ...]
    unknown_left: tuple[bool, ...]
    value: tuple[float, ...]  # of a leaf, in log odds
    depth: int


class Grown(SealedDocument, frozen=True, kw_only=True):
    """All that a challenger is."""

    target: Target
    horizon_days: int
    window: Window
    features: tuple[str, ...]
    start: float  # log odds
    trees: tuple[Tree, ...]


class Challenger:
    """Boosted trees, ready to answer."""

    def __init__(self, document: Grown) -> None:
        self.document = document

    @cached_property
    def version(self) -> str:
        return f"challenger-{self.document.target}-{hash_of(self.document)[:12]}"

    def to_json(self) -> bytes:
        return seal(self.document)

    @classmethod
    def from_json(cls, content: bytes) -> "Challenger":
        """A stored challenger. Raises `Invalid` for one that is none or was changed."""
        document = unseal(content, Grown)
        for tree in document.trees:
            _check(tree, len(document.features))
        return cls(document)

    def log_odds(self, rows: Columns) -> Floats:
        """The log odds of each row."""
        values = self._chosen(rows)
        total = np.full(len(values), self.document.start)
        for tree, arrays in zip(self.document.trees, self._arrays, strict=True):
            total += _walk(values, tree.depth, arrays)
        return total

    def probability(self, rows: Columns) -> Floats:
        """The target's probability for each row."""
        odds = self.log_odds(rows)
        small = np.exp(-np.abs(odds))
        chance: Floats = np.where(odds >= 0, 1.0, small) / (1.0 + small)
        return chance

    @cached_property
    def _arrays(self) -> list["_Arrays"]:
        return [_Arrays.of(tree) for tree in self.document.trees]

    def _chosen(self, rows: Columns) -> Matrix:
        place: Mapping[str, int] = {name: i for i, name in enumerate(rows.names)}
        missing = [name for name in self.document.features if name not in place]
        if missing:
            raise Invalid(f"The model {self.version} needs the features: {', '.join(missing)}")
        return rows.values[:, [place[name] for name in self.document.features]]


class _Arrays(Struct, frozen=True):
    feature: npt.NDArray[np.int64]
    threshold: Floats
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    unknown_left: npt.NDArray[np.bool_]
    value: Floats

    @classmethod
    def of(cls, tree: Tree) -> "_Arrays":
        return cls(
            np.maximum(np.array(tree.feature, dtype=np.int64), 0),
            np.array(tree.threshold, dtype=np.float64),
            np.array(tree.left, dtype=np.int64),
            np.array(tree.right, dtype=np.int64),
            np.array(tree.unknown_left, dtype=np.bool_),
            np.array(tree.value, dtype=np.float64),
        )


def _walk(values: Matrix, depth: int, tree: _Arrays) -> Floats:
    """The leaf's value for each row: a step a level, a leaf is its own child."""
    node = np.zeros(len(values), dtype=np.int64)
    rows = np.arange(len(values))
    for _ in range(depth):
        value = values[rows, tree.feature[node]]
        to_left = np.where(np.isnan(value), tree.unknown_left[node], value <= tree.threshold[node])
        node = np.where(to_left, tree.left[node], tree.right[node])
    found: Floats = tree.value[node]
    return found


def grow(walked: Walked, target: Target, horizon_days: int, cut: date) -> Challenger:
    """Boosted trees from cases whose outcome is known at the beginning of `cut`."""
    check_classes(walked.cases, target)
    features = varying(walked)
    fitted = fit_trees(walked, features, target)
    return Challenger(exported(fitted, walked, features, target, horizon_days, cut))


def varying(walked: Walked) -> list[Feature]:
    """The features that have more than one known value here; the others can split nothing."""
    values = walked.columns.values
    return [
        feature
        for place, feature in enumerate(FEATURES)
        if len(np.unique(values[~np.isnan(values[:, place]), place])) > 1
    ]


def fit_trees(walked: Walked, features: Sequence[Feature], target: Target) -> Any:
    """Scikit-learn's own object."""
    from sklearn.ensemble import HistGradientBoostingClassifier  # loaded only where it is trained

    booster = HistGradientBoostingClassifier(
        max_iter=TREES,
        learning_rate=LEARNING_RATE,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=LEAF_CASES,
        l2_regularization=SHRINKAGE,
        monotonic_cst=[direction(feature, target) for feature in features],
        early_stopping=False,
        random_state=0,
    )
    values = walked.columns.values[:, [FEATURES.index(feature) for feature in features]]
    with one_thread():
        return booster.fit(values, walked.outcome)


def exported(
    fitted: Any,
    walked: Walked,
    features: Sequence[Feature],
    target: Target,
    horizon_days: int,
    cut: date,
) -> Grown:
    """What scikit-learn has grown, as a document."""
    trees = tuple(_tree(stage[0].nodes) for stage in fitted._predictors)
    return Grown(
        code_version=CODE_VERSION,
        target=target,
        horizon_days=0 if target == "late_payment" else horizon_days,
        window=window_of(walked, cut),
        features=tuple(feature.name for feature in features),
        start=float(fitted._baseline_prediction.ravel()[0]),
        trees=trees,
    )


def _tree(nodes: Any) -> Tree:
    is_leaf = [bool(leaf) for leaf in nodes["is_leaf"]]
    own = range(len(is_leaf))
    return Tree(
        feature=tuple(-1 if is_leaf[i] else int(nodes["feature_idx"][i]) for i in own),
        threshold=tuple(min(float(nodes["num_threshold"][i]), LARGEST) for i in own),
        left=tuple(i if is_leaf[i] else int(nodes["left"][i]) for i in own),
        right=tuple(i if is_leaf[i] else int(nodes["right"][i]) for i in own),
        unknown_left=tuple(bool(left) for left in nodes["missing_go_to_left"]),
        value=tuple(float(value) for value in nodes["value"]),
        depth=int(nodes["depth"].max()),
    )


def _check(tree: Tree, features: int) -> None:
    """Every step leads to a node, every node asks for a feature that is there."""
    size = len(tree.feature)
    columns = (tree.threshold, tree.left, tree.right, tree.unknown_left, tree.value)
    is_whole = size > 0 and all(len(column) == size for column in columns)
    if (
        not is_whole
        or not all(0 <= child < size for child in (*tree.left, *tree.right))
        or not all(-1 <= feature < features for feature in tree.feature)
    ):
        raise Invalid("The model's trees do not fit together")


def rate(challenger: Challenger, asked: Walked) -> Figures:
    """The figures of a challenger on cases."""
    return figures_of(asked.outcome, challenger.probability(asked.columns))

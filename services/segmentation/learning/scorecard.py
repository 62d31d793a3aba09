"""Fitting the scorecard: one logistic regression over bins, drawn to the past late share.

The effect of an ordered feature is a staircase. Its steps are penalised, so that it is flat where
the cases say nothing, and may go one way only where that is what makes sense. The first feature,
the late share, starts at its own log odds: with few cases the scorecard is the baseline, and what
more cases show is a correction to it. Penalised likelihood has one optimum: the same cases give
the same card.
"""

import math
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from services.segmentation.learning.bins import Bins, Places
from services.segmentation.learning.cases import Target
from services.segmentation.learning.features import Matrix, direction
from services.segmentation.learning.figures import Floats
from services.segmentation.learning.model import POINTS_TO_DOUBLE, Card
from services.segmentation.learning.threads import one_thread

ROUNDS_MAX = 300
RANGE_VARIANCE = 4.0  # of an ordered feature's whole staircase, at a penalty of 1, in log odds
LABEL_VARIANCE = 0.25  # of one label's effect
UNKNOWN_VARIANCE = 1.0
LARGEST = 8.0  # log odds; beyond it a step is as good as certain


class Fit(Struct, frozen=True):
    """The effects of each feature's bins in log odds of the outcome, the unknown one last."""

    start: float
    effects: tuple[Floats, ...]

    def log_odds(self, placed: Sequence[Places]) -> Floats:
        total = np.full(len(placed[0]) if placed else 0, self.start)
        for effect, place in zip(self.effects, placed, strict=True):
            total += effect[place]
        return total


class Problem:
    """Cases in bins, and the shape that the effects may have.

    `answers` has the outcome in its first column and in the others the answers to harder and easier
    questions about the same case (later than a week? later than a week before?), NaN where that is
    not known. They share the effects: how late an invoice was teaches more than whether it was.
    """

    def __init__(
        self,
        bins: Sequence[Bins],
        values: Matrix,
        answers: Matrix,
        target: Target,
        others_weight: float,
    ) -> None:
        self.bins = bins
        self.placed = [b.places(values[:, j]) for j, b in enumerate(bins)]
        asked = answers.T if others_weight else answers.T[:1]
        weight = others_weight / max(1, len(asked) - 1)
        known = ~np.isnan(asked)
        self.answers = [np.where(k, a, 0.0) for k, a in zip(known, asked, strict=True)]
        self.counts = [k * (weight if t else 1.0) for t, k in enumerate(known)]
        self.directions = [direction(b.feature, target) for b in bins]
        self.first = [
            _own_log_odds(b, values[:, j], target) if b.feature.name == "late_share" else None
            for j, b in enumerate(bins)
        ]
        self.starts = len(asked)
        sizes = [b.count + 1 for b in bins]
        offsets = [self.starts + int(sum(sizes[:j])) for j in range(len(sizes))]
        self.parts = [slice(o, o + size) for o, size in zip(offsets, sizes, strict=True)]
        self.size = self.starts + sum(sizes)

    def effects(self, weights: Floats) -> tuple[Floats, ...]:
        """Steps to levels: labels and the unknown have theirs directly."""
        made = []
        for b, part, first in zip(self.bins, self.parts, self.first, strict=True):
            effect = weights[part].copy()
            if b.feature.kind != "label":
                effect[:-1] = np.cumsum(effect[:-1])
            made.append(effect if first is None else effect + first)
        return tuple(made)

    def penalties(self, strength: float) -> Floats:
        penalty = np.zeros(self.size)
        for b, part in zip(self.bins, self.parts, strict=True):
            if b.feature.kind == "label":
                penalty[part] = strength / LABEL_VARIANCE
            else:
                penalty[part] = strength * max(1, b.count - 1) / RANGE_VARIANCE
            penalty[part.stop - 1] = strength / UNKNOWN_VARIANCE
            penalty[part] *= b.feature.caution
        return penalty

    def bounds(self) -> list[tuple[float | None, float | None]]:
        bounds: list[tuple[float | None, float | None]] = [(None, None)] * self.size
        for b, part, way, first in zip(
            self.bins, self.parts, self.directions, self.first, strict=True
        ):
            for place in range(part.start, part.stop):
                bounds[place] = (-LARGEST, LARGEST)
            if b.feature.kind == "label":
                continue
            bounds[part.start] = (0.0, 0.0)  # the level below the first step: the start has it
            for place in range(part.start + 1, part.stop - 1):
                j = place - part.start
                step = 0.0 if first is None else float(first[j - 1] - first[j])
                if way > 0:
                    bounds[place] = (min(step, LARGEST), LARGEST)
                elif way < 0:
                    bounds[place] = (-LARGEST, max(step, -LARGEST))
        return bounds

    def loss(self, weights: Floats, penalty: Floats) -> tuple[float, Floats]:
        """Penalised negative log likelihood and its gradient."""
        z = Fit(0.0, self.effects(weights)).log_odds(self.placed)
        gradient = penalty * weights
        value = 0.5 * float(gradient @ weights)
        residual = np.zeros(len(z))
        for t in range(self.starts):
            shifted = z + weights[t]
            small = np.exp(-np.abs(shifted))  # one exponential serves the chance and the loss
            chance = np.where(shifted >= 0, 1.0, small) / (1 + small)
            wrong = self.counts[t] * (chance - self.answers[t])
            gradient[t] += wrong.sum()
            residual += wrong
            losses = np.maximum(shifted, 0.0) - self.answers[t] * shifted + np.log1p(small)
            value += float(self.counts[t] @ losses)
        for b, part, place in zip(self.bins, self.parts, self.placed, strict=True):
            by_bin = np.bincount(place, weights=residual, minlength=b.count + 1)
            if b.feature.kind != "label":
                by_bin[:-1] = np.cumsum(by_bin[:-1][::-1])[::-1]
            gradient[part] += by_bin
        return value, gradient

    def fit(self, strength: float, begin: Floats | None = None) -> tuple[Fit, Floats]:
        """The best effects under a penalty, and the weights for a warm start elsewhere."""
        from scipy.optimize import minimize  # loaded only where something is trained

        if begin is None:
            begin = np.zeros(self.size)
            z = Fit(0.0, self.effects(begin)).log_odds(self.placed)
            for t in range(self.starts):
                cases = float((self.counts[t] > 0).sum())
                share = (float(self.answers[t].sum()) + 0.5) / (cases + 1)
                begin[t] = math.log(share / (1 - share)) - float(z.mean())
        penalty = self.penalties(strength)
        # In units of each weight's own deviation the problem is round, and the search short.
        scale = 1 / np.sqrt(np.where(penalty > 0, penalty, len(self.answers[0]) / 4))

        def loss(scaled: Floats) -> tuple[float, Floats]:
            value, gradient = self.loss(scaled * scale, penalty)
            return value, gradient * scale

        bounds = [
            (None if low is None else low / s, None if high is None else high / s)
            for (low, high), s in zip(self.bounds(), scale, strict=True)
        ]
        with one_thread():
            found = minimize(
                loss,
                begin / scale,
                jac=True,
                method="L-BFGS-B",
                bounds=bounds,
                options={"maxiter": ROUNDS_MAX, "ftol": 1e-7, "gtol": 1e-3, "maxcor": 20},
            )
        weights: Floats = found.x * scale
        return Fit(float(weights[0]), self.effects(weights)), weights


def _own_log_odds(bins: Bins, values: Floats, target: Target) -> Floats | None:
    """The late share's own log odds by bin: what the baseline would say."""
    if target != "late_payment":
        return None
    place = bins.places(values)
    known = np.where(np.isnan(values), 0.0, np.log(values / (1 - values)))
    counts = np.bincount(place, minlength=bins.count + 1)
    sums = np.bincount(place, weights=known, minlength=bins.count + 1)
    levels: Floats = sums / np.maximum(counts, 1)
    return levels


def cards_of(
    fit: Fit, bins: Sequence[Bins], placed: Sequence[Places], target: Target
) -> tuple[int, tuple[Card, ...]]:
    """Log odds of the outcome to whole points for paying; a typical case gets 0 on each card."""
    scale = POINTS_TO_DOUBLE / math.log(2) * (-1 if target == "late_payment" else 1)
    start = fit.start
    cards = []
    for b, effect, place in zip(bins, fit.effects, placed, strict=True):
        counts = np.bincount(place, minlength=b.count + 1).astype(np.float64)
        typical = float(np.sum(effect * counts) / counts.sum())
        start += typical
        points = [int(p) for p in np.rint((effect - typical) * scale)]
        if not any(points):
            continue
        shares = tuple(round(float(c / counts.sum()), 6) for c in counts)
        cards.append(Card(feature=b.feature.name, edges=b.edges, points=tuple(points[:-1]),
                          unknown=points[-1] if counts[-1] else 0, shares=shares))  # fmt: skip
    return round(start * scale), tuple(cards)

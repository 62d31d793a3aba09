"""How good probabilities are: AUC, Brier, log loss, calibration, and how far samples drift apart.

Own numpy, compared with scikit-learn in the tests, so that asking for a figure loads no training.
"""

import numpy as np
import numpy.typing as npt
from msgspec import Struct

Floats = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]

BINS = 10
SMALLEST = 1e-15  # what a certain probability that was wrong is taken for in the log loss
SMALLEST_SHARE = 1e-4  # the same for an empty class in PSI


class CalibrationBin(Struct, frozen=True):
    """The cases whose probability lies in [from, to): what was predicted, and what was observed."""

    from_probability: float
    to_probability: float
    cases: int
    mean_probability: float
    observed_share: float


class Figures(Struct, frozen=True, kw_only=True):
    """The figures of one way of answering, on one set of cases."""

    cases: int
    share: float  # of cases whose outcome was true
    auc: float | None  # None: all outcomes are the same, there is nothing to rank
    brier: float
    log_loss: float
    calibration_error: float  # ECE: mean |predicted − observed| over the bins, by their cases
    calibration: tuple[CalibrationBin, ...]


def figures_of(truth: Truths, probability: Floats) -> Figures:
    """All figures. There must be a case."""
    bins = calibration(truth, probability)
    return Figures(
        cases=len(truth),
        share=_short(float(truth.mean())),
        auc=None if truth.all() or not truth.any() else _short(auc(truth, probability)),
        brier=_short(brier(truth, probability)),
        log_loss=_short(log_loss(truth, probability)),
        calibration_error=_short(_error(bins)),
        calibration=bins,
    )


def _short(value: float) -> float:
    return round(value, 6)


def auc(truth: Truths, score: Floats) -> float:
    """The probability that a true case has a higher score than a false one; ties count half."""
    positive = int(truth.sum())
    negative = len(truth) - positive
    if positive == 0 or negative == 0:
        raise ValueError("AUC needs a true and a false case")
    _, group, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[group]
    above = float(ranks[truth].sum()) - positive * (positive + 1) / 2
    return above / (positive * negative)


def brier(truth: Truths, probability: Floats) -> float:
    return float(np.mean((probability - truth) ** 2))


def log_loss(truth: Truths, probability: Floats) -> float:
    kept = np.clip(probability, SMALLEST, 1 - SMALLEST)
    return float(-np.mean(np.where(truth, np.log(kept), np.log1p(-kept))))


def calibration(truth: Truths, probability: Floats, bins: int = BINS) -> tuple[CalibrationBin, ...]:
    """Bins of equal width over 0–1, empty ones left out."""
    place = np.minimum((probability * bins).astype(np.int64), bins - 1)
    counts = np.bincount(place, minlength=bins)
    predicted = np.bincount(place, weights=probability, minlength=bins)
    observed = np.bincount(place, weights=truth.astype(np.float64), minlength=bins)
    return tuple(
        CalibrationBin(
            i / bins,
            (i + 1) / bins,
            int(counts[i]),
            _short(float(predicted[i] / counts[i])),
            _short(float(observed[i] / counts[i])),
        )
        for i in range(bins)
        if counts[i]
    )


def calibration_error(truth: Truths, probability: Floats, bins: int = BINS) -> float:
    """ECE: the mean distance between predicted and observed, each bin by its cases."""
    return _error(calibration(truth, probability, bins))


def _error(bins: tuple[CalibrationBin, ...]) -> float:
    total = sum(item.cases for item in bins)
    gaps = sum(item.cases * abs(item.mean_probability - item.observed_share) for item in bins)
    return gaps / total if total else 0.0


def psi(expected: Floats, actual: Floats) -> float:
    """Population stability index of two histograms over the same classes (counts or shares).

    Below 0.1 nothing moved, above 0.25 the population is another.
    """
    if expected.shape != actual.shape:
        raise ValueError("PSI compares histograms over the same classes")
    before, after = _shares(expected), _shares(actual)
    return float(np.sum((after - before) * np.log(after / before)))


def _shares(counts: Floats) -> Floats:
    total = float(counts.sum())
    if total <= 0:
        return np.full(counts.shape, 1.0 / max(1, counts.size))
    shares = np.maximum(counts / total, SMALLEST_SHARE)
    normalized: Floats = shares / shares.sum()
    return normalized

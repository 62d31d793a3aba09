"""The backtest: learn from the earlier cases, answer the later ones, compare with the baseline.

The split is at the quantile of decision days, ties to the later part. Only cases whose outcome was
known at the split are learned from; the later ones are answered one by one, each with what was
known before its day. The baseline is the account's past share, drawn to everybody's:
(late + 5p) ÷ (n + 5).
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from services.segmentation.learning.cases import (
    HORIZON_DAYS,
    InvoiceFacts,
    Target,
    cases_of,
    check_horizon,
)
from services.segmentation.learning.challenger import grow
from services.segmentation.learning.challenger import rate as rate_challenger
from services.segmentation.learning.figures import Figures, Truths, figures_of
from services.segmentation.learning.model import Model
from services.segmentation.learning.portfolio import Indices
from services.segmentation.learning.training import check_classes, known_at, learn
from services.segmentation.learning.walk import NO_INDICES, Walked, portfolio_at, walk
from shared.errors import FieldError, Invalid


class Report(Struct, frozen=True, kw_only=True):
    """What a backtest found."""

    target: Target
    horizon_days: int
    train_fraction: float
    split_on: date  # the first day of the later part
    n_train: int
    n_test: int
    n_learned: int  # of the earlier part: their outcome was known at the split
    model: Figures
    baseline: Figures
    challenger: Figures | None  # None: it was not asked for
    model_version: str
    features: tuple[str, ...]

    def to_builtins(self) -> dict[str, Any]:
        """As the API says it: the model's figures at the top, the baseline's below."""
        figures = _told(self.model)
        return {
            "target": self.target,
            "horizon_days": self.horizon_days,
            "train_fraction": self.train_fraction,
            "split_on": self.split_on.isoformat(),
            "n_train": self.n_train,
            "n_test": self.n_test,
            "n_learned": self.n_learned,
            **figures,
            "baseline": _told(self.baseline),
            "challenger": _told(self.challenger) if self.challenger else None,
            "model_version": self.model_version,
            "features": list(self.features),
        }


def _told(figures: Figures) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(figures)
    del shown["cases"]
    shown["calibration"] = list(shown["calibration"])
    return shown


def backtest(
    facts: Sequence[InvoiceFacts],
    *,
    target: Target,
    train_fraction: float = 0.7,
    today: date,
    horizon_days: int = HORIZON_DAYS,
    with_challenger: bool = False,
    indices: Indices = NO_INDICES,
) -> Report:
    """Raises `Invalid` that names what is missing."""
    check_horizon(horizon_days)
    if not 0 < train_fraction < 1:
        raise Invalid(
            "The backtest is not valid.",
            [FieldError("/train_fraction", "must lie between 0 and 1")],
        )
    cases = cases_of(facts, target, horizon_days=horizon_days, today=today)
    if not cases:
        raise Invalid(f"There is nothing to test {target} on: no case has a known outcome")
    walked = walk(facts, cases, indices=indices)
    split = float(np.sort(walked.day)[int(len(cases) * train_fraction)])
    split_on = date.fromordinal(int(split))
    early: Truths = walked.day < split
    known: Truths = early & np.array([case.known_on <= split_on for case in cases], dtype=np.bool_)
    learned = walked.take(known)
    if not early.any():
        raise Invalid(
            f"There is nothing to learn {target} from: of {len(cases)} cases none was decided"
            f" before {split_on}, where the later part begins"
        )
    if not known.any():
        raise Invalid(
            f"There is nothing to learn {target} from: of {int(early.sum())} cases before"
            f" {split_on} none has an outcome that was known by then"
        )
    check_classes(learned.cases, target)
    portfolio = portfolio_at(known_at(facts, split_on), split_on, indices)
    model = learn(learned._replace(portfolio=portfolio), target, horizon_days, split_on)
    asked = walked.take(~early)
    trees = grow(learned, target, horizon_days, split_on) if with_challenger else None
    return Report(
        target=target,
        horizon_days=model.horizon_days,
        train_fraction=train_fraction,
        split_on=split_on,
        n_train=int(early.sum()),
        n_test=len(asked.cases),
        n_learned=len(learned.cases),
        model=rate(model, asked),
        baseline=figures_of(asked.outcome, asked.baseline),
        challenger=rate_challenger(trees, asked) if trees else None,
        model_version=model.version,
        features=model.features,
    )


def rate(model: Model, asked: Walked) -> Figures:
    """The figures of a model on cases."""
    return figures_of(asked.outcome, model.score(asked.columns).probability)

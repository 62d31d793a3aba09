"""Train a model on the past and test it on what came after: the scorecard, its trees, figures."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct

from services.segmentation.learning.backtest import rate
from services.segmentation.learning.cases import (
    HORIZON_DAYS,
    InvoiceFacts,
    Target,
    cases_of,
    check_horizon,
)
from services.segmentation.learning.challenger import Challenger, grow
from services.segmentation.learning.challenger import rate as rate_challenger
from services.segmentation.learning.figures import Figures, figures_of
from services.segmentation.learning.model import Model, described
from services.segmentation.learning.portfolio import Indices
from services.segmentation.learning.training import ONE_DAY, known_at, learn
from services.segmentation.learning.walk import Walked, walk
from shared.errors import FieldError, Invalid


class TrainingOrder(Struct, frozen=True, kw_only=True):
    """What is to be trained."""

    target: Target
    horizon_days: int = HORIZON_DAYS
    until: date | None = None  # None: the last begun day, which leaves nothing to test on
    by: str


class TrainedModel(Struct, frozen=True, kw_only=True):
    """A document for the registry."""

    version: str
    document: bytes
    beside: str | None  # trees: the scorecard they were grown with
    report: dict[str, Any]


class Training(Struct, frozen=True, kw_only=True):
    """What training and testing came to: the scorecard first, then its trees."""

    horizon_days: int
    until: date
    models: tuple[TrainedModel, TrainedModel]

    @property
    def report(self) -> dict[str, Any]:
        return self.models[0].report


class Past(Struct, frozen=True):
    """All there is to learn from."""

    facts: Sequence[InvoiceFacts]
    indices: Indices
    today: date  # the last begun day


def train_and_test(past: Past, order: TrainingOrder) -> Training:
    """A scorecard, and the trees that challenge it, from the same cases.

    Raises `Invalid` where there is too little to learn from.
    """
    until = order.until or past.today
    check_horizon(order.horizon_days)
    if until > past.today:
        words = f"must not be after {past.today}, the last begun day"
        raise Invalid("A model cannot be trained on the future.", [FieldError("/until", words)])
    cut = min(until + ONE_DAY, past.today)
    known = known_at(past.facts, cut)
    cases = cases_of(known, order.target, horizon_days=order.horizon_days, today=cut)
    walked = walk(known, cases, cut, past.indices)
    model = learn(walked, order.target, order.horizon_days, cut)
    challenger = grow(walked, order.target, order.horizon_days, cut)
    report = _report(model, challenger, until, _after(past, order, until))
    return Training(
        horizon_days=model.horizon_days,
        until=until,
        models=(
            TrainedModel(
                version=model.version, document=model.to_json(), beside=None, report=report
            ),
            TrainedModel(
                version=challenger.version,
                document=challenger.to_json(),
                beside=model.version,
                report=report["challenger"],
            ),
        ),
    )


def _after(past: Past, order: TrainingOrder, until: date) -> Walked | None:
    """The cases that were decided after it, each with what was known before its day."""
    cases = cases_of(past.facts, order.target, horizon_days=order.horizon_days, today=past.today)
    after = [case for case in cases if case.day > until]
    return walk(past.facts, after, indices=past.indices) if after else None


def _report(
    model: Model, challenger: Challenger, until: date, asked: Walked | None
) -> dict[str, Any]:
    """As the API shows it: what the model is, and its figures on the part after `until`."""
    return {
        **described(model),
        "until": until.isoformat(),
        "n_train": model.document.window.cases,
        "n_test": len(asked.cases) if asked else 0,
        **_shown(rate(model, asked) if asked else None),
        "baseline": _shown(figures_of(asked.outcome, asked.baseline) if asked else None),
        "challenger": {
            "version": challenger.version,
            **_shown(rate_challenger(challenger, asked) if asked else None),
        },
    }


_NOTHING: dict[str, Any] = {
    **dict.fromkeys(("share", "auc", "brier", "log_loss", "calibration_error")),
    "calibration": [],
}


def _shown(figures: Figures | None) -> dict[str, Any]:
    if figures is None:
        return dict(_NOTHING)
    shown: dict[str, Any] = msgspec.to_builtins(figures)
    del shown["cases"]
    return shown

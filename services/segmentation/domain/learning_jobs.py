"""What a compute process does with the packed invoices of a tenant: train, or test on the past."""

from datetime import date
from typing import Any

from msgspec import Struct

from services.segmentation.domain.encoding import unpacked_facts
from services.segmentation.learning.backtest import backtest
from services.segmentation.learning.cases import Target
from services.segmentation.learning.portfolio import Indices
from services.segmentation.learning.trial import Past, Training, TrainingOrder, train_and_test


class BacktestOrder(Struct, frozen=True, kw_only=True):
    """What is to be tested."""

    target: Target
    train_fraction: float
    horizon_days: int


def train_on(facts: list[bytes], indices: Indices, today: date, order: TrainingOrder) -> Training:
    """A model and its trees, with their figures. Raises `Invalid` where there is too little."""
    return train_and_test(Past(unpacked_facts(facts), indices, today), order)


def backtest_on(
    facts: list[bytes], indices: Indices, today: date, order: BacktestOrder
) -> dict[str, Any]:
    """Train on the first part of the history and test on the rest."""
    return backtest(
        unpacked_facts(facts),
        target=order.target,
        train_fraction=order.train_fraction,
        today=today,
        horizon_days=order.horizon_days,
        indices=indices,
    ).to_builtins()

"""What collecting costs, and what it brings."""

from typing import Any

from services.metrics.domain.cells import Added
from services.metrics.domain.figures import Figures
from services.metrics.domain.kpis.kpi import TOUCHED, Kpi, Ratio, ratio_above_zero, total, written
from services.metrics.domain.measures import flow
from services.metrics.domain.micros import in_minor

_BY_TOUCH = ("channel", "collector", "strategy")


def _cost(figures: Figures) -> Ratio:
    added = figures.flow("cost")
    return total(added.count if figures.by == "count" else in_minor(added.amount))


def _cost_to_collect(figures: Figures) -> Ratio:
    """By channel, strategy or collector the cash is that of the touch."""
    spent = in_minor(figures.flow("cost").amount)
    cash, untouched = figures.flow("recovered").amount, 0
    if not figures.split_by.isdisjoint(_BY_TOUCH):
        untouched = cash - figures.flow("all touch").amount
    if figures.asks(*_BY_TOUCH):
        cash = figures.flow("touch").amount
    return ratio_above_zero(
        spent, cash, untouched_minor=untouched, costs_elsewhere=_elsewhere(figures)
    )


def _elsewhere(figures: Figures) -> list[dict[str, Any]]:
    """What was spent in other currencies."""
    return [
        {"currency": currency, "amount_minor": written(in_minor(added.amount))}
        for currency, added in figures.flows("cost elsewhere").items()
        if currency != figures.currency and added != Added()
    ]


KPIS = (
    Kpi(
        name="cost",
        definition="What collecting cost in the window: contacts, tasks, gateways' fees, agencies' "
        "commission, and the costs that were recorded.",
        unit="minor",
        kind="flow",
        better="lower",
        splits=TOUCHED,
        formula=_cost,
        needs=(flow("cost"),),
        by=("amount", "count"),
    ),
    Kpi(
        name="cost_to_collect",
        definition="What collecting cost in the window, divided by the cash recovered in it. By "
        "channel, strategy or collector: the cash whose touch it is, that is the last attempt "
        "before the payment, at most 30 days.",
        unit="ratio",
        kind="flow",
        better="lower",
        splits=TOUCHED,
        formula=_cost_to_collect,
        needs=(
            flow("cost"),
            flow("touch"),
            flow("recovered", without=_BY_TOUCH),
            flow("touch", without=_BY_TOUCH, named="all touch"),
            flow("cost", without=("currency",), named="cost elsewhere"),
        ),
        members=("untouched_minor", "costs_elsewhere"),
    ),
)

"""Sums of money by day: what was invoiced and received."""

from collections.abc import Callable

from services.metrics.domain.figures import Figures
from services.metrics.domain.kpis.kpi import MONEY, Kpi, Ratio, total
from services.metrics.domain.measures import flow


def _sum(measure: str) -> Callable[[Figures], Ratio]:
    def formula(figures: Figures) -> Ratio:
        return total(figures.of(figures.flow(measure)))

    return formula


KPIS = (
    Kpi(
        name="invoiced",
        definition="Invoices issued in the window, net of voided ones, before credit notes.",
        unit="minor",
        kind="flow",
        better=None,
        splits=MONEY,
        formula=_sum("invoiced"),
        needs=(flow("invoiced"),),
        by=("amount", "count"),
    ),
    Kpi(
        name="received",
        definition="Payments received in the window, applied or not, less what reversals took "
        "back in it.",
        unit="minor",
        kind="flow",
        better="higher",
        splits=MONEY,
        formula=_sum("received"),
        needs=(flow("received"),),
        by=("amount", "count"),
    ),
)

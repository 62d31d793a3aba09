"""Sums of money by day: what was invoiced, received, recovered, written off."""

from collections.abc import Callable

from services.metrics.domain.figures import Figures
from services.metrics.domain.kpis.kpi import MONEY, Kpi, Ratio, total
from services.metrics.domain.measures import flow


def _sum(*measures: str) -> Callable[[Figures], Ratio]:
    def formula(figures: Figures) -> Ratio:
        return total(sum(figures.of(figures.flow(measure)) for measure in measures))

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
        splits=(*MONEY, "method"),
        formula=_sum("received"),
        needs=(flow("received"),),
        by=("amount", "count"),
        mark="method",
    ),
    Kpi(
        name="recovered",
        definition="Cash put in the window on debts that had entered collections, less what was "
        "taken back in it; what came in after a write-off included.",
        unit="minor",
        kind="flow",
        better="higher",
        splits=MONEY,
        formula=_sum("recovered"),
        needs=(flow("recovered"),),
        by=("amount", "count"),
    ),
    Kpi(
        name="entered",
        definition="Debts that entered collections in the window: what was open then, and what "
        "came to them later because money or credit from before was taken back.",
        unit="minor",
        kind="flow",
        better=None,
        splits=MONEY,
        formula=_sum("entered", "reentered"),
        needs=(flow("entered"), flow("reentered")),
        by=("amount", "count"),
    ),
    Kpi(
        name="written_off",
        definition="Written off in the window, less what came in after a write-off in it.",
        unit="minor",
        kind="flow",
        better="lower",
        splits=MONEY,
        formula=_sum("written_off"),
        needs=(flow("written_off"),),
        by=("amount", "count"),
    ),
)

"""What was recovered of debts in collections."""

from services.metrics.domain.figures import Figures
from services.metrics.domain.kpis.kpi import MONEY, Kpi, Ratio, ratio
from services.metrics.domain.measures import flow, stock


def recovery_rate(received: int, overdue_at_from: int, entered: int) -> Ratio:
    """Cash on debts in collections ÷ what was overdue and what came to it."""
    return ratio(received, overdue_at_from + entered)


def _recovery(figures: Figures) -> Ratio:
    return recovery_rate(
        figures.flow("recovered").amount,
        figures.opening("overdue_entered").amount,
        figures.flow("entered").amount,
    )


KPIS = (
    Kpi(
        name="recovery_rate",
        definition="Cash received in the window on debts that had entered collections, divided by "
        "the overdue balance at the window's start plus what entered collections in it. In a "
        "split, all three stand under what held just before the debt entered.",
        unit="ratio",
        kind="flow",
        better="higher",
        splits=MONEY,
        formula=_recovery,
        needs=(flow("recovered"), flow("entered"), stock("overdue_entered")),
    ),
)

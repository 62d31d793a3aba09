"""What was recovered of debts in collections, and of debts handed over."""

from services.metrics.domain.figures import Figures
from services.metrics.domain.kpis.kpi import MONEY, Kpi, Ratio, ratio
from services.metrics.domain.measures import flow, of_cohort, stock


def recovery_rate(received: int, overdue_at_from: int, entered: int) -> Ratio:
    """Cash on debts in collections ÷ what was overdue and what came to it."""
    return ratio(received, overdue_at_from + entered)


_ENTERED = ("entered", "reentered", "entered_moved")


def _recovery(figures: Figures) -> Ratio:
    """All under the place just before the entry: what stands elsewhere is moved there."""
    return recovery_rate(
        figures.flow("cash").amount,
        figures.opening("overdue_entered").amount,
        figures.flow("owed").amount,
    )


def _liquidation(figures: Figures) -> Ratio:
    return ratio(figures.flow("collected").amount, figures.flow("entered").amount)


def _placed(figures: Figures) -> Ratio:
    return ratio(figures.flow("placed_cash").amount, figures.flow("placed").amount)


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
        needs=(
            *(flow(measure, named="cash") for measure in ("collected", "collected_moved")),
            *(flow(measure, named="owed") for measure in _ENTERED),
            stock("overdue_entered"),
        ),
    ),
    Kpi(
        name="liquidation_rate",
        definition="Of debts that entered collections in the window: the cash that came by `at`, "
        "less what was taken back, divided by the amounts that entered. Per placement: the cash "
        "that came between placement and recall, divided by the balances placed in the window.",
        unit="ratio",
        kind="cohort",
        better="higher",
        splits=MONEY,
        formula=_liquidation,
        needs=(of_cohort("collected"), flow("entered")),
        taken=(
            (
                "placement",
                Kpi(
                    name="liquidation_rate",
                    definition="Of debts handed over in the window: the cash that came between "
                    "placement and recall, divided by their balances.",
                    unit="ratio",
                    kind="cohort",
                    better="higher",
                    splits=(*MONEY, "agency"),
                    formula=_placed,
                    needs=(of_cohort("placed_cash"), flow("placed")),
                    mark="agency",
                    is_per="placement",
                ),
            ),
        ),
    ),
)

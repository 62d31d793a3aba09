"""What is lost: written off, and by how much less than before."""

from fractions import Fraction

from services.metrics.domain.figures import Figures
from services.metrics.domain.kpis.kpi import MONEY, Kpi, Ratio, ratio
from services.metrics.domain.measures import flow

_NEEDS = (flow("written_off"), flow("invoiced"), flow("credited"))


def _write_off_rate(figures: Figures) -> Ratio:
    return ratio(figures.flow("written_off").amount, figures.sales)


def _loss_reduction(figures: Figures) -> Ratio:
    """Numerator and denominator are the two rates."""
    assert figures.before is not None, "the KPI asks for it"
    now, before = _write_off_rate(figures).value, _write_off_rate(figures.before).value
    if now is None or before is None or before <= 0:
        return Ratio(None, now, before)
    return Ratio(1 - Fraction(now) / before, now, before)


def _share_of_rates(figures: Figures, whole: Figures) -> Ratio:
    """What a thing adds to the rates: its write-offs ÷ the sales of all."""
    assert figures.before is not None, "the KPI asks for it"
    assert whole.before is not None, "the KPI asks for it"
    now = ratio(figures.flow("written_off").amount, whole.sales).value
    before = ratio(figures.before.flow("written_off").amount, whole.before.sales).value
    return Ratio(None, now, before)


KPIS = (
    Kpi(
        name="write_off_rate",
        definition="Written off in the window, less what came in after a write-off in it, divided "
        "by the window's sales.",
        unit="ratio",
        kind="flow",
        better="lower",
        splits=MONEY,
        formula=_write_off_rate,
        needs=_NEEDS,
    ),
    Kpi(
        name="loss_reduction",
        definition="One less the write-off rate divided by that of as many days directly before.",
        unit="ratio",
        kind="flow",
        better="higher",
        splits=MONEY,
        formula=_loss_reduction,
        needs=_NEEDS,
        over="before",
        share=_share_of_rates,
        part_units=("ratio", "ratio"),
    ),
)

"""How much of what is overdue gets older instead of coming in."""

from collections.abc import Iterable

from services.metrics.domain.figures import Figures
from services.metrics.domain.kpis.kpi import MONEY, Kpi, Ratio, ratio
from services.metrics.domain.measures import rolled

OVERDUE = ("1-30", "31-60", "61-90", "91-120")  # those that have a worse one


def _rate(figures: Figures, buckets: Iterable[str]) -> Ratio:
    worse = base = 0
    for bucket in buckets:
        worse += figures.of(figures.flow("rolled_on", bucket))
        base += figures.of(figures.flow("rolled_from", bucket))
    return ratio(worse, base)


def _roll_rate(figures: Figures) -> Ratio:
    return _rate(figures, OVERDUE)


def _roll_rate_of_bucket(figures: Figures) -> Ratio:
    return _rate(figures, ("current", *OVERDUE))


KPIS = (
    Kpi(
        name="roll_rate",
        definition="Balances of the buckets 1-30 to 91-120 at the end of the month before that "
        "came to a worse bucket by the end of the month, divided by those balances. By bucket: "
        "each, and what was not yet due. Several months: sums of both.",
        unit="ratio",
        kind="flow",
        better="lower",
        splits=("bucket", *MONEY),
        formula=_roll_rate,
        needs=(rolled("rolled_on"), rolled("rolled_from")),
        by=("amount", "count"),
        mark="bucket",
        mark_formula=_roll_rate_of_bucket,
        is_of_months=True,
    ),
)

"""How many accounts come out of delinquency, by themselves or not, and stay customers."""

from services.metrics.domain.delinquencies import RETAINED_DAYS
from services.metrics.domain.figures import Figures
from services.metrics.domain.kpis.kpi import ACCOUNTS, Kpi, Ratio, ratio
from services.metrics.domain.measures import delinquent


def _cure_rate(figures: Figures) -> Ratio:
    there = figures.closing("delinquent").count - figures.opening("ended").count
    found = ratio(figures.flow("cured").count, there)
    return found._replace(
        extra={
            "self_cured": figures.flow("self_cured").count,
            "pending": figures.flow("pending").count,
        }
    )


def _retention_rate(figures: Figures) -> Ratio:
    found = ratio(figures.flow("retained").count, figures.flow("cured_ripe").count)
    return found._replace(extra={"unripe": figures.flow("cured_unripe").count})


KPIS = (
    Kpi(
        name="cure_rate",
        definition="Delinquencies of accounts that ended in the window with nothing overdue for 30 "
        "days, and without a write-off on the day of the end, divided by all that touch the "
        "window. Those whose 30 days are not over are `pending`; `self_cured`: without an attempt.",
        unit="ratio",
        kind="cohort",
        better="higher",
        splits=ACCOUNTS,
        formula=_cure_rate,
        needs=tuple(
            delinquent(each) for each in ("delinquent", "ended", "cured", "self_cured", "pending")
        ),
        by=("count",),
        is_money=False,
        members=("self_cured", "pending"),
    ),
    Kpi(
        name="retention_rate",
        definition="Of the delinquencies cured in the window whose 180 days are over: those whose "
        "account was issued an invoice in the 180 days after the cure. `unripe`: those whose days "
        "are not over.",
        unit="ratio",
        kind="cohort",
        better="higher",
        splits=ACCOUNTS,
        formula=_retention_rate,
        needs=tuple(delinquent(each) for each in ("retained", "cured_ripe", "cured_unripe")),
        by=("count",),
        is_money=False,
        ripe_days=RETAINED_DAYS,
        members=("unripe",),
    ),
)

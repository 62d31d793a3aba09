"""How good the book is: at risk, disputed; and what debtors think."""

from services.metrics.domain.debt_measures.cohorts import RIPE_DAYS
from services.metrics.domain.figures import Figures
from services.metrics.domain.kpis.kpi import ACCOUNTS, MONEY, Kpi, Ratio, ratio
from services.metrics.domain.measures import cohort, flow, stock

_SATISFIED = ("4", "5")


def _at_risk(figures: Figures) -> Ratio:
    ripe = figures.flow("ripe").amount
    unripe = figures.flow("invoiced").amount - ripe
    return ratio(figures.flow("ripe_open").amount, ripe, unripe_minor=unripe)


def _disputed(figures: Figures) -> Ratio:
    disputed, issued = figures.flow("disputed"), figures.flow("invoiced")
    return ratio(figures.of(disputed), figures.of(issued))


def _disputing(figures: Figures) -> Ratio:
    return ratio(figures.closing("disputing").count, figures.closing("owing").count)


def _satisfaction(figures: Figures) -> Ratio:
    scores = figures.flows("score")
    count = sum(added.count for added in scores.values())
    satisfied = sum(scores[mark].count for mark in _SATISFIED if mark in scores)
    mean = ratio(sum(added.amount for added in scores.values()), count).value
    return ratio(satisfied, count, mean=mean)


KPIS = (
    Kpi(
        name="at_risk_rate",
        definition="Of invoices issued in the window that have been due for 90 days by `at`: what "
        "was open of them on that day, divided by the amounts issued.",
        unit="ratio",
        kind="cohort",
        better="lower",
        splits=MONEY,
        formula=_at_risk,
        needs=(cohort("ripe_open"), cohort("ripe"), flow("invoiced")),
        ripe_days=RIPE_DAYS,
        members=("unripe_minor",),
    ),
    Kpi(
        name="dispute_rate",
        definition="Of invoices issued in the window: those with a dispute opened by `at`, divided "
        "by all of them. By amount: the most that was disputed of each. Per account: accounts "
        "with an open dispute on an open invoice at the end of the window, divided by accounts "
        "with an open invoice.",
        unit="ratio",
        kind="cohort",
        better="lower",
        splits=MONEY,
        formula=_disputed,
        needs=(cohort("disputed"), flow("invoiced")),
        by=("count", "amount"),
        taken=(
            (
                "account",
                Kpi(
                    name="dispute_rate",
                    definition="Accounts with an open dispute on an open invoice at the end of "
                    "the window, divided by accounts with an open invoice.",
                    unit="ratio",
                    kind="stock",
                    better="lower",
                    splits=ACCOUNTS,
                    formula=_disputing,
                    needs=(stock("disputing"), stock("owing")),
                    by=("count",),
                    is_money=False,
                    is_per="account",
                ),
            ),
        ),
    ),
    Kpi(
        name="satisfaction",
        definition="Scores of 4 and 5, divided by all scores given in the window.",
        unit="ratio",
        kind="flow",
        better="higher",
        splits=("channel", "collector", "arm", "segment"),
        formula=_satisfaction,
        needs=(flow("score", by_mark=True),),
        by=("count",),
        is_money=False,
        members=("mean",),
    ),
)

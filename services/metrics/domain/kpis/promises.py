"""Promises: how often a conversation ends in one, and how often they are kept."""

from services.metrics.domain.figures import Figures
from services.metrics.domain.kpis.kpi import CONTACT, MONEY, Kpi, Ratio, ratio
from services.metrics.domain.measures import flow

_JUDGED = ("kept", "partly", "broken")


def _promised(figures: Figures) -> Ratio:
    return ratio(figures.flow("promised").count, figures.flow("right_party").count)


def _kept(figures: Figures) -> Ratio:
    judged = [figures.flow(measure) for measure in _JUDGED]
    if figures.by == "count":
        return ratio(figures.flow("kept").count, sum(each.count for each in judged))
    return ratio(sum(each.amount for each in judged), sum(each.weight for each in judged))


KPIS = (
    Kpi(
        name="promise_rate",
        definition="Conversations with the right party in the window that ended in a promise, "
        "divided by all of them: one per contact or task, as announced last.",
        unit="ratio",
        kind="flow",
        better="higher",
        splits=CONTACT,
        formula=_promised,
        needs=(flow("promised"), flow("right_party")),
        by=("count",),
        is_money=False,
    ),
    Kpi(
        name="promise_kept_rate",
        definition="Promises kept, divided by those judged in the window (kept, partly kept, "
        "broken), on the day of the judgement that stands. By amount: what counted for them, at "
        "most what was asked, divided by what was asked.",
        unit="ratio",
        kind="flow",
        better="higher",
        splits=("collector", "channel", *MONEY),
        formula=_kept,
        needs=tuple(flow(measure) for measure in _JUDGED),
        by=("count", "amount"),
    ),
)

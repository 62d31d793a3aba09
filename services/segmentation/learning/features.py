"""The features of a case: what the payer's history says about the invoice that is asked about.

One function makes them for training and for asking, so that both mean the same. A feature that is
not known is NaN in a row, which has a bin of its own; nothing that comes out of a model is NaN.
"""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from services.segmentation.learning.cases import Target
from services.segmentation.learning.history import (
    FADE,
    SHRINK,
    SHRINK_RECENT,
    TREND,
    Ask,
    Open,
    PayerHistory,
)
from services.segmentation.learning.portfolio import Portfolio

Matrix = npt.NDArray[np.float64]
Kind = Literal["share", "number", "label"]

UNKNOWN = math.nan
RATIO_MAX = 1e6


class Feature(NamedTuple):
    """A column. `rises` says what is sensible: more of it, later (+1) or sooner (−1) payment."""

    name: str
    kind: Kind
    rises: int = 0
    caution: float = 1.0  # how much stronger it is penalised: what goes with time misleads later


FEATURES: tuple[Feature, ...] = (
    Feature("late_share", "share", +1),  # of the settled and the overdue, shrunk as the baseline
    Feature("late_share_recent", "share", +1),  # of those at stake, the latest weigh most
    Feature("late_share_amount", "share", +1),  # by amount, in the invoice's currency
    Feature("mean_delay_days", "number", +1),  # from the due day; below 0: early
    Feature("recent_delay_days", "number", +1),
    Feature("last_delay_days", "number", +1),
    Feature("delay_trend_days", "number", +1, caution=9),
    Feature("delay_spread_days", "number", caution=9),
    Feature("outcomes", "number", caution=100),  # invoices known to be on time or late
    Feature("tenure_days", "number", caution=100),
    Feature("days_since_settled", "number", caution=100),
    Feature("open_not_due", "number", caution=100),
    Feature("overdue_invoices", "number", +1),
    Feature("oldest_overdue_days", "number", +1, caution=3),
    Feature("overdue_to_usual", "number", +1, caution=3),
    Feature("amount_to_usual", "number", caution=10),
    Feature("amount_to_portfolio", "number"),
    Feature("terms_days", "number"),
    Feature("days_to_due", "number"),  # below 0: days past due
    Feature("days_since_issued", "number", +1),  # still open after so long
    Feature("due_weekday", "label", caution=6),  # 1: Monday
    Feature("due_month_day", "number", caution=100),
    Feature("due_month", "label", caution=100),
    Feature("kind", "label", caution=3),  # 1: business
    Feature("portfolio_late_share", "share", +1, caution=100),
    Feature("market_change", "number", caution=30),  # of external indices, in a quarter
)
NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
BY_NAME: Mapping[str, Feature] = {feature.name: feature for feature in FEATURES}


def direction(feature: Feature, target: Target) -> int:
    """The sign in which the target's log odds may move with the feature; 0: either."""
    return feature.rises if target == "late_payment" else -feature.rises


class Columns(NamedTuple):
    """Rows of features, in the order of `names`."""

    names: tuple[str, ...]
    values: Matrix

    @classmethod
    def of(cls, rows: Sequence[Sequence[float]]) -> "Columns":
        values = np.asarray(rows, dtype=np.float64).reshape(len(rows), len(NAMES))
        return cls(NAMES, values)


def row_of(history: PayerHistory, ask: Ask, portfolio: Portfolio) -> list[float]:
    """The features of a question, in the order of `FEATURES`. The history stands at its day."""
    today, due = ask.day.toordinal(), ask.due_on.toordinal()
    own = _own(history.overdue, ask)
    share = portfolio.late_share
    overdue_at_stake = history.overdue_at_stake - (own.was_at_stake if own else 0)
    outcomes = history.outcomes + overdue_at_stake
    late_share = _late_share(history, overdue_at_stake, share)
    known_minor, late_minor = history.outcomes_minor.get(ask.currency, (0, 0))
    overdue_minor = history.overdue_minor.get(ask.currency, 0) - (own.amount_minor if own else 0)
    count, total = history.amounts.get(ask.currency, (0, 0))
    usual = total / count if count else 0.0
    pull = SHRINK * (usual or 1.0)
    portfolio_log2 = portfolio.usual_log2(ask.currency)
    recent = history.recent
    others = len(history.overdue) - (own is not None)
    return [
        late_share,
        _recent_late_share(history, late_share, overdue_at_stake),
        (late_minor + overdue_minor + pull * late_share) / (known_minor + overdue_minor + pull),
        _mean_delay(history, portfolio),
        _recent_delay(history, portfolio),
        float(recent[-1].delay_days) if recent else UNKNOWN,
        _trend(history),
        _spread(history),
        float(outcomes),
        float(today - history.first_on) if history.first_on is not None else UNKNOWN,
        float(today - recent[-1].on) if recent else UNKNOWN,
        float(len(history.not_due) - (_own(history.not_due, ask) is not None)),
        float(others),
        float(_oldest_overdue(history, own, today)),
        min(overdue_minor / usual, RATIO_MAX) if usual else 0.0,
        min(ask.amount_minor / usual, RATIO_MAX) if usual else UNKNOWN,
        math.log2(max(ask.amount_minor, 1)) - portfolio_log2
        if portfolio_log2 is not None
        else UNKNOWN,
        float(due - ask.issued_on.toordinal()),
        float(due - today),
        float(today - ask.issued_on.toordinal()),
        float(ask.due_on.isoweekday()),
        float(ask.due_on.day),
        float(ask.due_on.month),
        1.0 if ask.kind == "business" else 0.0,
        share,
        portfolio.market_change(today),
    ]


def _own(items: list[Open], ask: Ask) -> Open | None:
    """The asked invoice itself, where it is among these."""
    if ask.invoice_id is None:
        return None
    key = (ask.due_on.toordinal(), ask.invoice_id)
    place = bisect_left(items, key)
    return items[place] if place < len(items) and items[place][:2] == key else None


def _late_share(history: PayerHistory, overdue: int, usual_now: float) -> float:
    """The account's share, drawn to everybody's. What was booked after its due day counts too:
    it was no case, but whether it was late says as much of the payer."""
    late, known = history.settled_late + overdue, history.settled + overdue
    return (late + SHRINK * usual_now) / (known + SHRINK)


def _recent_late_share(history: PayerHistory, late_share: float, overdue: int) -> float:
    """Settlements by age, what is overdue now before them all; drawn to the account's own share."""
    weight, late, total = 1.0, min(overdue, 12) * 1.0, min(overdue, 12) * 1.0
    for settlement in reversed(history.recent):
        if settlement.was_at_stake:
            late += weight * settlement.is_late
            total += weight
            weight *= FADE
    return (late + SHRINK_RECENT * late_share) / (total + SHRINK_RECENT)


def _mean_delay(history: PayerHistory, portfolio: Portfolio) -> float:
    """Everybody's mean delay now, and how much more this account took than others at the time."""
    usual = portfolio.mean_delay_days
    then = history.usual_delay_days + (history.settled - history.compared) * usual
    return usual + (history.delay_days - then) / (history.settled + SHRINK_RECENT)


def _recent_delay(history: PayerHistory, portfolio: Portfolio) -> float:
    """The same, the latest settlements weighing most; drawn to the account's own mean."""
    now = portfolio.mean_delay_days
    weight, total, days = 1.0, 0.0, 0.0
    for settlement in reversed(history.recent):
        usual = now if settlement.usual is None else settlement.usual[0]
        days += weight * (settlement.delay_days - usual)
        total += weight
        weight *= FADE
    own = _mean_delay(history, portfolio) - now
    return now + (days + SHRINK_RECENT * own) / (total + SHRINK_RECENT)


def _trend(history: PayerHistory) -> float:
    """Mean delay of the last three settled less that of the three before."""
    last = history.recent[-2 * TREND :]
    if len(last) < 2 * TREND:
        return UNKNOWN
    before, after = last[:TREND], last[TREND:]
    return (sum(s.delay_days for s in after) - sum(s.delay_days for s in before)) / TREND


def _spread(history: PayerHistory) -> float:
    """The standard deviation of the delays."""
    if history.settled < 3:
        return UNKNOWN
    mean = history.delay_days / history.settled
    return math.sqrt(max(0.0, history.delay_days_squared / history.settled - mean * mean))


def _oldest_overdue(history: PayerHistory, own: Open | None, today: int) -> int:
    for item in history.overdue[:2]:
        if item is not own:
            return today - item.due
    return 0

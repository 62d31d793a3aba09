"""What is owed, how old it is, and how long sales are outstanding."""

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from services.metrics.domain.figures import RECEIVABLES, Figures
from services.metrics.domain.kpis.kpi import (
    MONEY,
    SOLD,
    Kpi,
    Ratio,
    ratio,
    ratio_above_zero,
    total,
)
from services.metrics.domain.measures import flow, standing, stock

_OWED = tuple(stock(measure) for measure in RECEIVABLES)
_SALES = (flow("invoiced"), flow("credited"))
_AGED = stock("aged", by_mark=True)


def days_of_sales(balance: int, sales: int, days: int) -> Ratio:
    """DSO, best possible DSO and their difference. Without sales there is nothing to divide by."""
    return ratio_above_zero(balance, sales, days)


def average_days_late(late: tuple[int, int], overdue: tuple[int, int]) -> Ratio:
    """Both are (Σ amount × days, Σ amount): of cash that came, and of what is still open."""
    return ratio(late[0] + overdue[0], late[1] + overdue[1])


class Month(NamedTuple):
    """What the collection effectiveness takes of one month, or of a piece of one."""

    at_from: int  # receivables
    sales: int
    at_to: int  # receivables
    not_yet_due: int


def collection_effectiveness(months: Iterable[Month]) -> Ratio:
    """What was collected ÷ what could have been, summed over months.

    Receivables are net of unapplied credit, so that no more of them can be not yet due than there
    are: without that bound, credit above what is overdue makes the index pass 1.
    """
    collected = collectable = 0
    for month in months:
        owed = month.at_from + month.sales
        collected += owed - month.at_to
        collectable += owed - min(month.not_yet_due, month.at_to)
    return ratio_above_zero(collected, collectable)


def _dso(figures: Figures) -> Ratio:
    return days_of_sales(figures.closing_receivables, figures.sales, figures.window.days)


def _best_possible_dso(figures: Figures) -> Ratio:
    return days_of_sales(figures.not_yet_due, figures.sales, figures.window.days)


def _days_delinquent(figures: Figures) -> Ratio:
    late = figures.closing_receivables - figures.not_yet_due
    return days_of_sales(late, figures.sales, figures.window.days)


def _days_late(figures: Figures) -> Ratio:
    late = figures.standing("late")
    overdue = figures.closing("aged", "1").amount
    return average_days_late((late.weight, late.amount), (figures.overdue_days, overdue))


def _effectiveness(figures: Figures) -> Ratio:
    return collection_effectiveness(
        Month(
            month.opening_receivables,
            month.sales,
            month.closing_receivables,
            month.not_yet_due,
        )
        for month in figures.months
    )


def _share_of_effectiveness(figures: Figures, whole: Figures) -> Ratio:
    """What a thing adds: in each month what is not yet due of it, or its receivables where those of
    all are the smaller of the two."""
    collected = collectable = 0
    for month, of_all in zip(figures.months, whole.months, strict=True):
        owed = month.opening_receivables + month.sales
        is_bound = of_all.not_yet_due > of_all.closing_receivables
        collected += owed - month.closing_receivables
        collectable += owed - (month.closing_receivables if is_bound else month.not_yet_due)
    return Ratio(None, collected, collectable)


def _days_to_pay(figures: Figures) -> Ratio:
    paid = figures.standing("paid_days")
    return ratio(paid.weight, paid.amount)


def count_back(receivables: int, months: Iterable[tuple[int, int]]) -> Ratio:
    """Days of the sales that a balance goes back through: (sales, days) of months, newest first.
    None where they do not cover it."""
    left, days = Fraction(receivables), Fraction(0)
    if receivables <= 0:
        return Ratio(0, receivables, None)
    for sales, length in months:
        if sales > 0 and left <= sales:
            return Ratio(days + left / sales * length, receivables, None)
        days += length
        left -= max(0, sales)
    return Ratio(None, receivables, None)


def _countback(figures: Figures) -> Ratio:
    months = ((month.sales, month.window.days) for month in figures.months)
    return count_back(figures.closing_receivables, months)


def _aging(figures: Figures) -> Ratio:
    return total(figures.of(figures.closing("open")))


KPIS = (
    Kpi(
        name="dso",
        definition="Days sales outstanding: receivables at the window's end, divided by the "
        "window's sales, times its days, from the first invoice on. In a series, sales of the 90 "
        "days (or `window`) that end with each part.",
        unit="days",
        kind="stock",
        better="lower",
        splits=SOLD,
        formula=_dso,
        needs=(*_SALES, *_OWED),
        over="trailing",
    ),
    Kpi(
        name="best_possible_dso",
        definition="Receivables not yet due at the window's end, divided by the window's sales, "
        "times its days: what DSO would be if everyone paid on the due day.",
        unit="days",
        kind="stock",
        better="lower",
        splits=SOLD,
        formula=_best_possible_dso,
        needs=(*_SALES, *_OWED, _AGED),
        over="trailing",
    ),
    Kpi(
        name="average_days_delinquent",
        definition="DSO less best possible DSO.",
        unit="days",
        kind="stock",
        better="lower",
        splits=SOLD,
        formula=_days_delinquent,
        needs=(*_SALES, *_OWED, _AGED),
        over="trailing",
    ),
    Kpi(
        name="average_days_late",
        definition="Days late weighted by amount, over cash put on invoices in the window that "
        "still stands at its end, and over what is open and overdue at its end.",
        unit="days",
        kind="stock",
        better="lower",
        splits=MONEY,
        formula=_days_late,
        part_units=("minor_days", "minor"),
        needs=(standing("late"), _AGED),
    ),
    Kpi(
        name="dso_countback",
        definition="Days sales outstanding by counting back: from receivables at the window's end "
        "whole months of sales are taken off, the newest first, each with its real days; of the "
        "last month the share that is left. Null where 36 months do not cover them.",
        unit="days",
        kind="stock",
        better="lower",
        splits=SOLD,
        formula=_countback,
        needs=(*_SALES, *_OWED),
        over="countback",
    ),
    Kpi(
        name="average_days_to_pay",
        definition="Days from issue to payment weighted by amount, over cash put on invoices in "
        "the window that still stands at its end.",
        unit="days",
        kind="flow",
        better="lower",
        splits=MONEY,
        formula=_days_to_pay,
        part_units=("minor_days", "minor"),
        needs=(standing("paid_days"),),
    ),
    Kpi(
        name="collection_effectiveness_index",
        definition="Share of what could be collected that was, summed over calendar months: "
        "(receivables at the start + sales − receivables at the end) ÷ (receivables at the start "
        "+ sales − not yet due at the end).",
        unit="ratio",
        kind="stock",
        better="higher",
        splits=SOLD,
        formula=_effectiveness,
        needs=(*_SALES, *_OWED, _AGED),
        over="months",
        share=_share_of_effectiveness,
    ),
    Kpi(
        name="aging",
        definition="Open balances at the end of the window, by days past due.",
        unit="minor",
        kind="stock",
        better=None,
        splits=("bucket", *MONEY),
        formula=_aging,
        needs=(stock("open"), _AGED),
        by=("amount", "count"),
    ),
)

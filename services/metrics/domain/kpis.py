"""Every KPI: its definition and its formula. All arithmetic is exact; floats are made last."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from services.metrics.domain.figures import Figures

By = Literal["amount", "count"]
Number = int | Fraction


class Ratio(NamedTuple):
    """A KPI's value; None where the denominator is 0, or nothing that can be divided by."""

    value: Number | None
    numerator: Number
    denominator: Number | None  # None: a sum, not a ratio


def ratio(numerator: Number, denominator: Number, times: Number = 1) -> Ratio:
    """numerator ÷ denominator × times."""
    if denominator == 0:
        return Ratio(None, numerator, denominator)
    return Ratio(Fraction(numerator) / denominator * times, numerator, denominator)


def ratio_above_zero(numerator: Number, denominator: Number, times: Number = 1) -> Ratio:
    """The same, and None where the denominator is below 0: the quotient would mean nothing."""
    if denominator <= 0:
        return Ratio(None, numerator, denominator)
    return ratio(numerator, denominator, times)


def recovery_rate(received: int, overdue_at_from: int, entered: int) -> Ratio:
    return ratio(received, overdue_at_from + entered)


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


@dataclass(frozen=True)
class Kpi:
    """One KPI. `flows`, `stocks`, `ages`, `late`, `contacts`: what its formula needs."""

    name: str
    definition: str
    unit: Literal["ratio", "days", "minor", "count"]
    better: Literal["higher", "lower"] | None
    splits: tuple[str, ...]
    formula: Callable[[Figures, By], Ratio]
    by: tuple[By, ...] = ("amount",)
    flows: tuple[str, ...] = ()
    stocks: tuple[str, ...] = ()
    ages: tuple[int, ...] = ()
    aged_by_entry: bool = False  # by segment, old balances stand under the one before they entered
    over: Literal["window", "trailing", "months"] = "window"  # the days that a part is computed of
    needs_late: bool = False
    contacts: tuple[str, ...] = ()
    rule_formula: Callable[[Figures, By], Ratio] | None = None  # of one rule, where it differs

    @property
    def is_money(self) -> bool:
        return not self.contacts

    def __reduce__(self) -> tuple[Any, ...]:
        """To another process it goes by its name: formulas are functions."""
        return _by_name, (self.name,)


def _by_name(name: str) -> Kpi:
    return KPIS[name]


def _sum(measure: str) -> Callable[[Figures, By], Ratio]:
    def formula(figures: Figures, by: By) -> Ratio:
        flow = figures.flows[measure]
        value = flow.amount if by == "amount" else flow.count
        return Ratio(value, value, None)

    return formula


def _recovery(figures: Figures, _by: By) -> Ratio:
    return recovery_rate(
        figures.flows["recovered"].amount,
        figures.opening_aged[1].amount,
        figures.flows["entered"].amount,
    )


def _dso(figures: Figures, _by: By) -> Ratio:
    return days_of_sales(figures.closing_receivables, figures.sales, figures.window.days)


def _best_possible_dso(figures: Figures, _by: By) -> Ratio:
    return days_of_sales(figures.not_yet_due, figures.sales, figures.window.days)


def _days_delinquent(figures: Figures, _by: By) -> Ratio:
    late = figures.closing_receivables - figures.not_yet_due
    return days_of_sales(late, figures.sales, figures.window.days)


def _days_late(figures: Figures, _by: By) -> Ratio:
    overdue = figures.closing_aged[1].amount
    return average_days_late(
        (figures.late.count, figures.late.amount), (figures.overdue_days, overdue)
    )


def _effectiveness(figures: Figures, _by: By) -> Ratio:
    return collection_effectiveness(
        Month(month.opening_receivables, month.sales, month.closing_receivables, month.not_yet_due)
        for month in figures.months
    )


def _aging(figures: Figures, by: By) -> Ratio:
    balance = figures.closing["open"]
    value = balance.amount if by == "amount" else balance.count
    return Ratio(value, value, None)


def _attempts(figures: Figures, _by: By) -> Ratio:
    value = figures.flows["sent"].count + figures.flows["uncertain"].count
    return Ratio(value, value, None)


def _contacts_that(result: str) -> Callable[[Figures, By], Ratio]:
    def formula(figures: Figures, _by: By) -> Ratio:
        value = figures.flows[result].count
        return Ratio(value, value, None)

    return formula


def _suppressed_rate(figures: Figures, _by: By) -> Ratio:
    return ratio(figures.flows["withheld"].count, figures.flows["planned"].count)


def _suppressed_by_rule(figures: Figures, _by: By) -> Ratio:
    return ratio(figures.flows["suppressed"].count, figures.flows["planned"].count)


_MONEY = ("currency", "segment", "country", "kind")
_SOLD = ("currency", "segment", "country")  # docs/decisions/0006-splits-of-dso.md
_CONTACT = ("channel", "segment", "country", "kind", "strategy")
_RECEIVABLES = ("open", "charges", "credit")
_SALES = ("invoiced", "credited")

_ALL = (
    Kpi(
        "recovery_rate",
        "Cash received in the window on debts that had entered collections, divided by the "
        "overdue balance at the window's start plus what entered collections in it. By segment, "
        "all three stand under the one that held just before the debt entered.",
        "ratio",
        "higher",
        _MONEY,
        _recovery,
        flows=("recovered", "entered"),
        ages=(1,),
        aged_by_entry=True,
    ),
    Kpi(
        "dso",
        "Days sales outstanding: receivables at the window's end, divided by the window's sales, "
        "times its days, from the first invoice on. In a series, sales of the 90 days (or "
        "`window`) that end with each part.",
        "days",
        "lower",
        _SOLD,
        _dso,
        flows=_SALES,
        stocks=_RECEIVABLES,
        over="trailing",
    ),
    Kpi(
        "best_possible_dso",
        "Receivables not yet due at the window's end, divided by the window's sales, times its "
        "days: what DSO would be if everyone paid on the due day.",
        "days",
        "lower",
        _SOLD,
        _best_possible_dso,
        flows=_SALES,
        stocks=_RECEIVABLES,
        ages=(1,),
        over="trailing",
    ),
    Kpi(
        "average_days_delinquent",
        "DSO less best possible DSO.",
        "days",
        "lower",
        _SOLD,
        _days_delinquent,
        flows=_SALES,
        stocks=_RECEIVABLES,
        ages=(1,),
        over="trailing",
    ),
    Kpi(
        "average_days_late",
        "Days late weighted by amount, over cash put on invoices in the window that still stands "
        "at its end, and over what is open and overdue at its end.",
        "days",
        "lower",
        _MONEY,
        _days_late,
        ages=(1,),
        needs_late=True,
    ),
    Kpi(
        "collection_effectiveness_index",
        "Share of what could be collected that was, summed over calendar months: (receivables at "
        "the start + sales − receivables at the end) ÷ (receivables at the start + sales − not yet "
        "due at the end).",
        "ratio",
        "higher",
        _SOLD,
        _effectiveness,
        flows=_SALES,
        stocks=_RECEIVABLES,
        ages=(1,),
        over="months",
    ),
    Kpi(
        "aging",
        "Open balances at the end of the window, by days past due.",
        "minor",
        None,
        ("bucket", *_MONEY),
        _aging,
        by=("amount", "count"),
        stocks=("open",),
    ),
    Kpi(
        "invoiced",
        "Invoices issued in the window, net of voided ones, before credit notes.",
        "minor",
        None,
        _MONEY,
        _sum("invoiced"),
        by=("amount", "count"),
        flows=("invoiced",),
    ),
    Kpi(
        "received",
        "Payments received in the window, applied or not, less what reversals took back in it.",
        "minor",
        "higher",
        _MONEY,
        _sum("received"),
        by=("amount", "count"),
        flows=("received",),
    ),
    Kpi(
        "contacts",
        "Attempts: outbound contacts that left us, or may have.",
        "count",
        None,
        ("result", *_CONTACT),
        _attempts,
        by=("count",),
        contacts=("sent", "uncertain"),
    ),
    *(
        Kpi(
            f"contacts_{result}",
            definition,
            "count",
            None,
            splits,
            _contacts_that(result),
            by=("count",),
            contacts=(result,),
        )
        for result, definition, splits in (
            ("planned", "Contacts planned.", _CONTACT),
            ("suppressed", "Contacts suppressed, once for each rule.", ("rule", *_CONTACT)),
            ("cancelled", "Contacts cancelled: paid, held, disputed.", _CONTACT),
            ("failed", "Contacts that the provider refused.", _CONTACT),
        )
    ),
    Kpi(
        "suppressed_contact_rate",
        "Contacts suppressed, divided by contacts planned. A contact counts once, by rule once for "
        "each of its rules.",
        "ratio",
        None,
        ("rule", *_CONTACT),
        _suppressed_rate,
        by=("count",),
        contacts=("suppressed", "withheld", "planned"),
        rule_formula=_suppressed_by_rule,
    ),
)

KPIS = {kpi.name: kpi for kpi in _ALL}

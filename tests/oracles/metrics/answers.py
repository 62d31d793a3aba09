"""Every question about a figure, answered from a book."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Literal

from shared.money import DECIMALS
from tests.oracles.metrics import (
    contacts,
    costs,
    delinquencies,
    matrices,
    money,
    promises,
    receivables,
    survival,
)
from tests.oracles.metrics.book import Book
from tests.oracles.metrics.rows import Asked, Number, Row, Rows, Value

Kind = Literal["flow", "stock", "cohort"]
MONEY = ("currency", "segment", "country", "kind", "arm")
SOLD = ("currency", "segment", "country")
PEOPLE = ("segment", "country", "kind", "arm")
CONTACT = ("channel", "strategy", "segment", "country", "kind", "collector", "arm")
TOUCHED = ("channel", "collector", "strategy", "arm", "currency")


@dataclass(frozen=True)
class Figure:
    rows: Callable[[Asked], Iterable[Row]]
    formula: Callable[[Rows], Value]
    kind: Kind
    splits: tuple[str, ...]
    by: tuple[str, ...] = ("amount",)
    per: tuple[str, ...] = ()
    looks_back: bool = False  # in a series, over the days that end with each part
    more: tuple[str, ...] = ()  # members of its answers beside the value
    is_value_only: bool = False  # it is no one numerator over one denominator

    @property
    def is_per_currency(self) -> bool:
        return "currency" in self.splits

    @property
    def is_sum(self) -> bool:
        return self.formula in (money.sum_of, receivables.aging)


AMOUNT, COUNT = ("amount",), ("count",)
BOTH, COUNT_FIRST = ("amount", "count"), ("count", "amount")

FIGURES: Mapping[str, Figure] = {
    # Sums
    "invoiced": Figure(money.invoiced, money.sum_of, "flow", MONEY, BOTH),
    "received": Figure(money.received, money.sum_of, "flow", (*MONEY, "method"), BOTH),
    "recovered": Figure(money.recovered, money.sum_of, "flow", MONEY, BOTH),
    "entered": Figure(money.entered, money.sum_of, "flow", MONEY, BOTH),
    "written_off": Figure(money.written_off, money.sum_of, "flow", MONEY, BOTH),
    "cost": Figure(costs.cost_rows, money.sum_of, "flow", TOUCHED, BOTH),
    "aging": Figure(receivables.aging_rows, receivables.aging, "stock", ("bucket", *MONEY), BOTH),
    # Money
    "recovery_rate": Figure(money.recovery_rows, money.recovery_rate, "flow", MONEY),
    "liquidation_rate": Figure(
        money.liquidation_rows,
        money.liquidation_rate,
        "cohort",
        (*MONEY, "agency"),
        per=("placement",),
    ),
    "dso": Figure(receivables.dso_rows, receivables.dso, "stock", SOLD, looks_back=True),
    "dso_countback": Figure(receivables.countback_rows, receivables.dso_countback, "stock", SOLD),
    "best_possible_dso": Figure(
        receivables.dso_rows, receivables.best_possible_dso, "stock", SOLD, looks_back=True
    ),
    "average_days_delinquent": Figure(
        receivables.dso_rows, receivables.average_days_delinquent, "stock", SOLD, looks_back=True
    ),
    "average_days_late": Figure(money.late_rows, money.weighted_days, "flow", MONEY),
    "average_days_to_pay": Figure(money.days_to_pay_rows, money.weighted_days, "flow", MONEY),
    "collection_effectiveness_index": Figure(
        receivables.effectiveness_rows, receivables.effectiveness, "flow", SOLD
    ),
    "at_risk_rate": Figure(
        money.at_risk_rows, money.at_risk_rate, "cohort", MONEY, more=("unripe_minor",)
    ),
    "roll_rate": Figure(matrices.roll_rows, matrices.roll_rate, "flow", ("bucket", *MONEY), BOTH),
    "time_to_recover": Figure(
        survival.survival_rows,
        survival.time_to_recover,
        "cohort",
        MONEY,
        BOTH,
        more=("mean", "p90", "restricted_to"),
    ),
    "write_off_rate": Figure(money.write_off_rows, money.write_off_rate, "flow", MONEY),
    "loss_reduction": Figure(
        money.loss_rows, money.loss_reduction, "flow", MONEY, is_value_only=True
    ),
    "dispute_rate": Figure(
        money.dispute_rows, money.dispute_rate, "cohort", MONEY, COUNT_FIRST, per=("account",)
    ),
    "promise_kept_rate": Figure(
        promises.promise_rows,
        promises.promise_kept_rate,
        "flow",
        ("collector", "channel", *MONEY),
        COUNT_FIRST,
    ),
    "cost_to_collect": Figure(costs.cost_to_collect_rows, costs.cost_to_collect, "flow", TOUCHED),
    # Accounts
    "cure_rate": Figure(
        delinquencies.cure_rows,
        delinquencies.cure_rate,
        "cohort",
        PEOPLE,
        COUNT,
        more=("self_cured", "pending"),
    ),
    "retention_rate": Figure(
        delinquencies.retention_rows, delinquencies.retention_rate, "cohort", PEOPLE, COUNT
    ),
    # Contacts
    "contact_rate": Figure(contacts.reach_rows, contacts.contact_rate, "flow", CONTACT, COUNT),
    "right_party_contact_rate": Figure(
        contacts.reach_rows, contacts.right_party_rate, "flow", CONTACT, COUNT, per=("contact",)
    ),
    "promise_rate": Figure(contacts.right_parties, contacts.promise_rate, "flow", CONTACT, COUNT),
    "satisfaction": Figure(
        promises.feedback_rows,
        promises.satisfaction,
        "flow",
        ("channel", "collector", "arm", "segment"),
        COUNT,
        more=("mean",),
    ),
    "opt_out_rate": Figure(
        contacts.opt_out_rows, contacts.opt_out_rate, "flow", ("channel", "segment"), COUNT
    ),
    "contacts": Figure(
        contacts.attempts, contacts.sum_of_attempts, "flow", ("result", *CONTACT), COUNT
    ),
    **{
        f"contacts_{result}": Figure(
            contacts.with_result(result), money.sum_of, "flow", CONTACT, COUNT
        )
        for result in ("planned", "cancelled", "failed")
    },
    "contacts_suppressed": Figure(
        contacts.suppressed_rows, money.sum_of, "flow", ("rule", *CONTACT), COUNT
    ),
    "suppressed_contact_rate": Figure(
        contacts.suppressed_rate_rows,
        contacts.suppressed_rate,
        "flow",
        ("rule", *CONTACT),
        COUNT,
    ),
}


@dataclass(frozen=True)
class Question:
    """A question as it is asked of the service. Filters: dimension → values; "" is unknown."""

    name: str
    start: date
    end: date
    currency: str | None = None
    by: str = ""  # the figure's first
    per: str | None = None
    group_by: tuple[str, ...] = ()
    filters: Mapping[str, tuple[str, ...]] | None = None
    experiment: str | None = None
    interval: str | None = None
    at: date | None = None
    as_of: date | None = None  # what the book was read as of: the default of `at`
    trailing_days: int = 90
    into: str | None = None  # `in=`

    @property
    def figure(self) -> Figure:
        return FIGURES[self.name]

    @property
    def is_per_currency(self) -> bool:
        return self.figure.is_per_currency and self.per != "account"


def answer(book: Book, question: Question) -> dict[str, Any]:
    """The values of the whole, of each part of the series, and of each group."""
    filters = dict(question.filters or {})
    if question.currency is not None and question.is_per_currency:
        filters["currency"] = (question.currency,)
    by_filter = frozenset(_dimension(name, question) for name in filters)
    whole = _windows(book, question, by_filter, filters, ())[()]
    names = tuple(_dimension(name, question) for name in question.group_by)
    groups = _windows(book, question, by_filter | set(names), filters, names) if names else {}
    return {**whole, "groups": groups}


def _windows(
    book: Book,
    question: Question,
    splits: frozenset[str],
    filters: Mapping[str, tuple[str, ...]],
    names: tuple[str, ...],
) -> dict[tuple[str, ...], dict[str, Any]]:
    """By group: the values of the whole window and of its parts."""
    start, end = question.start.toordinal(), question.end.toordinal()
    parts = list(parts_of(start, end, question.interval)) if question.interval else []
    spans = [(start, end)]
    for part in parts:
        looks_back = question.figure.looks_back
        spans.append((part[1] - question.trailing_days + 1, part[1]) if looks_back else part)
    windows = [_window(book, question, splits, filters, span) for span in spans]
    keys = {
        key for window in windows for row in window.rows if (key := _keys(row, names)) is not None
    }
    told: dict[tuple[str, ...], dict[str, Any]] = {}
    for key in sorted(keys) if names else [()]:
        values = [_values(book, question, _of_group(window, names, key)) for window in windows]
        series = [
            {"from": part[0], "to": part[1], **value}
            for part, value in zip(parts, values[1:], strict=True)
        ]
        told[key] = {**values[0], "series": series}
    return told


def _of_group(window: Rows, names: tuple[str, ...], key: tuple[str | None, ...]) -> Rows:
    """Rows of one group, and those that belong to all."""
    return replace(
        window,
        rows=[
            row
            for row in window.rows
            if all(_key(row, name) in (None, own) for name, own in zip(names, key, strict=True))
        ],
    )


def _window(
    book: Book,
    question: Question,
    splits: frozenset[str],
    filters: Mapping[str, tuple[str, ...]],
    span: tuple[int, int],
) -> Rows:
    asked = Asked(
        book,
        *span,
        _at(book, question),
        question.by or question.figure.by[0],
        question.per,
        splits,
        _first_days(book, question.into),
        _known(book, question),
    )
    kept = [
        row
        for row in question.figure.rows(asked)
        if all(
            _key(row, _dimension(name, question)) in (None, *values)
            for name, values in filters.items()
        )
    ]
    return Rows(asked, kept)


def _values(book: Book, question: Question, window: Rows) -> dict[str, Any]:
    rows, rates, missing = _converted(book, question, window.rows)
    value = question.figure.formula(replace(window, rows=rows))
    values = {
        "value": None if missing else value.value,
        "numerator": value.numerator,
        "denominator": value.denominator,
        **value.more,
    }
    return values | ({"rates": rates, "missing": missing} if question.into else {})


def _dimension(name: str, question: Question) -> str:
    return f"arm of {question.experiment}" if name == "arm" else name


def _key(row: Row, name: str) -> str | None:
    """What a row has in a dimension; None: it belongs to all."""
    if name == "currency":
        return row.currency
    return row.split.get(name, "" if name.startswith("arm of ") else None)


def _keys(row: Row, names: tuple[str, ...]) -> tuple[str, ...] | None:
    """What a row has in all of these dimensions; None: it belongs to all in one of them."""
    held = tuple(key for name in names if (key := _key(row, name)) is not None)
    return held if len(held) == len(names) else None


def _known(book: Book, question: Question) -> int:
    """The business day, of what is asked as of an earlier day that one."""
    if question.as_of is None:
        return book.business_day
    return min(question.as_of.toordinal(), book.business_day)


def _at(book: Book, question: Question) -> int:
    if question.at is not None:
        return question.at.toordinal()
    known = question.as_of.toordinal() if question.as_of else book.business_day
    return max(question.end.toordinal(), known)


def _first_days(book: Book, into: str | None) -> dict[str, int]:
    """By currency; of all in one, sales begin with the earliest."""
    found: dict[str, int] = {}
    for invoice in book.standing:
        found[invoice.currency] = min(invoice.issued, found.get(invoice.currency, invoice.issued))
    return found if into is None or not found else {into: min(found.values())}


def parts_of(start: int, end: int, interval: str) -> Iterator[tuple[int, int]]:
    """Cut at days, at Mondays, or at the first of the months."""
    while start <= end:
        day = date.fromordinal(start)
        if interval == "day":
            following = start + 1
        elif interval == "week":
            following = start + 7 - day.weekday()
        else:
            following = (day.replace(day=1) + timedelta(days=32)).replace(day=1).toordinal()
        yield start, min(end, following - 1)
        start = following


# ── Other currencies ────────────────────────────────────────────────────────────────────────────
def _converted(
    book: Book, question: Question, rows: Sequence[Row]
) -> tuple[list[Row], set[tuple[str, int]], set[str]]:
    """In the currency asked for, with the days of the rates that were taken, and those missing."""
    if question.into is None or not question.is_per_currency:
        return list(rows), set(), set()
    found, rates, missing = [], set(), set()
    for row in rows:
        if row.currency in (question.into, ""):
            found.append(row)
            continue
        day = row.on if row.rate_on is None else row.rate_on
        rate = rate_of(book, row.currency, question.into, day)
        if rate is None:
            missing.add(row.currency)
            continue
        on, factor = rate
        rates.add((row.currency, on))
        found.append(replace(row, currency=question.into, amount=row.amount * factor))
    return found, rates, missing


def rate_of(book: Book, currency: str, into: str, day: int) -> tuple[int, Fraction] | None:
    """(its day, minor units for minor units): the last on or before a day."""
    known = [
        (on, rate) for of, on, rate in book.rates.get(into, ()) if of == currency and on <= day
    ]
    if not known:
        return None
    on, rate = max(known)
    return on, rate * Fraction(10 ** DECIMALS[into], 10 ** DECIMALS[currency])


def costs_elsewhere(book: Book, question: Question) -> dict[str, Number]:
    """What was spent in other currencies than the one asked for, in the window."""
    asked = Asked(book, question.start.toordinal(), question.end.toordinal(), 0, "amount")
    found: dict[str, Number] = defaultdict(int)
    for row in costs.cost_rows(asked):
        found[row.currency] += row.amount
    return {currency: sum_ for currency, sum_ in found.items() if currency != question.currency}

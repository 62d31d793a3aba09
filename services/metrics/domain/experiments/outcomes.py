"""What comes of an account in an experiment: Y and X of each metric, within its window.

Y ÷ X of money is in minor units: amounts over amounts, and costs, kept in millionths of a minor
unit, over a million. So every sum is a whole number.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from msgspec import Struct

from services.metrics.domain.account_measures import fees
from services.metrics.domain.accounts import ItemKey, Known
from services.metrics.domain.cells import Cells
from services.metrics.domain.debt_measures.lives import closed_runs, is_settled_on
from services.metrics.domain.debts import Debt, read_debt
from services.metrics.domain.experiments.analysis import Metric
from services.metrics.domain.kinds.registry import KINDS
from services.metrics.domain.micros import MICROS
from services.metrics.domain.views import View
from services.metrics.domain.windows import Window

_LOW_SCORES = ("1", "2")


class Collected(NamedTuple):
    """Cash on a debt in collections: put, and from a day on taken back."""

    amount: int
    applied_on: date
    released_on: date


class ClosedRun(NamedTuple):
    """Days at whose end nothing of a debt is open; `end`: the day after the last of them."""

    start: date
    end: date
    is_settled: bool


class LookedAt(Struct, frozen=True):
    """An invoice that stands, as an experiment looks at it; `entry_on`: None is never."""

    currency: str
    issued_on: date
    disputed_on: tuple[date, ...]
    entry_on: date | None = None
    entry_amount: int = 0
    balances: tuple[tuple[date, int], ...] = ()
    cash: tuple[Collected, ...] = ()
    closed: tuple[ClosedRun, ...] = ()

    def balance_on(self, day: date) -> int:
        """What is open at the end of a day."""
        return next((open_ for since, open_ in reversed(self.balances) if since <= day), 0)

    def is_settled_by(self, day: date) -> bool:
        """Whether nothing of it is open at the end of a day, by cash last."""
        return any(run.is_settled for run in self.closed if run.start <= day < run.end)


def invoices(known: Known, view: View) -> list[LookedAt]:
    """Those that stand."""

    def read(_: ItemKey, facts: Sequence[Any]) -> LookedAt | None:
        debt = read_debt(facts, view)
        return None if debt is None or debt.is_void else _look_at(debt)

    return list(known.read("invoice", ("experiment", view.known_zone), read))


def _look_at(debt: Debt) -> LookedAt:
    disputed_on = tuple(each.opened_on for each in debt.disputes) if debt.claims else ()
    entry = debt.entry
    if entry is None:
        return LookedAt(debt.currency, debt.issued_on, disputed_on)
    balance, balances = 0, []
    for day in sorted(debt.changes):
        balance += debt.changes[day]
        balances.append((day, balance))
    cash = (
        Collected(put.amount_minor, *put.days(debt.issued_on))
        for put in debt.cash
        if entry.counts(put.applied_at)
    )
    closed = (
        ClosedRun(start, end, is_settled_on(debt, start))
        for start, end in closed_runs(debt.changes, entry.day)
    )
    return LookedAt(
        debt.currency,
        debt.issued_on,
        disputed_on,
        entry.day,
        entry.amount,
        tuple(balances),
        tuple(cash),
        tuple(closed),
    )


class Happened(NamedTuple):
    """Of an account, on a day."""

    measure: str
    day: date
    currency: str
    amount: int
    mark: str


_MEASURES = frozenset({"attempt", "cost", "promised", "revoked", "score"})
_KINDS = ("contact", "task", "party", "consent", "feedback", "cost", "commission")


def happened(known: Known, view: View) -> list[Happened]:
    """What contacts, tasks, costs and the account's own people add, on which days."""

    def read(key: ItemKey, facts: Sequence[Any]) -> tuple[Happened, ...] | None:
        cells_of = KINDS[key[0]].cells
        return tuple(_of(cells_of(facts, view))) if cells_of is not None else None

    found = [
        each
        for kind in _KINDS
        for item in known.read(kind, ("experiment", view.known_zone), read)
        for each in item
    ]
    return [*found, *_of(fees.MEASURE.cells(known, view))]


def _of(cells: Cells) -> Iterator[Happened]:
    for cell, added in cells.items():
        if cell.measure in _MEASURES:
            yield Happened(cell.measure, cell.day, cell.currency, added.amount, cell.mark)


class Stake(NamedTuple):
    """A debt of an exposed account, with what was open of it, or entered."""

    debt: LookedAt
    amount: int


class Exposed(NamedTuple):
    """An account in its window: with which debts, and what happens of it."""

    window: Window
    stakes: Sequence[Stake]
    invoices: Sequence[LookedAt]
    happened: Sequence[Happened]

    def has(self, day: date) -> bool:
        return self.window.from_on <= day <= self.window.to_on


class Valued(NamedTuple):
    """Y and X of a metric; `currency`: empty where it is of no money."""

    metric: Metric
    currency: str
    y: int
    x: int


def outcome(exposed: Exposed, metric: Metric, currency: str) -> Valued:
    """Of an account whose window is over, by the facts known."""
    if metric == "recovered_share":
        return Valued(metric, currency, *_recovered(exposed, currency))
    if metric == "settled":
        stakes, last_on = exposed.stakes, exposed.window.to_on
        y = int(bool(stakes) and all(each.debt.is_settled_by(last_on) for each in stakes))
        return Valued(metric, "", y, int(bool(stakes)))
    if metric == "cost":
        costs = _amounts(exposed, "cost", currency)
        return Valued(metric, currency, sum(costs), MICROS)
    if metric == "attempts":
        return Valued(metric, "", len(_amounts(exposed, "attempt")), 1)
    return Valued(metric, "", int(any(map(exposed.has, _days(exposed, metric)))), 1)


def _recovered(exposed: Exposed, currency: str) -> tuple[int, int]:
    cash = base = 0
    for debt, amount in exposed.stakes:
        if debt.currency == currency:
            base += amount
            cash += sum(
                put.amount
                for put in debt.cash
                if exposed.has(put.applied_on) and not exposed.has(put.released_on)
            )
    return cash, base


def _amounts(exposed: Exposed, measure: str, currency: str = "") -> list[int]:
    return [
        each.amount
        for each in exposed.happened
        if (each.measure, each.currency) == (measure, currency) and exposed.has(each.day)
    ]


def _days(exposed: Exposed, metric: Metric) -> Iterable[date]:
    """On which days it happened at all."""
    if metric == "disputed":
        return (day for each in exposed.invoices for day in each.disputed_on)
    if metric == "retained":
        return (each.issued_on for each in exposed.invoices)
    measure = {"promised": "promised", "opted_out": "revoked", "low_score": "score"}[metric]
    return (
        each.day
        for each in exposed.happened
        if each.measure == measure and (measure != "score" or each.mark in _LOW_SCORES)
    )

"""On which days an invoice is open and past due, and what else of it a delinquency looks at."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from msgspec import Struct

from services.metrics.domain.accounts import ItemKey, Known
from services.metrics.domain.debts import Debt, read_debt
from services.metrics.domain.slots import FAR
from services.metrics.domain.views import View
from services.metrics.domain.windows import ONE_DAY

Days = tuple[date, date]  # the first, and the day after the last

STAYS_DAYS = 30  # without anything overdue: what makes a cure, and what parts two delinquencies


class Overdue(Struct, frozen=True, gc=False):
    """An invoice that stands: its days and those on which anything of it was written off."""

    issued_on: date
    due_on: date
    runs: tuple[Days, ...]
    written_off_on: tuple[date, ...]


def list_overdue(known: Known, view: View) -> list[Overdue]:
    """The invoices that stand. What is looked at is the same in every view."""

    def read(_: ItemKey, facts: Sequence[Any]) -> Overdue | None:
        return _overdue(read_debt(facts, view))

    return list(known.read("invoice", "overdue", read))


def _overdue(debt: Debt | None) -> Overdue | None:
    """None: it is not issued, or void."""
    if debt is None or debt.is_void:
        return None
    written_off = tuple(put.days(debt.issued_on)[0] for put in debt.written_off)
    return Overdue(debt.issued_on, debt.due_on, tuple(_runs(debt)), written_off)


def _runs(debt: Debt) -> list[Days]:
    """The runs of days at whose end it is open and past due."""
    first = min(debt.due_on, FAR - ONE_DAY) + ONE_DAY
    found: list[Days] = []
    balance, start = 0, None
    for day in sorted(debt.changes):
        balance += debt.changes[day]
        if balance > 0:
            start = start or max(day, first)
        elif start is not None:
            if start < day:
                found.append((start, day))
            start = None
    if start is not None and start < FAR:
        found.append((start, FAR))
    return found


# ── Of all invoices of an account ───────────────────────────────────────────────────────────────


def spans_of(invoices: Iterable[Overdue]) -> list[Days]:
    """The runs of days on which any of them is overdue."""
    found: list[Days] = []
    for start, end in sorted(run for each in invoices for run in each.runs):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def is_near(end: date, start: date) -> bool:
    """Whether a span that begins then still belongs to what ended before."""
    return start < FAR and (start - end).days < STAYS_DAYS


class Chain(NamedTuple):
    """Spans that are one delinquency, by all that is known. `end`: `FAR` where it has none."""

    start: date
    end: date
    is_written_off: bool  # on the day of the end


def chains_of(invoices: Sequence[Overdue]) -> list[Chain]:
    """The delinquencies of an account, in order."""
    written_off = {day for each in invoices for day in each.written_off_on}
    found: list[Chain] = []
    for start, end in spans_of(invoices):
        first = start
        if found and is_near(found[-1].end, start):
            first = found.pop().start
        found.append(Chain(first, end, end in written_off))
    return found

"""On which days an invoice is open and past due, and what else of it a delinquency looks at."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from services.metrics.domain.accounts import ItemKey
from services.metrics.domain.debts import Debt, read_debt
from services.metrics.domain.slots import FAR
from services.metrics.domain.views import View
from services.metrics.domain.windows import ONE_DAY

Days = tuple[date, date]  # the first, and the day after the last

_ANYWHERE = View((), ())  # what is asked for here is the same in every view


class Overdue(Struct, frozen=True, gc=False):
    """An invoice that stands: its days and those on which anything of it was written off."""

    issued_on: date
    due_on: date
    runs: tuple[Days, ...]
    written_off_on: tuple[date, ...]


def read_overdue(_: ItemKey, facts: Sequence[Any]) -> Overdue | None:
    """None: it is not issued, or void."""
    debt = read_debt(facts, _ANYWHERE)
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

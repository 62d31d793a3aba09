"""What may be asked of a KPI, and how a query string becomes a question."""

from datetime import timedelta
from functools import partial
from typing import Annotated

from fastapi import Depends, Query

from services.metrics.domain.figures import By
from services.metrics.domain.kpis import KPIS
from services.metrics.domain.kpis.kpi import Kpi
from services.metrics.domain.questions import TRAILING_DAYS, Question
from services.metrics.domain.slots import FIRST_DAY
from services.metrics.domain.windows import Interval, Window, parts
from services.metrics.processes.figures import Asker, business_day
from services.metrics.store.figures import Tenant
from shared.errors import FieldError, Invalid, NotFound
from shared.money import is_currency
from shared.web import Day

DEFAULT_DAYS = 30
SERIES_MAX = 4000
TRAILING_DAYS_MAX = 3660


class UnknownKpi(NotFound):
    pass


class KpiQuery:
    """The query string of a question."""

    def __init__(
        self,
        from_: Annotated[
            Day | None, Query(alias="from", description="First day. Default: 30 days to `to`.")
        ] = None,
        to: Annotated[
            Day | None, Query(description="Last day. Default: the tenant's business day.")
        ] = None,
        currency: Annotated[
            str | None, Query(description="ISO 4217. Without it, several make groups.")
        ] = None,
        interval: Annotated[Interval | None, Query(description="Also a series.")] = None,
        group_by: Annotated[
            str | None, Query(description="A dimension of the KPI, or several with commas.")
        ] = None,
        by: Annotated[By | None, Query()] = None,
        window: Annotated[
            int | None,
            Query(description="Days that each part of a series of DSO looks back. Default: 90."),
        ] = None,
        per: Annotated[str | None, Query(description="No KPI of today has this.")] = None,
        as_of: Annotated[
            Day | None, Query(description="By what was recorded before this day's end.")
        ] = None,
    ) -> None:
        self.from_on = from_
        self.to_on = to
        self.currency = currency
        self.interval = interval
        self.group_by = group_by
        self.by = by
        self.window = window
        self.per = per
        self.as_of = as_of


KpiQueryDep = Annotated[KpiQuery, Depends()]


def find_kpi(name: str) -> Kpi:
    kpi = KPIS.get(name)
    if kpi is None:
        raise UnknownKpi(f"There is no KPI {name!r}. GET /v1/kpis lists them.")
    return kpi


def question_of(kpi: Kpi, asked: KpiQuery, tenant: Tenant | None) -> Question:
    """The question. Raises `Invalid`, naming each parameter that cannot be taken."""
    window = _window(asked, tenant)
    problems = [
        *_window_problems(window, asked.interval),
        *_split_problems(kpi, asked),
        *_trailing_problems(kpi, asked),
    ]
    if problems:
        raise Invalid("The question cannot be answered.", problems)
    return Question(
        kpi=kpi,
        window=window,
        currency=asked.currency if kpi.is_money else None,
        interval=asked.interval,
        group_by=_dimensions(asked),
        by=asked.by or kpi.by[0],
        as_of=asked.as_of,
        trailing_days=asked.window or TRAILING_DAYS,
        today=business_day(tenant),
    )


def asker(kpi: Kpi, asked: KpiQuery) -> Asker:
    """The question once the tenant is known: its days depend on it."""
    return partial(question_of, kpi, asked)


def _window(asked: KpiQuery, tenant: Tenant | None) -> Window:
    to_on = asked.to_on or max(business_day(tenant), asked.from_on or FIRST_DAY)
    if asked.from_on is not None:
        return Window(asked.from_on, to_on)
    return Window(to_on - timedelta(days=DEFAULT_DAYS - 1), to_on)


def _window_problems(window: Window, interval: Interval | None) -> list[FieldError]:
    if window.from_on > window.to_on:
        return [FieldError("/query/from", f"must not be after `to` ({window.to_on})")]
    if interval is not None:
        longest = {"day": 1, "week": 7, "month": 31}[interval] * SERIES_MAX
        if window.days > longest and sum(1 for _ in parts(window, interval)) > SERIES_MAX:
            return [FieldError("/query/interval", f"would make more than {SERIES_MAX} parts")]
    return []


def _dimensions(asked: KpiQuery) -> tuple[str, ...]:
    names = (name.strip() for name in (asked.group_by or "").split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def _split_problems(kpi: Kpi, asked: KpiQuery) -> list[FieldError]:
    problems = [
        FieldError(
            "/query/group_by", f"{kpi.name} cannot be split by {name!r}: {_list(kpi.splits)}"
        )
        for name in _dimensions(asked)
        if name not in kpi.splits
    ]
    if asked.by is not None and asked.by not in kpi.by:
        problems.append(FieldError("/query/by", f"{kpi.name} has only: {_list(kpi.by)}"))
    if asked.per is not None:
        problems.append(FieldError("/query/per", f"{kpi.name} cannot be taken per anything"))
    if asked.currency is not None and not is_currency(asked.currency):
        problems.append(FieldError("/query/currency", "must be an ISO 4217 code like EUR"))
    return problems


def _trailing_problems(kpi: Kpi, asked: KpiQuery) -> list[FieldError]:
    if asked.window is None:
        return []
    if kpi.over != "trailing":
        return [FieldError("/query/window", f"{kpi.name} does not look back")]
    if asked.interval is None:
        return [FieldError("/query/window", "is for a series: give an `interval`, too")]
    if not 1 <= asked.window <= TRAILING_DAYS_MAX:
        return [FieldError("/query/window", f"must be 1 to {TRAILING_DAYS_MAX} days")]
    return []


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names)

"""Matrices of a month and cohorts over HTTP."""

from datetime import date
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BeforeValidator, Field, WithJsonSchema

from services.metrics.api.answer_models import KnownAnswer, Number, Shape, answers_with
from services.metrics.api.dependencies import CallerDep, ContextDep
from services.metrics.api.freshness import Freshness, IfNoneMatchDep
from services.metrics.api.kpis import known_by
from services.metrics.api.questions import (
    KpiQuery,
    Name,
    Values,
    parameters_of,
    query_of,
    question_of,
)
from services.metrics.context import Context
from services.metrics.domain.figures import By
from services.metrics.domain.kpis import KPIS
from services.metrics.domain.questions import Question
from services.metrics.domain.vintages import VINTAGES, Of, Vintage
from services.metrics.domain.windows import month_end, months_before
from services.metrics.processes import books
from services.metrics.processes.books import Read
from services.metrics.processes.figures import Asker, business_day
from services.metrics.store.figures import Tenant
from shared.clock import is_in_calendar
from shared.errors import FieldError, Invalid
from shared.web import Day, Model, json_response
from shared.web.auth import Caller

router = APIRouter(tags=["matrices and cohorts"])

COHORTS_MAX = 120  # months


def _month(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        first_on = date.fromisoformat(f"{value}-01") if len(value) == len("2026-02") else None
    except ValueError:
        first_on = None
    if first_on is None or not is_in_calendar(first_on):
        raise ValueError("must be a month like 2026-02")
    return first_on


Month = Annotated[
    date, BeforeValidator(_month), WithJsonSchema({"type": "string", "examples": ["2026-02"]})
]


class BookQuery(Model):
    """What every question about a book may name. Nothing else is taken."""

    as_of: Day | None = Field(None, description="By what was recorded before this day's end.")
    experiment: Name | None = Field(None, description="Whose arms `arm` means.")
    segment: Values = Field(None, description='Only these; the empty text is "unknown".')
    country: Values = None
    kind: Values = None
    arm: Values = None

    def given(self) -> dict[str, Any]:
        """As a question about a KPI has them."""
        return {
            name: getattr(self, name)
            for name in BookQuery.model_fields
            if getattr(self, name) is not None
        }


class RollQuery(BookQuery):
    month: Month | None = Field(None, description="Default: that of the business day.")
    currency: Name | None = Field(None, description="ISO 4217. Needed where there are several.")
    by: By | None = None


class CureQuery(BookQuery):
    month: Month | None = Field(None, description="Default: that of the business day.")
    at: Day | None = Field(None, description="The day at whose end it is looked at.")


class CohortQuery(BookQuery):
    of: Of = Field("issue", description="Whether a month's cohort is what was issued or entered.")
    measure: Literal["paid", "overdue", "written_off", "recovered"] | None = Field(
        None, description="Of `issue` paid (default), overdue, written_off; of `entry` recovered."
    )
    from_: Month | None = Field(None, alias="from", description="Default: 11 months before `to`.")
    to: Month | None = Field(None, description="Default: that of the business day.")
    currency: Name | None = Field(None, description="ISO 4217. Needed where there are several.")
    at: Day | None = Field(None, description="Only months that are over by then have a point.")


class RollCell(Shape):
    to: str
    value: int
    share: Number


class RollRow(Shape):
    bucket: str
    base: int
    cells: list[RollCell]


class RollMatrix(KnownAnswer):
    """A row's values sum to its base, its shares to 1."""

    month: str
    to: date = Field(description="the day at whose end it is looked at: of a running month, before")
    complete: bool
    currency: str | None
    by: By
    rows: list[RollRow]


class CureRow(Shape):
    bucket: str
    accounts: int
    cured: int
    pending: int
    written_off: int
    still: int
    self_cured: int
    cured_share: Number


class CureMatrix(KnownAnswer):
    month: str
    to: date
    complete: bool
    at: date
    rows: list[CureRow]


class VintagePoint(Shape):
    age: int = Field(description="months after the cohort's own")
    on: date
    value: int
    share: Number


class VintageView(Shape):
    cohort: str
    base_minor: int
    points: list[VintagePoint]


class Vintages(KnownAnswer):
    of: Of
    measure: str
    from_: str = Field(alias="from")
    to: str
    at: date
    currency: str | None
    items: list[VintageView]


RollQueryDep = Annotated[RollQuery, Depends(query_of(RollQuery))]
CureQueryDep = Annotated[CureQuery, Depends(query_of(CureQuery))]
CohortQueryDep = Annotated[CohortQuery, Depends(query_of(CohortQuery))]


@router.get(
    "/v1/matrices/roll-rate",
    summary="Where the balances of each bucket went within a month",
    response_model=None,
    responses=answers_with(RollMatrix),
    openapi_extra=parameters_of(RollQuery),
)
async def get_roll_matrix(
    asked: RollQueryDep, context: ContextDep, caller: CallerDep, tag: IfNoneMatchDep
) -> Response:
    """Balances at the end of the month before, by bucket, and what became of them: another bucket,
    `paid`, `credited`, `written_off`. A running month is answered as far as the business day."""
    more = {"currency": asked.currency, "by": asked.by}
    asker = partial(question_of_month, "roll_rate", asked, asked.month, more)
    return await answer_from_book(context, caller, tag, asker, books.roll_matrix)


@router.get(
    "/v1/matrices/cure",
    summary="What became of the accounts that were overdue when a month began",
    response_model=None,
    responses=answers_with(CureMatrix),
    openapi_extra=parameters_of(CureQuery),
)
async def get_cure_matrix(
    asked: CureQueryDep, context: ContextDep, caller: CallerDep, tag: IfNoneMatchDep
) -> Response:
    """By the bucket of the oldest that was overdue at the end of the month before."""
    asker = partial(question_of_month, "cure_rate", asked, asked.month, {"at": asked.at})
    return await answer_from_book(context, caller, tag, asker, books.cures_of_month)


@router.get(
    "/v1/cohorts",
    summary="What became of what was issued, or entered collections, in each month",
    response_model=None,
    responses=answers_with(Vintages),
    openapi_extra=parameters_of(CohortQuery),
)
async def get_cohorts(
    asked: CohortQueryDep, context: ContextDep, caller: CallerDep, tag: IfNoneMatchDep
) -> Response:
    """Age 0 is the end of a cohort's own month; only months that are over have a point."""
    measure, vintage = vintage_of(asked)
    more = {"of": asked.of, "measure": measure}
    asker = partial(question_of_months, asked)
    return await answer_from_book(context, caller, tag, asker, books.read_vintages(vintage), more)


def vintage_of(asked: CohortQuery) -> tuple[str, Vintage]:
    """The measure that is asked for. Raises `Invalid`."""
    measure = asked.measure or ("paid" if asked.of == "issue" else "recovered")
    vintage = VINTAGES.get((asked.of, measure))
    if vintage is None:
        has = ", ".join(name for of, name in VINTAGES if of == asked.of)
        raise _invalid("measure", f"of {asked.of} there is only: {has}")
    return measure, vintage


async def answer_from_book(
    context: Context,
    caller: Caller,
    tag: str | None,
    asker: Asker,
    read: Read,
    more: dict[str, Any] | None = None,
) -> Response:
    """By JSON, with what it says of its freshness; 304 where the caller has it."""
    book = await books.open_book(context.db, caller.tenant, asker, known_by(tag), read)
    fresh = Freshness.of(book.tenant)
    if book.is_known:
        return fresh.not_modified()
    answer = json_response({**(more or {}), **book.answer, **fresh.members})
    answer.headers.update(fresh.headers)
    return answer


def question_of_month(
    kpi: str, asked: BookQuery, month: date | None, more: dict[str, Any], tenant: Tenant | None
) -> Question:
    """A month as far as anything of it can be known."""
    today = business_day(tenant)
    known_on = min(today, asked.as_of) if asked.as_of else today
    first_on = month or known_on.replace(day=1)
    if first_on > known_on:
        raise _invalid("month", f"has not begun on {known_on}")
    given = asked.given() | {name: each for name, each in more.items() if each is not None}
    given |= {"from": first_on, "to": min(month_end(first_on), known_on)}
    return question_of(KPIS[kpi], KpiQuery.model_validate(given), tenant)


def question_of_months(asked: CohortQuery, tenant: Tenant | None) -> Question:
    """From the first day of one month to the last of another."""
    today = business_day(tenant)
    known_on = min(today, asked.as_of) if asked.as_of else today
    last_on = asked.to or max(known_on.replace(day=1), asked.from_ or date.min)
    first_on = asked.from_ or months_before(last_on, 11)
    if first_on > last_on:
        raise _invalid("from", f"must not be after `to` ({last_on:%Y-%m})")
    if (last_on.year - first_on.year) * 12 + last_on.month - first_on.month >= COHORTS_MAX:
        raise _invalid("from", f"would make more than {COHORTS_MAX} cohorts")
    given = asked.given() | {"from": first_on, "to": month_end(last_on)}
    given |= {
        name: each
        for name, each in (("currency", asked.currency), ("at", asked.at))
        if each is not None
    }
    return question_of(KPIS["time_to_recover"], KpiQuery.model_validate(given), tenant)


def _invalid(name: str, detail: str) -> Invalid:
    return Invalid("The question cannot be answered.", [FieldError(f"/query/{name}", detail)])

"""What figures are made of, over HTTP: of a KPI, of a matrix, of a cohort, of an experiment."""

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BeforeValidator, Field

from services.metrics.api.answer_models import KnownAnswer, Number, Shape
from services.metrics.api.books import (
    CohortQuery,
    CureQuery,
    Month,
    RollQuery,
    question_of_month,
    question_of_months,
    vintage_of,
)
from services.metrics.api.dependencies import CallerDep, ContextDep
from services.metrics.api.freshness import Freshness, IfNoneMatchDep
from services.metrics.api.kpis import known_by
from services.metrics.api.questions import (
    KpiQuery,
    Name,
    Whole,
    find_kpi,
    parameters_of,
    query_of,
    question_of,
)
from services.metrics.context import Context
from services.metrics.domain.explained.lines import csv_of_lines
from services.metrics.domain.kpis import KPIS
from services.metrics.domain.kpis.kpi import Kpi, Part
from services.metrics.domain.questions import Question
from services.metrics.domain.windows import Window
from services.metrics.processes.explained import (
    Asked,
    Make,
    Mark,
    Order,
    Page,
    explain,
    explain_all,
)
from services.metrics.processes.figures import Asker, business_day
from services.metrics.processes.made_of import OfCureMatrix, OfRolls, OfVintage, of_kpi
from services.metrics.processes.made_of_arms import OfExperiment
from services.metrics.store.figures import Tenant
from shared.errors import FieldError, Invalid
from shared.web import Day, Model, json_response
from shared.web.auth import Caller
from shared.web.paging import LIMIT_MAX, decode_cursor, encode_cursor

router = APIRouter(tags=["explain"])

EXPLAIN_LIMIT = 50
AGES_MAX = 1200

_MARK = tuple[str, str, str, str, int, int, int, str, str]


class ExplainPaging(Model):
    """Which part is explained, and which page of it is asked for."""

    part: Part = Field("numerator", description="Of the figure.")
    order: Order = Field(
        "account",
        description="By account; or what adds most first, where it is not too much to look at.",
    )
    limit: Whole = Field(EXPLAIN_LIMIT, ge=1, le=LIMIT_MAX)
    cursor: Annotated[str | None, Field(max_length=2000)] = Field(
        None, description="`next_cursor` of the page before."
    )
    format: Literal["json", "csv"] = Field(
        "json", description="`csv`: all of it as a table, by account, without pages."
    )

    def asked(self) -> Asked:
        """Raises `Invalid`."""
        found = decode_cursor(self.cursor, _MARK)
        mark = None if found is None else Mark(*found)
        if mark is not None and mark.order != self.order:
            raise _invalid("cursor", "is of another order")
        return Asked(self.part, self.order, self.limit, mark)


class ExplainKpiQuery(KpiQuery, ExplainPaging):
    """The question, and what of its answer is explained."""


class ExplainRollQuery(RollQuery, ExplainPaging):
    row: Literal["current", "1-30", "31-60", "61-90", "91-120", "121+"]
    column: Literal[
        "current", "1-30", "31-60", "61-90", "91-120", "121+", "paid", "credited", "written_off"
    ]


class ExplainCureQuery(CureQuery, ExplainPaging):
    row: Literal["1-30", "31-60", "61-90", "91-120", "121+"]
    column: Literal["accounts", "cured", "pending", "written_off", "still", "self_cured"]


class ExplainCohortQuery(CohortQuery, ExplainPaging):
    cohort: Month
    age: Whole = Field(ge=0, le=AGES_MAX, description="Months after the cohort's own.")


def _only(value: object) -> object:
    """Elsewhere an arm is a filter, of which there may be several."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


class ExplainArmQuery(ExplainPaging):
    arm: Annotated[Name, BeforeValidator(_only)]
    metric: Name
    currency: Name | None = None
    run: Whole | None = Field(None, ge=1, description="Default: the last.")
    at: Day | None = Field(None, description="By the accounts ripe at this day's end.")
    as_of: Day | None = Field(None, description="By what was recorded before this day's end.")


class FactView(Shape):
    type: str = Field(description="the event that brought it, or what became of money")
    at: str | None
    day: date | None
    recorded_at: str = Field(description="the begin of the quarter of an hour in which it was")
    source_id: str | None = Field(description="what it comes from: a payment, a dispute, itself")
    amount_minor: Number
    detail: str | None = Field(description="a channel, a stage, an outcome")


class ThingView(Shape):
    """Something that adds to the figure."""

    account_id: str | None = Field(description="null: of the tenant as a whole")
    kind: str
    id: str
    day: date | None = Field(description="the last day on which it added anything")
    amount: int | float = Field(description="what it adds, in the answer's `unit`")
    count: int | float = Field(description="as how many things")
    facts: list[FactView]
    more_facts: int = Field(description="older ones that are not listed")


class Explanation(KnownAnswer):
    """What a figure is made of. All pages' amounts sum to `total`, which is the figure."""

    name: str
    part: Part
    unit: Literal["minor", "count", "minor_days", "ratio"]
    currency: str | None
    from_: date | None = Field(None, alias="from")
    to: date | None = None
    at: date | None = None
    month: str | None = None
    row: str | None = None
    column: str | None = None
    cohort: str | None = None
    age: int | None = None
    on: date | None = None
    run: int | None = None
    arm: str | None = None
    metric: str | None = None
    order: Order
    total: Number = Field(description="null: there is no such figure, as where a rate is missing")
    items: list[ThingView] = Field(description="may be fewer than `limit` before the last page")
    next_cursor: str | None


_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"model": Explanation, "content": {"text/csv": {"schema": {"type": "string"}}}},
    304: {"description": "The caller has this answer."},
}


ExplainKpiDep = Annotated[ExplainKpiQuery, Depends(query_of(ExplainKpiQuery))]
ExplainRollDep = Annotated[ExplainRollQuery, Depends(query_of(ExplainRollQuery))]
ExplainCureDep = Annotated[ExplainCureQuery, Depends(query_of(ExplainCureQuery))]
ExplainCohortDep = Annotated[ExplainCohortQuery, Depends(query_of(ExplainCohortQuery))]
ExplainArmDep = Annotated[ExplainArmQuery, Depends(query_of(ExplainArmQuery))]


@router.get(
    "/v1/kpis/{name}/explain",
    summary="What a figure is made of, down to the facts",
    response_model=None,
    responses=_ANSWERS,
    openapi_extra=parameters_of(ExplainKpiQuery),
)
async def explain_kpi(
    name: str, asked: ExplainKpiDep, context: ContextDep, caller: CallerDep, tag: IfNoneMatchDep
) -> Response:
    """Everything that adds to a numerator or denominator, with its facts; a group of figures is
    explained by filters. Pages follow one moment of knowledge. With `window`, DSO and its like look
    back so many days, as the parts of a series do."""
    asker = partial(_of_kpi, find_kpi(name), asked)
    return await _answer(context, caller, tag, asked, asker, of_kpi)


@router.get(
    "/v1/matrices/roll-rate/explain",
    summary="What went from a bucket to a column",
    response_model=None,
    responses=_ANSWERS,
    openapi_extra=parameters_of(ExplainRollQuery),
)
async def explain_roll(
    asked: ExplainRollDep, context: ContextDep, caller: CallerDep, tag: IfNoneMatchDep
) -> Response:
    """The numerator is the cell, the denominator what was in the bucket when the month began."""
    more = {"currency": asked.currency, "by": asked.by}
    asker = partial(question_of_month, "roll_rate", asked, asked.month, more)
    return await _answer(context, caller, tag, asked, asker, OfRolls(asked.row, asked.column))


@router.get(
    "/v1/matrices/cure/explain",
    summary="Which accounts are in a cell of the matrix of cures",
    response_model=None,
    responses=_ANSWERS,
    openapi_extra=parameters_of(ExplainCureQuery),
)
async def explain_cure(
    asked: ExplainCureDep, context: ContextDep, caller: CallerDep, tag: IfNoneMatchDep
) -> Response:
    """The numerator is the cell, the denominator all accounts of the row."""
    asker = partial(question_of_month, "cure_rate", asked, asked.month, {"at": asked.at})
    return await _answer(context, caller, tag, asked, asker, OfCureMatrix(asked.row, asked.column))


@router.get(
    "/v1/cohorts/explain",
    summary="What a cohort's point is made of",
    response_model=None,
    responses=_ANSWERS,
    openapi_extra=parameters_of(ExplainCohortQuery),
)
async def explain_cohort(
    asked: ExplainCohortDep, context: ContextDep, caller: CallerDep, tag: IfNoneMatchDep
) -> Response:
    """The numerator is the value at an age, the denominator what the cohort began with."""
    _, vintage = vintage_of(asked)
    only = asked.model_copy(update={"from_": asked.cohort, "to": asked.cohort})
    asker = partial(question_of_months, only)
    return await _answer(context, caller, tag, asked, asker, OfVintage(vintage, asked.age))


@router.get(
    "/v1/experiments/{name}/explain",
    summary="Which accounts an arm's figure is made of",
    response_model=None,
    responses=_ANSWERS,
    openapi_extra=parameters_of(ExplainArmQuery),
)
async def explain_arm(
    name: Annotated[str, Path(max_length=128)],
    asked: ExplainArmDep,
    context: ContextDep,
    caller: CallerDep,
    tag: IfNoneMatchDep,
) -> Response:
    """The ripe accounts of an arm: numerator Y and denominator X of a metric."""
    make = OfExperiment(name, asked.run, asked.arm, asked.metric, asked.currency)
    return await _answer(context, caller, tag, asked, partial(_of_arm, asked), make)


def _of_kpi(kpi: Kpi, asked: ExplainKpiQuery, tenant: Tenant | None) -> Question:
    if asked.window is None:
        return replace(question_of(kpi, asked, tenant), interval=None)
    as_part = asked.model_copy(update={"interval": asked.interval or "month"})
    return question_of(kpi, as_part, tenant)


def _of_arm(asked: ExplainArmQuery, tenant: Tenant | None) -> Question:
    """A day, and by what is known; nothing else of a question is meant."""
    day = asked.at or asked.as_of or business_day(tenant)
    return Question(KPIS["cure_rate"], Window(day, day), at=day, as_of=asked.as_of)


async def _answer(
    context: Context,
    caller: Caller,
    tag: str | None,
    query: ExplainPaging,
    asker: Asker,
    make: Make,
) -> Response:
    if query.format == "csv":
        return await _table(context, caller, query, asker, make)
    page = await explain(
        context.db, context.pool, caller.tenant, asker, query.asked(), make, known_by(tag)
    )
    fresh = Freshness.of(page.tenant)
    if page.is_known:
        return fresh.not_modified()
    answer = json_response(
        {
            **page.head,
            "unit": page.unit,
            "order": query.order,
            "total": page.total,
            "items": page.items,
            "next_cursor": None if page.next is None else encode_cursor(page.next),
            **fresh.members,
        }
    )
    answer.headers.update(fresh.headers)
    return answer


async def _table(
    context: Context, caller: Caller, query: ExplainPaging, asker: Asker, make: Make
) -> Response:
    if query.cursor is not None:
        raise _invalid("cursor", "a table has no pages")
    page: Page = await explain_all(context.db, context.pool, caller.tenant, asker, query.part, make)
    content = csv_of_lines(page.items, page.unit, page.head["currency"])
    fresh = Freshness.of(page.tenant)
    headers = {**fresh.headers, "Content-Disposition": 'attachment; filename="explained.csv"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


def _invalid(name: str, detail: str) -> Invalid:
    return Invalid("The question cannot be answered.", [FieldError(f"/query/{name}", detail)])

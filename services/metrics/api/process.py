"""How delinquencies go on, and what debtors think of it, over HTTP."""

from datetime import date, timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from services.metrics.api.answer_models import KnownAnswer, KpiAnswer, Number, Shape, answers_with
from services.metrics.api.books import BookQuery, answer_from_book
from services.metrics.api.dependencies import CallerDep, ContextDep
from services.metrics.api.freshness import IfNoneMatchDep
from services.metrics.api.questions import (
    ASKED,
    DEFAULT_DAYS,
    KpiQuery,
    KpiQueryDep,
    asker,
    parameters_of,
    query_of,
    question_of,
)
from services.metrics.domain.kpis import KPIS
from services.metrics.domain.questions import Question
from services.metrics.processes import books
from services.metrics.processes.figures import business_day
from services.metrics.store.figures import Tenant
from shared.web import Day

router = APIRouter(tags=["process"])


class ProcessQuery(BookQuery):
    from_: Day | None = Field(
        None, alias="from", description="First day. Default: 30 days to `to`."
    )
    to: Day | None = Field(None, description="Last day. Default: the tenant's business day.")


class WaitView(Shape):
    class_: str = Field(alias="class", description="the longest wait of it; `open`: longer ones")
    count: int


class EdgeView(Shape):
    from_: str = Field(alias="from")
    to: str
    count: int
    waits: list[WaitView]
    half_within: str = Field(description="the class that holds the middle")


class WaitingView(Shape):
    step: str
    accounts: int
    over_7: int
    over_14: int
    over_30: int


class LoopView(Shape):
    step: str
    accounts: int


class SkipView(Shape):
    step: str
    accounts: int
    of_these_suppressed: int


class LatencyView(Shape):
    name: str
    n: int
    p50: int = Field(description="seconds, the upper end of a power of two")
    p90: int
    p99: int


class SuppressedView(Shape):
    rule: str
    contacts: int
    accounts: int


class MethodView(Shape):
    method: str | None
    count: int


class PaymentsView(Shape):
    by_method: list[MethodView]
    matched_by_rule: int
    matched_by_person: int
    moved_later: int = Field(description="payments that a later fact put elsewhere")
    given_up: int = Field(description="scheduled debits that are not tried again")


class ProcessAnswer(KnownAnswer):
    from_: date = Field(alias="from")
    to: date
    edges: list[EdgeView]
    waiting: list[WaitingView]
    loops: list[LoopView]
    skips: list[SkipView]
    latency: list[LatencyView]
    suppressed: list[SuppressedView]
    payments: PaymentsView


class ScoresAfter(Shape):
    step: str | None = Field(description="the last before the score; null: none")
    count: int
    mean: Number
    scores: dict[str, int]


class FeedbackAnswer(KpiAnswer):
    scores: dict[str, int]
    items: list[ScoresAfter]


ProcessQueryDep = Annotated[ProcessQuery, Depends(query_of(ProcessQuery))]


@router.get(
    "/v1/process",
    summary="Steps of delinquencies, waits, what stands still, and how quick the machine is",
    response_model=None,
    responses=answers_with(ProcessAnswer),
    openapi_extra=parameters_of(ProcessQuery),
)
async def get_process(
    asked: ProcessQueryDep, context: ContextDep, caller: CallerDep, tag: IfNoneMatchDep
) -> Response:
    """Edges count on the day of their second step; `waiting` is at the end of `to`."""
    ask = partial(in_window, asked)
    return await answer_from_book(context, caller, tag, ask, books.process_in_window)


@router.get(
    "/v1/feedback",
    summary="Satisfaction, with the scores' counts and the last step before each",
    response_model=None,
    responses=answers_with(FeedbackAnswer),
    openapi_extra=ASKED,
)
async def get_feedback(
    asked: KpiQueryDep, context: ContextDep, caller: CallerDep, tag: IfNoneMatchDep
) -> Response:
    """Asked like the KPI `satisfaction`. Comments are at the desk."""
    ask = asker(KPIS["satisfaction"], asked)
    return await answer_from_book(context, caller, tag, ask, books.feedback_in_window)


def in_window(asked: ProcessQuery, tenant: Tenant | None) -> Question:
    """The window, and the part of the book that is looked at in it."""
    given = asked.given()
    to = asked.to or (None if asked.from_ is None else max(business_day(tenant), asked.from_))
    to = to or min(business_day(tenant), asked.as_of or business_day(tenant))
    given |= {"from": asked.from_ or to - timedelta(days=DEFAULT_DAYS - 1), "to": to}
    return question_of(KPIS["cure_rate"], KpiQuery.model_validate(given), tenant)

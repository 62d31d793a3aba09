"""The figures over HTTP: the catalogue, one KPI, many in one question, several as a table."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import Field, ValidationError, WithJsonSchema

from services.metrics.api.answer_models import (
    KpiAnswer,
    KpiCatalogue,
    QueryAnswer,
    answers_with,
)
from services.metrics.api.computing import compute
from services.metrics.api.dependencies import CallerDep, ContextDep
from services.metrics.api.freshness import Freshness, IfNoneMatchDep
from services.metrics.api.questions import (
    ASKED,
    KpiQueryDep,
    QuestionModel,
    asker,
    find_kpi,
)
from services.metrics.domain.answers import answers_as_json
from services.metrics.domain.kpis import KPIS
from services.metrics.domain.kpis.kpi import Kpi
from services.metrics.domain.questions import Question
from services.metrics.processes import figures
from services.metrics.processes.figures import Asker
from services.metrics.store.figures import Tenant
from shared.errors import AppError, Invalid
from shared.web import Model, json_response, problem_of
from shared.web.auth import Caller, needs
from shared.web.problems import field_errors

router = APIRouter(tags=["kpis"])

QUESTIONS_MAX = 50
QUERY_BYTES_MAX = 256 * 1024

Asking = Annotated[Caller, needs("metrics:read", body_max=QUERY_BYTES_MAX, is_question=True)]


@router.get(
    "/v1/kpis", summary="Every KPI and what it can be split by", response_model=KpiCatalogue
)
async def list_kpis(_caller: CallerDep) -> Response:
    """A KPI is a flow (things of the window), a stock (what stands at its end) or a cohort (things
    of the window, looked at at the end of the day `at`)."""
    return json_response({"items": [_described(kpi) for kpi in KPIS.values()]})


def _described(kpi: Kpi) -> dict[str, Any]:
    return {
        "name": kpi.name,
        "definition": kpi.definition,
        "unit": kpi.unit,
        "kind": kpi.kind,
        "better": kpi.better,
        "dimensions": kpi.dimensions,
        "by": kpi.by,
        "per": kpi.per,
        "members": kpi.members,
        "ripe_days": kpi.ripe_days,
        "is_money": kpi.is_money,
        "has_curve": kpi.has_curve,
    }


@router.get(
    "/v1/kpis/{name}",
    summary="One KPI over a window of days",
    response_model=None,
    responses=answers_with(KpiAnswer),
    openapi_extra=ASKED,
)
async def get_kpi(
    name: str,
    asked: KpiQueryDep,
    context: ContextDep,
    caller: CallerDep,
    tag: IfNoneMatchDep,
) -> Response:
    """`from` means the opening of that day, `to` its end. Money in minor units; ratios 0 to 1."""
    askers = [asker(find_kpi(name), asked)]
    snapshot = await figures.ask(context.db, caller.tenant, askers, known_by(tag))
    fresh = Freshness.of(snapshot.tenant)
    if snapshot.is_known:
        return fresh.not_modified()
    (content,) = await compute(
        context, caller.tenant, answers_as_json, snapshot.figured, fresh.members
    )
    return Response(content, media_type="application/json", headers=fresh.headers)


def known_by(tag: str | None, asked: bytes = b"") -> figures.IsKnown:
    """Whether whoever shows this tag has the newest answer."""

    def is_known(tenant: Tenant | None) -> bool:
        return Freshness.of(tenant, asked).is_known(tag)

    return is_known


# ── Many in one question ────────────────────────────────────────────────────────────────────────


class SentQuery(Model):
    # Questions are looked at one by one, so that a bad one spares the others.
    questions: Annotated[
        list[Annotated[Any, WithJsonSchema(QuestionModel.model_json_schema())]],
        Field(min_length=1, max_length=QUESTIONS_MAX),
    ]


@router.post(
    "/v1/query",
    summary="Up to 50 questions, answered from one snapshot",
    response_model=None,
    responses=answers_with(QueryAnswer),
)
async def query_kpis(
    body: SentQuery, request: Request, context: ContextDep, caller: Asking, tag: IfNoneMatchDep
) -> Response:
    """Answers come in the order of the questions; in place of a bad one's answer stands its
    problem. It changes nothing, so a page's session may ask, too."""
    asked = await request.body()
    askers = [_asker_of(question, place) for place, question in enumerate(body.questions)]
    snapshot = await figures.ask(context.db, caller.tenant, askers, known_by(tag, asked))
    fresh = Freshness.of(snapshot.tenant, asked)
    if snapshot.is_known:
        return fresh.not_modified()
    good = [each for each in snapshot.found if not isinstance(each, AppError)]
    written = iter(
        await compute(context, caller.tenant, answers_as_json, good, fresh.members) if good else ()
    )
    items: Sequence[Any] = [
        problem_of(each) if isinstance(each, AppError) else msgspec.Raw(next(written))
        for each in snapshot.found
    ]
    answer = json_response({"items": items, **fresh.members})
    answer.headers.update(fresh.headers)
    return answer


def _asker_of(question: Any, place: int) -> Asker:
    def ask(tenant: Tenant | None) -> Question:
        at = f"/questions/{place}"
        try:
            asked = QuestionModel.model_validate(question)
        except ValidationError as error:
            raise Invalid("The question cannot be answered.", field_errors(error, at)) from None
        return asker(find_kpi(asked.kpi), asked, at)(tenant)

    return ask

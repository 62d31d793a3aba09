"""The figures over HTTP."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Query, Response

from services.metrics.api.dependencies import CallerDep, ContextDep
from services.metrics.api.questions import (
    KpiQuery,
    KpiQueryDep,
    find_kpi,
    question_of,
    recorded_before,
)
from services.metrics.context import Context
from services.metrics.domain.answers import Figured, answer_as_json, answers_as_csv
from services.metrics.domain.kpis import KPIS, Kpi
from services.metrics.store import figures as store
from shared.errors import FieldError, Invalid
from shared.web import json_response

router = APIRouter(tags=["kpis"])

# From so many parts × groups on, an answer takes tens of milliseconds: it is computed elsewhere.
FIGURES_HERE_MAX = 500

T = TypeVar("T")


@router.get("/v1/kpis", summary="Every KPI and what it can be split by")
async def list_kpis(_caller: CallerDep) -> Response:
    return json_response({"items": [_described(kpi) for kpi in KPIS.values()]})


def _described(kpi: Kpi) -> dict[str, Any]:
    return {
        "name": kpi.name,
        "definition": kpi.definition,
        "unit": kpi.unit,
        "better": kpi.better,
        "dimensions": kpi.splits,
        "by": kpi.by,
    }


@router.get("/v1/kpis/{name}", summary="One KPI over a window of days")
async def get_kpi(
    name: str, asked: KpiQueryDep, context: ContextDep, caller: CallerDep
) -> Response:
    """`from` means the opening of that day, `to` its end. Money in minor units; ratios 0 to 1."""
    figured = await _figured(context, caller.tenant, [find_kpi(name)], asked)
    content = await _compute(context, caller.tenant, answer_as_json, figured)
    return Response(content, media_type="application/json")


@router.get("/v1/export", summary="Several KPIs as a table")
async def export_kpis(
    kpis: Annotated[str, Query(description="Names with commas.")],
    asked: KpiQueryDep,
    context: ContextDep,
    caller: CallerDep,
    _format: Annotated[Literal["csv"], Query(alias="format")] = "csv",
) -> Response:
    """One line per KPI, part of the window and group."""
    names = [*dict.fromkeys(name.strip() for name in kpis.split(",") if name.strip())]
    unknown = [name for name in names if name not in KPIS]
    if unknown or not names:
        detail = f"no such KPI: {', '.join(unknown)}" if unknown else "names none"
        raise Invalid("The export cannot be made.", [FieldError("/query/kpis", detail)])
    figured = await _figured(context, caller.tenant, [KPIS[name] for name in names], asked)
    return Response(
        await _compute(context, caller.tenant, answers_as_csv, figured),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="kpis.csv"'},
    )


async def _figured(
    context: Context, tenant_id: str, kpis: Sequence[Kpi], asked: KpiQuery
) -> list[Figured]:
    """The questions with all that their answers are made of, by one snapshot of the figures."""
    figured = []
    async with context.db.reading() as session:
        tenant = await store.find_tenant(session, tenant_id)
        for kpi in kpis:
            question = question_of(kpi, asked, tenant)
            before = recorded_before(question, tenant)
            currencies = await store.list_currencies(session, tenant_id, before)
            only = currencies[0] if len(currencies) == 1 else None
            currency = question.currency or only
            rows = await store.list_rows(session, tenant_id, question, currency, before)
            figured.append(Figured(question, rows, currencies))
    return figured


async def _compute(
    context: Context,
    tenant_id: str,
    compute: Callable[[Sequence[Figured]], T],
    figured: Sequence[Figured],
) -> T:
    """What no longer needs the database: at once if it is little, else in the tenant's place."""
    if sum(each.size for each in figured) <= FIGURES_HERE_MAX:
        return compute(figured)
    return await context.pool.run(tenant_id, compute, figured)

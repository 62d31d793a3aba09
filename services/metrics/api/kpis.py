"""The figures over HTTP."""

from collections.abc import Callable, Sequence
from dataclasses import replace
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
from services.metrics.domain.answers import Figured, Question, answer_as_json, answers_as_csv
from services.metrics.domain.kpis import KPIS, Kpi
from services.metrics.store import figures as store
from shared.errors import FieldError, Invalid
from shared.web import json_response

router = APIRouter(tags=["kpis"])

# From so many parts × groups on, an answer takes tens of milliseconds: it is computed elsewhere.
FIGURES_HERE_MAX = 500
FIGURES_MAX = 50_000
NAMES_MAX = 30

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
    figured = await _figured(context, caller.tenant, _named(kpis), asked)
    return Response(
        await _compute(context, caller.tenant, answers_as_csv, figured),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="kpis.csv"'},
    )


def _named(kpis: str) -> list[Kpi]:
    """Each KPI once. Raises `Invalid`."""
    listed = [name.strip() for name in kpis.split(",") if name.strip()]
    names = list(dict.fromkeys(listed))
    unknown = [name for name in names if name not in KPIS]
    if len(listed) > NAMES_MAX:
        detail = f"names {len(listed)} KPIs, {NAMES_MAX} at most"
    elif unknown:
        detail = f"no such KPI: {', '.join(unknown)}"
    elif not names:
        detail = "names none"
    else:
        return [KPIS[name] for name in names]
    raise Invalid("The export cannot be made.", [FieldError("/query/kpis", detail)])


async def _figured(
    context: Context, tenant_id: str, kpis: Sequence[Kpi], asked: KpiQuery
) -> list[Figured]:
    """The questions with all that their answers are made of, by one snapshot of the figures."""
    figured: list[Figured] = []
    size = 0
    async with context.db.reading() as session:
        tenant = await store.find_tenant(session, tenant_id)
        for kpi in kpis:
            question = question_of(kpi, asked, tenant)
            before = recorded_before(question, tenant)
            currencies = await store.list_currencies(session, tenant_id, before)
            if kpi.over == "trailing":
                first_days = await store.list_first_days(session, tenant_id, before)
                question = replace(question, begins_on=first_days)
            only = currencies[0] if len(currencies) == 1 else None
            currency = question.currency or only
            rows = await store.list_rows(session, tenant_id, question, currency, before)
            figured.append(Figured(question, rows, currencies))
            size += figured[-1].size
            if size > FIGURES_MAX:
                raise _too_many_figures(question)
    return figured


def _too_many_figures(question: Question) -> Invalid:
    """Parts × groups, of all KPIs together, are too many."""
    pointer = "/query/group_by" if question.group_by else "/query/interval"
    detail = f"would make more than {FIGURES_MAX:,} figures: ask for fewer parts or groups"
    return Invalid("The answer would be too large.", [FieldError(pointer, detail)])


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

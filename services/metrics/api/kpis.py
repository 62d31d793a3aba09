"""The figures over HTTP."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Query, Response

from services.metrics.api.dependencies import CallerDep, ContextDep
from services.metrics.api.questions import (
    KpiQueryDep,
    asker,
    find_kpi,
)
from services.metrics.context import Context
from services.metrics.domain.answers import Figured, answer_as_json, answers_as_csv
from services.metrics.domain.kpis import KPIS
from services.metrics.domain.kpis.kpi import Kpi
from services.metrics.processes import figures
from shared.errors import FieldError, Invalid
from shared.web import json_response

router = APIRouter(tags=["kpis"])

# From so many parts × groups on, an answer takes tens of milliseconds: it is computed elsewhere.
FIGURES_HERE_MAX = 500
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
    figured = await figures.ask(context.db, caller.tenant, [asker(find_kpi(name), asked)])
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
    askers = [asker(kpi, asked) for kpi in _named(kpis)]
    figured = await figures.ask(context.db, caller.tenant, askers)
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

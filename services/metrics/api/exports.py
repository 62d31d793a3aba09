"""Figures in bulk: several KPIs as a table."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from services.metrics.api.computing import compute
from services.metrics.api.dependencies import CallerDep, ContextDep
from services.metrics.api.freshness import Freshness, IfNoneMatchDep
from services.metrics.api.kpis import known_by
from services.metrics.api.questions import KpiQuery, asker, parameters_of, query_of
from services.metrics.domain.answers import answers_as_csv, answers_as_parquet
from services.metrics.domain.kpis import KPIS
from services.metrics.domain.kpis.kpi import Kpi
from services.metrics.processes import figures
from shared.errors import FieldError, Invalid

router = APIRouter(tags=["export"])

NAMES_MAX = 30
PARQUET = "application/vnd.apache.parquet"
BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}


class ExportQuery(KpiQuery):
    kpis: str = Field(description="Names with commas.", max_length=4000)
    format: Literal["csv", "parquet"] = "csv"


ExportQueryDep = Annotated[ExportQuery, Depends(query_of(ExportQuery))]


@router.get(
    "/v1/export",
    summary="Several KPIs as a table",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}, PARQUET: BINARY}}},
    openapi_extra=parameters_of(ExportQuery),
)
async def export_kpis(
    asked: ExportQueryDep, context: ContextDep, caller: CallerDep, tag: IfNoneMatchDep
) -> Response:
    """One line per KPI, part of the window and group. In Parquet days are date32, sums of money
    int64 in minor units."""
    askers = [asker(kpi, asked) for kpi in _named(asked.kpis)]
    snapshot = await figures.ask(context.db, caller.tenant, askers, known_by(tag))
    fresh = Freshness.of(snapshot.tenant)
    if snapshot.is_known:
        return fresh.not_modified()
    work, media_type = (
        (answers_as_csv, "text/csv; charset=utf-8")
        if asked.format == "csv"
        else (answers_as_parquet, PARQUET)
    )
    content = await compute(context, caller.tenant, work, snapshot.figured)
    name = f'attachment; filename="kpis.{asked.format}"'
    headers = {**fresh.headers, "Content-Disposition": name}
    return Response(content, media_type=media_type, headers=headers)


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

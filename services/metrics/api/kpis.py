"""The figures over HTTP."""

import csv
import io
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from services.metrics.api.questions import Asked, AskedDep, find_kpi, question_of, recorded_before
from services.metrics.domain.answers import answer
from services.metrics.domain.kpis import KPIS, Kpi
from services.metrics.store import figures as store
from shared.database import Session
from shared.errors import FieldError, Invalid
from shared.web import ReadSessionDep, json_response
from shared.web.auth import Caller, needs

router = APIRouter(tags=["kpis"])

CallerDep = Annotated[Caller, needs("metrics:read")]


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
    name: str, asked: AskedDep, session: ReadSessionDep, caller: CallerDep
) -> Response:
    """`from` means the opening of that day, `to` its end. Money in minor units; ratios 0 to 1."""
    return json_response(await answer_kpi(session, caller.tenant, find_kpi(name), asked))


async def answer_kpi(session: Session, tenant_id: str, kpi: Kpi, asked: Asked) -> dict[str, Any]:
    """The answer by one snapshot of the figures."""
    tenant = await store.find_tenant(session, tenant_id)
    question = question_of(kpi, asked, tenant)
    before = recorded_before(question, tenant)
    currencies = await store.list_currencies(session, tenant_id, before)
    only = currencies[0] if len(currencies) == 1 else None
    rows = await store.list_rows(session, tenant_id, question, question.currency or only, before)
    return answer(question, rows, currencies)


@router.get("/v1/export", summary="Several KPIs as a table")
async def export_kpis(
    kpis: Annotated[str, Query(description="Names with commas.")],
    asked: AskedDep,
    session: ReadSessionDep,
    caller: CallerDep,
    _format: Annotated[Literal["csv"], Query(alias="format")] = "csv",
) -> Response:
    """One line per KPI, part of the window and group."""
    names = [name.strip() for name in kpis.split(",") if name.strip()]
    unknown = [name for name in names if name not in KPIS]
    if unknown or not names:
        detail = f"no such KPI: {', '.join(unknown)}" if unknown else "names none"
        raise Invalid("The export cannot be made.", [FieldError("/query/kpis", detail)])
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for name in names:
        found = await answer_kpi(session, caller.tenant, KPIS[name], asked)
        writer.writerows(_lines(found))
    return Response(
        out.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="kpis.csv"'},
    )


_COLUMNS = ("kpi", "unit", "currency", "group", "from", "to", "value", "numerator", "denominator")


def _lines(found: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    for group in ({**found, "key": {}}, *found["groups"]):
        key = group["key"]
        label = " ".join(f"{name}={value or ''}" for name, value in key.items())
        currency = key.get("currency", found["currency"])
        for part in group["series"] or ({"from": found["from"], "to": found["to"], **group},):
            yield (
                found["name"],
                found["unit"],
                currency,
                label,
                part["from"],
                part["to"],
                *(part[name] for name in ("value", "numerator", "denominator")),
            )

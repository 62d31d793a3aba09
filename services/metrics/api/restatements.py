"""What a figure was said to be on earlier days, and since when it is another."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from services.metrics.api.answer_models import RestatementView
from services.metrics.api.dependencies import CallerDep, ContextDep
from services.metrics.api.questions import (
    KpiQuery,
    asker,
    find_kpi,
    parameters_of,
    query_of,
)
from services.metrics.processes.restatements import restatements
from shared.errors import FieldError, Invalid
from shared.web import Day

router = APIRouter(tags=["kpis"])

# A figure that is one number has no parts, groups or neighbours.
_OF_SEVERAL = ("interval", "group_by", "compare", "window", "curve")


class RestatementQuery(KpiQuery):
    since: Day | None = Field(
        None, description="The first day of knowledge. Default: the last day of the window."
    )


@router.get(
    "/v1/kpis/{name}/restatements",
    summary="What a figure was said to be, day by day",
    response_model=list[RestatementView],
    openapi_extra=parameters_of(RestatementQuery),
)
async def list_restatements(
    name: str,
    asked: Annotated[RestatementQuery, Depends(query_of(RestatementQuery))],
    context: ContextDep,
    caller: CallerDep,
) -> Any:
    """The value as it was known at the end of `since`, and at the end of each day at which it came
    to be another, as far as `as_of` or the business day. Where several currencies are not converted
    nor one is named, there is no value."""
    kpi = find_kpi(name)
    wrong = [each for each in _OF_SEVERAL if getattr(asked, each) is not None]
    if wrong:
        faults = [FieldError(f"/query/{each}", "is not for one figure") for each in wrong]
        raise Invalid("The question cannot be answered.", faults)

    found = await restatements(context, caller.tenant, asker(kpi, asked), asked.since)
    return [{"known_on": each.known_on, "value": each.value} for each in found]

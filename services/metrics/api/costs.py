"""Costs of collecting that no other service knows: recorded, listed, withdrawn."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field, WithJsonSchema

from services.metrics.api.dependencies import ContextDep, WriterDep
from services.metrics.commands import costs as commands
from services.metrics.domain.cost_entries import COSTS_MAX
from services.metrics.store import costs as store
from shared.errors import FieldError, Invalid
from shared.web import (
    Day,
    Minor,
    Model,
    PagingDep,
    ReadSessionDep,
    SessionDep,
    json_response,
    once,
    page,
)
from shared.web.auth import Caller, needs

BODY_BYTES_MAX = 1024 * 1024

router = APIRouter(tags=["costs"])
Reader = Annotated[Caller, needs("metrics:read", "metrics:write")]
Recorder = Annotated[Caller, needs("metrics:write", body_max=BODY_BYTES_MAX)]
CostId = Annotated[str, Path(max_length=128)]
Kind = Literal["agency", "gateway", "legal", "software", "other"]


class CostItem(Model):
    """What one cost is made of. The same id with other data is a conflict."""

    cost_id: str = Field(min_length=1, max_length=128, description="without a slash")
    kind: Kind
    amount_minor: Minor
    currency: str
    incurred_on: Day
    account_id: str | None = Field(None, max_length=128)
    channel: str | None = Field(None, max_length=40)


class CostBatch(Model):
    # Items are looked at one by one, so that a bad one spares the others.
    items: Annotated[
        list[Annotated[Any, WithJsonSchema(CostItem.model_json_schema())]],
        Field(min_length=1, max_length=COSTS_MAX),
    ]


class FaultView(Model):
    pointer: str
    detail: str


class RejectedView(Model):
    index: int
    cost_id: str | None
    errors: list[FaultView]


class CostReceiptView(Model):
    recorded: int
    duplicates: int
    rejected: list[RejectedView]


class CostView(CostItem):
    recorded_at: datetime
    recorded_by: str


class CostPage(Model):
    items: list[CostView]
    next_cursor: str | None


@router.post("/v1/costs", response_model=CostReceiptView)
async def record_costs(
    body: CostBatch, request: Request, context: ContextDep, session: SessionDep, caller: Recorder
) -> Response:
    """Record up to 1,000 costs; good ones are kept when others are bad. A cost that is known with
    the same data is a duplicate, with other data it is rejected; one that was withdrawn may be
    recorded anew."""

    async def act() -> Any:
        receipt = await commands.record_costs(
            session, context.clock, caller.tenant, body.items, by=caller.subject
        )
        if receipt.is_refused:
            members = {
                "recorded": 0,
                "duplicates": 0,
                "rejected": receipt.rejected,
            }
            raise Invalid("No cost of the request can be recorded.", members=members)
        return receipt

    return await once(request, session, caller, act, status=200)


@router.get("/v1/costs", response_model=CostPage)
async def list_costs(
    session: ReadSessionDep,
    caller: Reader,
    paging: PagingDep,
    from_on: Annotated[Day | None, Query(alias="from")] = None,
    to_on: Annotated[Day | None, Query(alias="to")] = None,
) -> Response:
    """The costs that were recorded and not withdrawn, by the day on which they arose."""
    if from_on is not None and to_on is not None and to_on < from_on:
        raise Invalid("The days make no sense.", [FieldError("/query/to", "lies before from")])
    after = paging.after(tuple[date, str])
    found = await store.list_costs(
        session, caller.tenant, (from_on, to_on), after=after, limit=paging.limit + 1
    )
    shown = page(found, paging.limit, lambda row: (row.cost.incurred_on, row.cost.cost_id))
    return json_response({**shown, "items": [_view(row) for row in shown["items"]]})


@router.get("/v1/costs/{cost_id}", response_model=CostView)
async def get_cost(cost_id: CostId, session: ReadSessionDep, caller: Reader) -> Response:
    """One of them."""
    return json_response(_view(await commands.get_cost(session, caller.tenant, cost_id)))


@router.delete("/v1/costs/{cost_id}", status_code=204)
async def withdraw_cost(
    cost_id: CostId, context: ContextDep, session: SessionDep, caller: WriterDep
) -> Response:
    """It was a mistake, and counts no more from now on; what was known before stays known
    (`as_of`)."""
    await commands.withdraw_cost(session, context.clock, caller.tenant, cost_id)
    return Response(status_code=204)


def _view(row: store.StoredCost) -> dict[str, Any]:
    figures = {name: getattr(row.cost, name) for name in row.cost.__struct_fields__}
    return {**figures, "recorded_at": row.recorded_at, "recorded_by": row.recorded_by}

"""How far a rebuild of the figures is."""

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field

from services.metrics.api.answer_models import Shape
from services.metrics.api.dependencies import CallerDep, ContextDep
from services.metrics.api.freshness import Freshness
from services.metrics.store import generations
from services.metrics.store.figures import find_tenant

router = APIRouter(tags=["rebuild"])


class RebuildView(Shape):
    generation: int = Field(description="the figures that are being made, else those in use")
    state: Literal["building", "current"]
    in_use: int = Field(description="the figures that answers come from")
    behind: int = Field(description="events still to be read; 0 where nothing is being made")
    total: int | None = Field(description="events of the log")
    events_per_s: float | None
    ends_at: datetime | None = Field(description="if it goes on like this")
    stale_since: datetime | None = Field(
        description="since when nothing is added to the figures in use: another release made them"
    )


@router.get("/v1/rebuild", response_model=RebuildView, summary="How far a rebuild is")
async def get_rebuild(context: ContextDep, caller: CallerDep) -> Any:
    """Figures are made again beside those in use: by `make rebuild-metrics`, and by themselves
    where a release has other rules. Answers are the same meanwhile, and then."""
    async with context.db.reading() as session:
        in_use = await generations.current(session)
        made = await generations.building(session) or in_use
        tenant = await find_tenant(session, caller.tenant)
    is_made = made.number != in_use.number
    return RebuildView(
        generation=made.number,
        state="building" if is_made else "current",
        in_use=in_use.number,
        behind=(made.behind or 0) if is_made else 0,
        total=made.total if is_made else None,
        events_per_s=made.events_per_s if is_made else None,
        ends_at=made.ends_at if is_made else None,
        stale_since=Freshness.of(tenant).known_until if in_use.is_stale else None,
    )

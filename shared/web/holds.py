"""The doors of holds: what stands still until a person has looked, and letting it go on."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel

from shared.database import holds
from shared.errors import NotFound
from shared.web.auth import Caller, needs
from shared.web.sessions import ReadSessionDep, SessionDep

router = APIRouter(tags=["operations"])
Admin = Annotated[Caller, needs("admin")]


class HoldView(BaseModel):
    name: str
    tenant: str | None  # None: all of them
    reason: str
    since: datetime


class HoldPage(BaseModel):
    items: list[HoldView]


class ReleasedView(BaseModel):
    name: str
    released: int


@router.get("/v1/holds", response_model=HoldPage, summary="What waits for a person to look")
async def list_holds(session: ReadSessionDep, caller: Admin) -> Any:
    """The holds of all tenants and the caller's own; whoever may act for every tenant sees all."""
    found = [
        {"name": h.name, "tenant": h.tenant or None, "reason": h.reason, "since": h.since}
        for h in await holds.list_holds(session)
        if caller.any_tenant or h.tenant in (holds.ALL_TENANTS, caller.tenant)
    ]
    return {"items": found}


@router.post(
    "/v1/holds/{name}/release",
    response_model=ReleasedView,
    summary="Confirm what a hold asks about, so that things go on",
)
async def release(name: str, session: SessionDep, caller: Admin) -> Any:
    """Of all tenants with a token for every tenant, else of the caller's own. 404: none stands."""
    tenant = None if caller.any_tenant else caller.tenant
    released = await holds.release(session, name, by=caller.subject, tenant=tenant)
    if not released:
        raise NotFound(f"no hold {name!r} stands that this token may release")
    return {"name": name, "released": released}

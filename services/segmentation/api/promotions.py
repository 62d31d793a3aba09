"""Which model answers, and which one answers in its shadow: promotion, rollback, their record."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.segmentation.api.dependencies import ContextDep, Reader, Writer
from services.segmentation.commands import models as commands
from services.segmentation.commands.business_time import business_now
from services.segmentation.context import Context
from services.segmentation.learning.cases import Target
from services.segmentation.store import models as store
from shared.database import Session
from shared.web import Model, PagingDep, ReadSessionDep, SessionDep, json_response, once, page
from shared.web.auth import Caller

router = APIRouter(tags=["models"])
Reason = Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]


class PromoteRequest(Model):
    reason: Reason
    target: Target | None = None  # needed for the rule card alone, which answers for both


class RollbackRequest(Model):
    target: Target
    reason: Reason


class ShadowRequest(Model):
    reason: Reason
    stop: bool = False


class PromotedView(Model):
    target: Target
    model_version: str
    from_version: str
    is_rollback: bool
    changed: bool
    rescoring: int | None


class RoleView(Model):
    target: Target
    role: Literal["champion", "shadow"]
    number: int
    version: str | None
    from_version: str | None
    is_rollback: bool
    reason: str
    promoted_by: str
    at: str


class RolePage(Model):
    items: list[RoleView]
    next_cursor: str | None


@router.post("/v1/models/rollback", response_model=PromotedView)
async def rollback(
    body: RollbackRequest,
    request: Request,
    context: ContextDep,
    session: SessionDep,
    caller: Writer,
) -> Response:
    """Let answer again what answered before the model in force."""

    async def act() -> commands.Promoted:
        decision = await _decision(context, session, caller, body.reason)
        return await commands.roll_back(
            session, caller.tenant, body.target, decision, context.rules
        )

    return await once(request, session, caller, act, status=200)


@router.post("/v1/models/{version}/promote", response_model=PromotedView)
async def promote(
    version: str,
    body: PromoteRequest,
    request: Request,
    context: ContextDep,
    session: SessionDep,
    caller: Writer,
) -> Response:
    """Let a model answer for its target, and re-score everybody in the background.

    `rules-1`, the rule card, can be promoted too; an earlier model again is a rollback.
    """

    async def act() -> commands.Promoted:
        decision = await _decision(context, session, caller, body.reason)
        return await commands.promote_model(
            session,
            caller.tenant,
            version,
            decision,
            context.rules,
            target=body.target,
        )

    return await once(request, session, caller, act, status=200)


@router.post("/v1/models/{version}/shadow", response_model=RoleView)
async def shadow(
    version: str,
    body: ShadowRequest,
    request: Request,
    context: ContextDep,
    session: SessionDep,
    caller: Writer,
) -> Response:
    """Let a model answer as a shadow of the one in force: recorded, compared, without effect."""

    async def act() -> store.Role:
        decision = await _decision(context, session, caller, body.reason)
        return await commands.shadow_model(
            session, caller.tenant, version, decision, context.rules, stop=body.stop
        )

    return await once(request, session, caller, act, status=200)


@router.get("/v1/promotions", response_model=RolePage)
async def list_promotions(
    session: ReadSessionDep, caller: Reader, paging: PagingDep, target: Target | None = None
) -> Response:
    """Who put which model in force or in shadow, when, and why; the latest first."""
    found = await store.list_roles(
        session,
        caller.tenant,
        target=target,
        before=paging.after(tuple[datetime, str, str, int]),
        limit=paging.limit + 1,
    )
    return json_response(page(found, paging.limit, lambda r: (r.at, r.target, r.role, r.number)))


async def _decision(
    context: Context, session: Session, caller: Caller, reason: str
) -> commands.ModelDecision:
    at = await business_now(session, caller.tenant, context.clock)
    return commands.ModelDecision(by=caller.subject, reason=reason, at=at)

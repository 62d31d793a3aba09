"""Segment policies: what is in force, every version, ready packs, others on trial."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from msgspec import to_builtins
from pydantic import Field

from services.segmentation.api.dependencies import ContextDep, Reader, Writer
from services.segmentation.api.policy_trials import POLICY_BODY, policy_text
from services.segmentation.commands import policies as commands
from services.segmentation.commands.business_time import business_now
from services.segmentation.domain.policies.schema import json_schema
from services.segmentation.store import policies as store
from shared.errors import NotFound
from shared.web import (
    Model,
    PagingDep,
    ReadSessionDep,
    SessionDep,
    json_response,
    once,
    page,
)

router = APIRouter(tags=["policies"])
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class PolicyView(Model):
    policy_version: str
    policy: dict[str, Any]
    in_force_since: datetime | None
    activated_by: str | None
    reason: str | None


class StoredView(Model):
    policy_version: str
    is_new: bool
    in_force: bool
    is_activated: bool
    rescoring: int | None


class VersionView(Model):
    policy_version: str
    stored_at: datetime
    stored_by: str
    in_force: bool


class VersionPage(Model):
    items: list[VersionView]
    next_cursor: str | None


class VersionDetail(Model):
    policy_version: str
    in_force: bool
    stored_at: datetime | None
    stored_by: str | None
    source: str | None
    policy: dict[str, Any]


class ActivationView(Model):
    number: int
    policy_version: str
    from_version: str
    activated_at: datetime
    activated_by: str
    reason: str | None


class ActivationPage(Model):
    items: list[ActivationView]
    next_cursor: str | None


class PackView(Model):
    name: str
    title: str
    description: str
    policy_version: str
    segments: list[str]


class PackList(Model):
    items: list[PackView]


class PackDetail(PackView):
    source: str


class ActivateRequest(Model):
    policy_version: Annotated[str, Field(min_length=1, max_length=100)]
    reason: Reason | None = None


class ActivatedView(Model):
    policy_version: str
    in_force: bool
    is_activated: bool
    rescoring: int | None


@router.get("/v1/policies/segments", response_model=PolicyView)
async def get_policy(context: ContextDep, session: ReadSessionDep, caller: Reader) -> Response:
    """The policy in force."""
    policy = (await context.policies.of(session, [caller.tenant]))[caller.tenant]
    latest = await store.list_activations(session, caller.tenant)
    return json_response(
        {
            "policy_version": policy.version,
            "policy": policy.document,
            "in_force_since": latest[0].activated_at if latest else None,
            "activated_by": latest[0].activated_by if latest else None,
            "reason": latest[0].reason if latest else None,
        }
    )


@router.put("/v1/policies/segments", response_model=StoredView, openapi_extra=POLICY_BODY)
async def put_policy(
    request: Request,
    context: ContextDep,
    session: SessionDep,
    caller: Writer,
    activate: Annotated[
        bool, Query(description="Bring it into force too; `false` only keeps it.")
    ] = True,
    reason: Annotated[str | None, Query(min_length=1, max_length=500)] = None,
) -> Response:
    """Keep a policy (YAML or JSON) and bring it into force. The same content is the same version.

    Bringing it into force re-scores the population in the background, while events go on.
    """
    source = await policy_text(request)
    at = await business_now(session, caller.tenant, context.clock)
    kept = await commands.put_policy(session, caller.tenant, source, by=caller.subject, at=at)
    activated = None
    if activate:
        change = commands.Change(
            policy_version=kept.policy_version, by=caller.subject, at=at, reason=reason
        )
        activated = await commands.activate_policy(session, caller.tenant, change, context.policies)
    now = (await context.policies.of(session, [caller.tenant]))[caller.tenant]
    return json_response(
        {
            "policy_version": kept.policy_version,
            "is_new": kept.is_new,
            "in_force": now.version == kept.policy_version,
            "is_activated": activated is not None,
            "rescoring": activated.rescoring if activated else None,
        }
    )


@router.post("/v1/policies/segments/activate", response_model=ActivatedView)
async def activate_policy(
    request: Request,
    context: ContextDep,
    session: SessionDep,
    caller: Writer,
    body: ActivateRequest,
) -> Response:
    """Bring a stored version into force; an earlier one is a rollback. Packs need no storing."""

    async def act() -> Any:
        at = await business_now(session, caller.tenant, context.clock)
        change = commands.Change(
            policy_version=body.policy_version, by=caller.subject, at=at, reason=body.reason
        )
        activated = await commands.activate_policy(session, caller.tenant, change, context.policies)
        return {
            "policy_version": body.policy_version,
            "in_force": True,
            "is_activated": activated is not None,
            "rescoring": activated.rescoring if activated else None,
        }

    return await once(request, session, caller, act, status=200)


@router.get("/v1/policies/segments/activations", response_model=ActivationPage)
async def list_activations(session: ReadSessionDep, caller: Reader, paging: PagingDep) -> Response:
    """What came into force when, by whom and why, the latest first."""
    (before,) = paging.after(tuple[int]) or (None,)
    found = await store.list_activations(
        session, caller.tenant, before=before, limit=paging.limit + 1
    )
    return json_response(page(found, paging.limit, lambda row: (row.number,)))


@router.get("/v1/policies/segments/schema")
async def get_schema(caller: Reader) -> Response:
    """The JSON Schema of a policy, for editors."""
    return json_response(json_schema())


@router.get("/v1/policies/segments/versions", response_model=VersionPage)
async def list_versions(
    context: ContextDep, session: ReadSessionDep, caller: Reader, paging: PagingDep
) -> Response:
    """Every version that was stored, the latest first."""
    found = await store.list_policies(
        session,
        caller.tenant,
        after=paging.after(tuple[datetime, str]),
        limit=paging.limit + 1,
    )
    now = (await context.policies.of(session, [caller.tenant]))[caller.tenant].version
    listed = page(found, paging.limit, lambda row: (row.stored_at, row.policy_version))
    listed["items"] = [
        {
            "policy_version": item.policy_version,
            "stored_at": item.stored_at,
            "stored_by": item.stored_by,
            "in_force": item.policy_version == now,
        }
        for item in listed["items"]
    ]
    return json_response(listed)


@router.get("/v1/policies/segments/versions/{policy_version}", response_model=VersionDetail)
async def get_version(
    policy_version: str, context: ContextDep, session: ReadSessionDep, caller: Reader
) -> Response:
    """One version: its text as it was sent, and what it says."""
    stored = await commands.get_source(session, caller.tenant, policy_version, context.policies)
    policy = await context.policies.get(session, caller.tenant, policy_version)
    now = (await context.policies.of(session, [caller.tenant]))[caller.tenant].version
    return json_response(
        {
            "policy_version": policy_version,
            "in_force": policy_version == now,
            "stored_at": stored.stored_at if stored else None,
            "stored_by": stored.stored_by if stored else None,
            "source": stored.source if stored else None,
            "policy": policy.document,
        }
    )


@router.get("/v1/policies/packs", response_model=PackList)
async def list_packs(caller: Reader) -> Response:
    """Ready policies to start from, by trade."""
    items = [to_builtins(pack) for pack in commands.packs().values()]
    for item in items:
        del item["source"]
    return json_response({"items": items})


@router.get("/v1/policies/packs/{name}", response_model=PackDetail)
async def get_pack(name: str, caller: Reader) -> Response:
    """One pack with its text."""
    pack = commands.packs().get(name)
    if pack is None:
        raise NotFound(f"there is no pack {name!r}; packs are: {', '.join(commands.packs())}")
    return json_response(pack)

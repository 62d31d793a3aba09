"""Webhooks over HTTP: endpoints that are told of events, their secrets, what they did not take."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Path, Response
from pydantic import Field

from services.outreach.api.dependencies import ContextDep
from services.outreach.channels.domain.webhook_signature import new_secret
from services.outreach.channels.domain.webhook_targets import target_fault
from services.outreach.webhooks import store
from services.outreach.webhooks.domain import (
    BOTH_SECRETS_HOLD,
    ENDPOINTS_MAX,
    TYPES_MAX,
    Endpoint,
    new_id,
    types_faults,
)
from shared import clock
from shared.database import Session
from shared.errors import Conflict, FieldError, Invalid, NotFound
from shared.texts import shown
from shared.web import Model, PagingDep, ReadSessionDep, SessionDep, json_response, page
from shared.web.auth import Caller, needs

router = APIRouter(tags=["webhooks"])
Reader = Annotated[Caller, needs("outreach:read", "outreach:write")]
Writer = Annotated[Caller, needs("outreach:write")]
WebhookId = Annotated[str, Path(alias="id", max_length=64)]


class SentEndpoint(Model):
    url: str = Field(max_length=2000, description="https, and no private address")
    types: list[str] = Field(
        min_length=1,
        max_length=TYPES_MAX,
        description="of events of `outreach.events` and `metrics.events`",
    )


class SentChange(SentEndpoint):
    state: Literal["on", "off"] = "on"


class EndpointView(Model):
    id: str
    url: str
    types: list[str]
    state: Literal["on", "off"]
    off_because: str | None = Field(description="switched-off, gone (410) or silent (5 days)")
    created_at: datetime
    succeeded_at: datetime | None
    failing_since: datetime | None
    failing_because: str | None
    waiting: int = Field(description="events that it has not taken yet")
    failed: int = Field(description="events that were set aside")


class EndpointList(Model):
    items: list[EndpointView]


class EndpointMade(EndpointView):
    secret: str = Field(description="shown this once: `whsec_…`")


class FailedView(Model):
    event_id: str
    account_id: str
    type: str
    failed_at: datetime
    failure: str
    body: dict[str, Any]


class FailedPage(Model):
    items: list[FailedView]
    next_cursor: str | None


class ReplayRequest(Model):
    event_ids: list[str] | None = Field(None, max_length=1000, description="none: all of them")


class Replayed(Model):
    replayed: int


@router.post("/v1/webhooks", response_model=EndpointMade, status_code=201)
async def add_webhook(
    body: SentEndpoint, context: ContextDep, session: SessionDep, caller: Writer
) -> Response:
    """Add an endpoint. It is told of events from now on; its secret is shown this once."""
    _check(body, context)
    known = await store.list_endpoints(session, caller.tenant)
    if len(known) >= ENDPOINTS_MAX:
        raise Conflict(f"There are {len(known)} webhooks; a tenant has {ENDPOINTS_MAX} at most.")
    secret = new_secret()
    endpoint = Endpoint(
        webhook_id=new_id(),
        tenant=caller.tenant,
        url=body.url,
        types=tuple(body.types),
        state="on",
        created_at=clock.now(),
        sealed=context.webhooks.box.seal(secret),
    )
    await store.insert_endpoint(session, endpoint, caller.subject)
    return json_response({**_view(endpoint, (0, 0)), "secret": secret}, 201)


@router.get("/v1/webhooks", response_model=EndpointList)
async def list_webhooks(session: ReadSessionDep, caller: Reader) -> Response:
    counts = await store.count_waiting(session, caller.tenant)
    endpoints = await store.list_endpoints(session, caller.tenant)
    return json_response({"items": [_view(e, counts.get(e.webhook_id, (0, 0))) for e in endpoints]})


@router.get("/v1/webhooks/{id}", response_model=EndpointView)
async def get_webhook(webhook_id: WebhookId, session: ReadSessionDep, caller: Reader) -> Response:
    return json_response(await _shown(session, caller.tenant, webhook_id))


@router.put("/v1/webhooks/{id}", response_model=EndpointView)
async def change_webhook(
    webhook_id: WebhookId,
    body: SentChange,
    context: ContextDep,
    session: SessionDep,
    caller: Writer,
) -> Response:
    """Another URL, other types; off, or on again: what waited is posted then. What happened while
    it was off is not."""
    _check(body, context)
    await _get(session, caller.tenant, webhook_id, locked=True)
    await store.update_endpoint(
        session,
        caller.tenant,
        webhook_id,
        url=body.url,
        types=body.types,
        state=body.state,
        now=clock.now(),
    )
    return json_response(await _shown(session, caller.tenant, webhook_id))


@router.delete("/v1/webhooks/{id}", status_code=204)
async def delete_webhook(webhook_id: WebhookId, session: SessionDep, caller: Writer) -> Response:
    """It is told of nothing more; what waited is forgotten."""
    await _get(session, caller.tenant, webhook_id, locked=True)
    await store.delete_endpoint(session, caller.tenant, webhook_id)
    return Response(status_code=204)


@router.post("/v1/webhooks/{id}/rotate", response_model=EndpointMade)
async def rotate_webhook(
    webhook_id: WebhookId, context: ContextDep, session: SessionDep, caller: Writer
) -> Response:
    """A new secret, shown this once. For 24 hours the one before signs too."""
    await _get(session, caller.tenant, webhook_id, locked=True)
    secret = new_secret()
    await store.rotate_secret(
        session,
        caller.tenant,
        webhook_id,
        context.webhooks.box.seal(secret),
        clock.now() + BOTH_SECRETS_HOLD,
    )
    return json_response({**await _shown(session, caller.tenant, webhook_id), "secret": secret})


@router.get("/v1/webhooks/{id}/failed", response_model=FailedPage)
async def list_failed(
    webhook_id: WebhookId, session: ReadSessionDep, caller: Reader, paging: PagingDep
) -> Response:
    """What was set aside after the last try, oldest first."""
    await _get(session, caller.tenant, webhook_id)
    after = paging.after(tuple[int])
    rows = await store.list_failed(
        session,
        caller.tenant,
        webhook_id,
        after=None if after is None else after[0],
        limit=paging.limit + 1,
    )
    shown_page = page(rows, paging.limit, lambda row: (row["ord"],))
    return json_response({**shown_page, "items": [_failed(row) for row in shown_page["items"]]})


@router.post("/v1/webhooks/{id}/replay", response_model=Replayed)
async def replay_webhook(
    webhook_id: WebhookId, body: ReplayRequest, session: SessionDep, caller: Writer
) -> Response:
    """Post again what was set aside: all of it, or those events."""
    endpoint = await _get(session, caller.tenant, webhook_id, locked=True)
    if endpoint.state == "off":
        raise Conflict("The webhook is off: switch it on first.")
    count = await store.replay_failed(
        session, caller.tenant, webhook_id, body.event_ids, clock.now()
    )
    return json_response({"replayed": count})


def _check(body: SentEndpoint, context: ContextDep) -> None:
    """Raises `Invalid` with every fault."""
    errors = types_faults(body.types)
    if fault := target_fault(body.url, is_local=context.webhooks.is_local):
        errors.insert(0, FieldError("/url", fault))
    if errors:
        raise Invalid("The webhook is not valid.", errors)


async def _get(session: Session, tenant: str, webhook_id: str, *, locked: bool = False) -> Endpoint:
    endpoint = await store.find_endpoint(session, tenant, webhook_id, locked=locked)
    if endpoint is None:
        raise NotFound(f"There is no webhook {shown(webhook_id)}.")
    return endpoint


async def _shown(session: Session, tenant: str, webhook_id: str) -> dict[str, Any]:
    endpoint = await _get(session, tenant, webhook_id)
    counts = await store.count_waiting(session, tenant)
    return _view(endpoint, counts.get(webhook_id, (0, 0)))


def _view(endpoint: Endpoint, counts: tuple[int, int]) -> dict[str, Any]:
    return {
        "id": endpoint.webhook_id,
        "url": endpoint.url,
        "types": list(endpoint.types),
        "state": endpoint.state,
        "off_because": endpoint.off_because,
        "created_at": endpoint.created_at,
        "succeeded_at": endpoint.succeeded_at,
        "failing_since": endpoint.failing_since,
        "failing_because": endpoint.failing_because,
        "waiting": counts[0],
        "failed": counts[1],
    }


def _failed(row: Any) -> dict[str, Any]:
    return {
        "event_id": row["event_id"],
        "account_id": row["account_id"],
        "type": row["type"],
        "failed_at": row["failed_at"],
        "failure": row["failure"],
        "body": msgspec.json.decode(row["body"]),
    }

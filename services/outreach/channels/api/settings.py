"""A tenant's settings of outreach: who writes, over which providers, at what cost, how many."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request, Response

from services.outreach.activity.store.debtors import mark_tenant_dirty
from services.outreach.api.dependencies import ContextDep
from services.outreach.channels import store
from services.outreach.channels.domain.settings_document import read_settings
from services.outreach.channels.domain.tenant_settings import TenantSettings
from shared import clock
from shared.errors import Invalid, Unreadable
from shared.web import ReadSessionDep, SessionDep
from shared.web.auth import Caller, needs
from shared.web.request_texts import json_errors

SETTINGS_BYTES_MAX = 256 * 1024

router = APIRouter(tags=["settings"])
Reader = Annotated[Caller, needs("outreach:read", "outreach:write")]
Writer = Annotated[Caller, needs("outreach:write", body_max=SETTINGS_BYTES_MAX)]


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


@router.get("/v1/settings", summary="The tenant's settings of outreach, with all defaults")
async def get_settings(caller: Reader, session: ReadSessionDep) -> Response:
    return _answer((await store.get_settings(session, caller.tenant)).settings)


@router.put(
    "/v1/settings",
    summary="Replace the tenant's settings; secrets are named by their environment variable",
    openapi_extra=_BODY,
)
async def put_settings(
    request: Request, caller: Writer, session: SessionDep, context: ContextDep
) -> Response:
    body = await request.body()
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable("The settings are not JSON.") from error
    if errors := json_errors(body, value):
        raise Invalid("The settings are not valid.", errors)
    settings = read_settings(value, context.channels.environment)
    await store.insert_settings(
        session, caller.tenant, settings, recorded_at=clock.now(), recorded_by=caller.subject
    )
    await mark_tenant_dirty(session, caller.tenant)  # other channels: other plans
    return _answer(settings)


def _answer(settings: TenantSettings) -> Response:
    return Response(msgspec.json.encode(settings), media_type="application/json")

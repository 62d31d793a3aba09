"""An account at the desk: all that a collector needs, what was read of it, its contact record."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from services.outreach.activity.domain.contacts import MessageChannel
from services.outreach.activity.store.accounts import get_known_account
from services.outreach.api.dependencies import ContextDep
from services.outreach.desk.api.bodies import Collector, Name
from services.outreach.desk.commands.notes import keep_read
from services.outreach.desk.processes.desk_answer import desk_of
from services.outreach.desk.processes.messages import send_by_hand
from services.outreach.desk.processes.personal_copy import copy_of
from services.outreach.desk.processes.record_export import record_lines
from services.outreach.desk.store import people
from shared.web import Model, PagingDep, ReadSessionDep, json_bytes, json_response, page
from shared.web.auth import Caller, needs

router = APIRouter(tags=["desk"])
Auditor = Annotated[Caller, needs("desk", "outreach:read", "outreach:write")]
_NDJSON = "application/x-ndjson"


class MessageRequest(Model):
    channel: MessageChannel
    template: Name


@router.get(
    "/v1/accounts/{account_id}/desk",
    response_model=dict[str, Any],
    summary="All that a collector needs of an account, and what may be done now",
)
async def get_desk(account_id: str, caller: Collector, context: ContextDep) -> Response:
    return json_response(await desk_of(context, caller.tenant, account_id, caller.subject))


@router.post(
    "/v1/accounts/{account_id}/messages",
    response_model=dict[str, Any],
    status_code=201,
    summary="Send one message by hand, past gap and caps; 409 with the verdict where it may not",
)
async def post_message(
    account_id: str, body: MessageRequest, caller: Collector, context: ContextDep
) -> Response:
    shown = await send_by_hand(
        context, caller.tenant, account_id, body.channel, body.template, caller.subject
    )
    return json_response(shown, 201)


@router.get(
    "/v1/accounts/{account_id}/reads",
    response_model=dict[str, Any],
    summary="Who looked at personal data of an account, the newest first",
)
async def list_reads(
    account_id: str, caller: Auditor, session: ReadSessionDep, paging: PagingDep
) -> Response:
    await get_known_account(session, caller.tenant, account_id)
    rows = await people.list_reads(
        session,
        caller.tenant,
        account_id,
        before=paging.after(tuple[datetime, int]),
        limit=paging.limit + 1,
    )
    shown = page(rows, paging.limit, lambda row: (row["at"], row["ord"]))
    shown["items"] = [
        {"at": row["at"], "reader": row["reader"], "what": row["what"]} for row in shown["items"]
    ]
    return json_response(shown)


@router.get(
    "/v1/accounts/{account_id}/export",
    response_model=dict[str, Any],
    summary="The person's copy: all personal data that outreach has of an account",
)
async def get_export(account_id: str, caller: Collector, context: ContextDep) -> Response:
    async with context.db.transaction() as session:
        await keep_read(session, caller.tenant, account_id, caller.subject, "export")
    found = await copy_of(context, caller.tenant, account_id)
    headers = {"Content-Disposition": 'attachment; filename="personal-data.json"'}
    return Response(json_bytes(found), headers=headers, media_type="application/json")


@router.get(
    "/v1/accounts/{account_id}/contact-record",
    response_class=StreamingResponse,
    responses={200: {"content": {_NDJSON: {"schema": {"type": "string"}}}}},
    summary="Every plan, suppression, intent, result and reply, chained by hashes (NDJSON)",
)
async def get_contact_record(
    account_id: str, caller: Auditor, context: ContextDep
) -> StreamingResponse:
    async with context.db.reading() as session:
        await get_known_account(session, caller.tenant, account_id)
    return StreamingResponse(
        record_lines(context, caller.tenant, account_id),
        media_type=_NDJSON,
        headers={"Content-Disposition": 'attachment; filename="contact-record.ndjson"'},
    )

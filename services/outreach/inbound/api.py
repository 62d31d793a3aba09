"""What comes in: mail that is posted, what providers post; and what of it waits for a person."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from services.outreach.api.dependencies import ContextDep
from services.outreach.channels.domain.contract import ProviderRequest
from services.outreach.inbound.domain.items import new_mail
from services.outreach.inbound.domain.mail import ADDRESSES_MAX, MAIL_BYTES_MAX
from services.outreach.inbound.processes.handling import assign_item, handle_item
from services.outreach.inbound.processes.provider_events import take_posted
from services.outreach.inbound.processes.taking import take_item
from services.outreach.inbound.store import items as store
from shared.database import Record, Session
from shared.errors import Invalid, NotFound
from shared.mail_addresses import deliverable
from shared.web import Model, PagingDep, ReadSessionDep, json_response, page
from shared.web.auth import Caller, needs

router = APIRouter(tags=["inbound"])
Reader = Annotated[Caller, needs("outreach:read", "outreach:write", "desk")]
Desk = Annotated[Caller, needs("outreach:write", "desk")]
MailWriter = Annotated[Caller, needs("outreach:write", body_max=MAIL_BYTES_MAX)]
State = Literal["open", "applied", "for-person", "auto-reply", "receipt"]
ReceivedTo = Annotated[
    list[str] | None,
    Query(max_length=ADDRESSES_MAX, description="To whom it was sent, by the mail server."),
]


class ItemView(Model):
    inbound_id: str
    provider: str
    channel: str
    kind: str
    state: State
    received_at: datetime
    ended_at: datetime | None
    account_id: str | None
    contact_id: str | None
    reply_class: str | None
    effect: str | None
    tries: int
    failure: str | None


class ItemWithText(ItemView):
    text: str | None  # what its writer wrote himself
    address: str | None


class ItemPage(Model):
    items: list[ItemView]
    next_cursor: str | None


class AssignRequest(Model):
    account_id: Annotated[str, Field(min_length=1, max_length=128)]


class HandleRequest(Model):
    reason: Annotated[str, Field(min_length=1, max_length=2000)]


@router.post("/v1/providers/{provider}/events", summary="What a provider tells, signed by it")
async def post_events(provider: str, request: Request, context: ContextDep) -> Response:
    """Receipts of our messages and messages of others. Whose they are, its signature says."""
    query = f"?{request.url.query}" if request.url.query else ""
    posted = ProviderRequest(
        url=f"{context.links.public_url}{request.url.path}{query}",
        headers=dict(request.headers),
        body=await request.body(),
    )
    await take_posted(context, provider, posted)
    return Response(status_code=204)


@router.post(
    "/v1/inbound/email",
    response_model=ItemWithText,
    summary="Hand over a mail as it came (RFC 5322)",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"message/rfc822": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def post_email(
    request: Request, caller: MailWriter, context: ContextDep, to: ReceivedTo = None
) -> Response:
    """A repeat changes nothing. 202: it could not be read yet, and will be."""
    raw = await request.body()
    if not raw.strip():
        raise Invalid("There is no mail in the body.")
    goals = [address for each in to or () if (address := deliverable(each)) is not None]
    inbound_id = await take_item(context, caller.tenant, new_mail(raw, goals))
    async with context.db.reading() as session:
        found = await _found(session, caller.tenant, inbound_id)
    return json_response(_with_text(found), status=202 if found["state"] == "open" else 200)


@router.get("/v1/inbound", response_model=ItemPage, summary="What has come in, newest first")
async def list_inbound(
    caller: Reader,
    session: ReadSessionDep,
    paging: PagingDep,
    state: State | None = None,
    account_id: Annotated[str | None, Query(max_length=128)] = None,
) -> Response:
    rows = await store.list_items(
        session,
        caller.tenant,
        state=state,
        account_id=account_id,
        before=paging.after(tuple[datetime, str]),
        limit=paging.limit + 1,
    )
    shown = page(rows, paging.limit, lambda row: (row["received_at"], row["inbound_id"]))
    return json_response({**shown, "items": [_view(row) for row in shown["items"]]})


@router.get("/v1/inbound/{inbound_id}", response_model=ItemWithText, summary="One of it")
async def get_inbound(inbound_id: str, caller: Desk, session: ReadSessionDep) -> Response:
    return json_response(_with_text(await _found(session, caller.tenant, inbound_id)))


@router.post(
    "/v1/inbound/{inbound_id}/assign",
    response_model=ItemWithText,
    summary="Tell whose it is, where that was not known: it is read again",
)
async def assign_inbound(
    inbound_id: str, body: AssignRequest, caller: Desk, context: ContextDep
) -> Response:
    await assign_item(context, caller.tenant, inbound_id, body.account_id)
    async with context.db.reading() as session:
        return json_response(_with_text(await _found(session, caller.tenant, inbound_id)))


@router.post(
    "/v1/inbound/{inbound_id}/handle",
    response_model=ItemWithText,
    summary="Tell that a person has seen to it: what waited for that goes on",
)
async def handle_inbound(
    inbound_id: str, body: HandleRequest, caller: Desk, context: ContextDep
) -> Response:
    await handle_item(context, caller.tenant, inbound_id, caller.subject, body.reason)
    async with context.db.reading() as session:
        return json_response(_with_text(await _found(session, caller.tenant, inbound_id)))


async def _found(session: Session, tenant: str, inbound_id: str) -> Record:
    row = await store.find_item(session, tenant, inbound_id)
    if row is None:
        raise NotFound(f"Nothing of the id {inbound_id} has come in.")
    return row


def _view(row: Record) -> dict[str, object]:
    return {name: row[name] for name in ItemView.model_fields}


def _with_text(row: Record) -> dict[str, object]:
    return {name: row[name] for name in ItemWithText.model_fields}

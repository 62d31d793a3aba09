"""What a person knows of a contact whose end nobody could tell."""

from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from services.outreach.activity.api import ContactView, contact_view
from services.outreach.activity.store.contacts import get_contact
from services.outreach.api.dependencies import ContextDep
from services.outreach.dunning.processes.uncertain import resolve_by_hand
from shared.web import Model, json_response
from shared.web.auth import Caller, needs, require_role

router = APIRouter(tags=["contacts"])
Writer = Annotated[Caller, needs("outreach:write", "desk")]


class ResolveRequest(Model):
    as_: Annotated[Literal["sent", "not-sent"], Field(alias="as")]
    evidence: Annotated[
        str, Field(min_length=1, max_length=2000, description="How it is known, for who asks.")
    ]


@router.post(
    "/v1/contacts/{contact_id}/resolve",
    response_model=ContactView,
    summary="Tell what became of an uncertain contact; safe to repeat. Role supervisor",
)
async def resolve_contact(
    contact_id: str, body: ResolveRequest, caller: Writer, context: ContextDep
) -> Response:
    require_role(caller, "supervisor")
    await resolve_by_hand(
        context,
        caller.tenant,
        contact_id,
        was_sent=body.as_ == "sent",
        evidence=body.evidence,
        by=caller.subject,
    )
    async with context.db.reading() as session:
        contact, planned_at = await get_contact(session, caller.tenant, contact_id)
    return json_response(contact_view(contact, planned_at))

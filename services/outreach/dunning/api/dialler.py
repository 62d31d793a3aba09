"""The calls of a tenant's dialler: what is due, whether it may be dialled now, how it went."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.api.dependencies import ContextDep
from services.outreach.channels.domain.call_outcomes import AnsweredBy, CallResult, CallStatus
from services.outreach.dunning.domain.dialler import (
    CallState,
    Go,
    NoGo,
    OfferedCall,
    call_state,
)
from services.outreach.dunning.processes import dialler as processes
from shared import clock
from shared.web import Model, json_response
from shared.web.auth import Caller, needs
from shared.web.paging import LIMIT_DEFAULT, LIMIT_MAX

SECONDS_MAX = 86_400

router = APIRouter(tags=["dialler"])
Dialler = Annotated[Caller, needs("desk", body_max=4096)]
ContactId = Annotated[str, Path(min_length=1, max_length=64)]


class DueCall(Model):
    """Nothing personal: that is given with `go`."""

    contact_id: str
    not_before: datetime
    not_after: datetime
    script: str | None = Field(description="The name of the template that `go` gives in words.")
    language: str | None
    amd: bool = Field(description="Tell machines from people, and leave them no message.")


class DueCalls(Model):
    calls: list[DueCall]


class GoAnswer(Model):
    """Dial `to` by `valid_until` and say `script` and the disclosures; or why not."""

    go: bool
    to: str | None = None
    script: str | None = None
    disclosures: list[str] | None = None
    language: str | None = None
    valid_until: datetime | None = None
    because: str | None = None
    until: datetime | None = None


class ResultRequest(Model):
    """How a call went."""

    status: CallStatus
    answered_by: AnsweredBy = "unknown"
    seconds: Annotated[int, Field(ge=0, le=SECONDS_MAX)] = 0
    left_message: bool = False


class CallView(Model):
    contact_id: str
    state: CallState
    contact_state: str
    not_before: datetime
    outcome: str | None
    seconds: int | None
    because: str | None


@router.get(
    "/v1/dialler/calls",
    response_model=DueCalls,
    summary="The calls that are due, the longest due first; none is dialled without `go`",
)
async def list_calls(
    caller: Dialler,
    context: ContextDep,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
) -> Response:
    found = await processes.list_calls(context, caller.tenant, limit, clock.now())
    return json_response({"calls": [_due(call) for call in found]})


@router.get(
    "/v1/dialler/calls/{contact_id}",
    response_model=CallView,
    summary="How far a call is",
)
async def get_call(contact_id: ContactId, caller: Dialler, context: ContextDep) -> Response:
    contact = await processes.get_call(context, caller.tenant, contact_id)
    return json_response(_view(contact))


@router.post(
    "/v1/dialler/calls/{contact_id}/go",
    response_model=GoAnswer,
    response_model_exclude_none=True,
    summary="Whether the call may be made now: check, contact rules and intent happen here",
)
async def go(contact_id: ContactId, caller: Dialler, context: ContextDep) -> Response:
    return json_response(_answer(await processes.give(context, caller.tenant, contact_id)))


@router.post(
    "/v1/dialler/calls/{contact_id}/result",
    response_model=CallView,
    summary="How a call went that was given; within 4 hours, and safe to repeat",
)
async def put_result(
    contact_id: ContactId, body: ResultRequest, caller: Dialler, context: ContextDep
) -> Response:
    result = CallResult(body.status, body.answered_by, body.seconds, body.left_message)
    contact = await processes.take_result(context, caller.tenant, contact_id, result)
    return json_response(_view(contact))


def _due(call: OfferedCall) -> dict[str, Any]:
    contact = call.contact
    return {
        "contact_id": contact.contact_id,
        "not_before": call.not_before,
        "not_after": call.not_after,
        "script": contact.script or contact.template,
        "language": contact.language,
        "amd": True,
    }


def _answer(answer: Go | NoGo) -> dict[str, Any]:
    if isinstance(answer, NoGo):
        return {"go": False, "because": answer.because, "until": answer.until}
    return {
        "go": True,
        "to": answer.to,
        "script": answer.script,
        "disclosures": list(answer.disclosures),
        "language": answer.language,
        "valid_until": answer.valid_until,
    }


def _view(contact: DebtorContact) -> dict[str, Any]:
    is_told = contact.state in ("sent", "delivered", "failed")
    return {
        "contact_id": contact.contact_id,
        "state": call_state(contact.state),
        "contact_state": contact.state,
        "not_before": contact.due_at,
        "outcome": contact.outcome or None,
        "seconds": contact.seconds if is_told else None,
        "because": contact.because,
    }

"""The job that makes what is due."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response

from services.outreach.api.dependencies import ContextDep
from services.outreach.dunning.processes import run_due as processes
from shared.web import Instant, Model, json_response
from shared.web.auth import Caller, needs

router = APIRouter(tags=["jobs"])
Writer = Annotated[Caller, needs("outreach:write")]


class RunDueRequest(Model):
    at: Instant


class RunDueCounts(Model):
    planned: int
    sent: int
    suppressed: int
    deferred: int
    cancelled: int
    uncertain: int
    failed: int  # refused by the provider: nothing left, or nothing arrived
    held: int  # wait for a person's approval
    handed_over: int  # to people
    set_aside: int = 0  # debtors who can't be planned for or contacted: a person has a task


class RunDueView(Model):
    counts: RunDueCounts
    next_due_at: datetime | None
    held: int = 0  # contacts that are due and held by a claim of before; call again in a minute


@router.post(
    "/v1/jobs/run-due",
    response_model=RunDueView,
    summary="Plan and send what is due up to an instant of business time; safe to repeat",
)
async def run_due(body: RunDueRequest, caller: Writer, context: ContextDep) -> Response:
    return json_response(await processes.run_due(context, caller.tenant, body.at))

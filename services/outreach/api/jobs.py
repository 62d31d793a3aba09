"""The job that makes what is due."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response

from shared.web import Instant, Model, json_response
from shared.web.auth import Caller, needs

RunDue = Callable[[str, datetime], Awaitable[msgspec.Struct]]  # tenant, at → counts, next_due_at

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


class RunDueView(Model):
    counts: RunDueCounts
    next_due_at: datetime | None


@router.post(
    "/v1/jobs/run-due",
    response_model=RunDueView,
    summary="Plan and send what is due up to an instant of business time; safe to repeat",
)
async def run_due(body: RunDueRequest, caller: Writer, request: Request) -> Response:
    run: RunDue = request.app.state.run_due
    return json_response(await run(caller.tenant, body.at))

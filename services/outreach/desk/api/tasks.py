"""A task over HTTP: claimed, kept, called for, completed, reviewed."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from services.outreach.activity.store.accounts import get_known_account
from services.outreach.api.dependencies import ContextDep
from services.outreach.desk.api.bodies import Address, Collector, Name, Note
from services.outreach.desk.commands import reviews as review_commands
from services.outreach.desk.commands import tasks as commands
from services.outreach.desk.domain.completion import SECONDS_MAX
from services.outreach.desk.domain.dispositions import DispositionName
from services.outreach.desk.domain.task_view import Completion, task_view
from services.outreach.desk.processes.calls import begin_call
from services.outreach.desk.processes.completion import complete
from services.outreach.desk.store import tasks as store
from shared.web import Instant, Model, ReadSessionDep, SessionDep, json_response

router = APIRouter(tags=["desk"])

Score = Annotated[int, Field(ge=0, le=5)]


class CallRequest(Model):
    to: Address | None = None


class CompleteRequest(Model):
    disposition: DispositionName
    command: dict[str, Any] | None = None
    call_id: Name | None = None
    seconds: Annotated[int, Field(ge=0, le=SECONDS_MAX)] = 0
    note: Note | None = None
    follow_up_at: Instant | None = None
    to: Address | None = None


class ReviewRequest(Model):
    scores: Annotated[dict[Name, Score], Field(min_length=1, max_length=50)]
    failed: Annotated[list[Name], Field(max_length=50, default_factory=list)]
    recognition: Note | None = None
    note: Note | None = None


@router.get("/v1/tasks", response_model=dict[str, Any], summary="The tasks of an account")
async def list_tasks(
    caller: Collector,
    session: ReadSessionDep,
    account_id: Annotated[str, Query(max_length=128)],
    state: Annotated[Literal["open", "closed"] | None, Query()] = None,
) -> Response:
    await get_known_account(session, caller.tenant, account_id)
    is_open = None if state is None else state == "open"
    rows = await store.list_tasks_of(
        session, caller.tenant, account_id, is_open=is_open, limit=1000
    )
    return json_response({"items": [task_view(row) for row in rows]})


@router.get("/v1/tasks/{task_id}", response_model=dict[str, Any], summary="One task")
async def get_task(task_id: str, caller: Collector, session: ReadSessionDep) -> Response:
    return json_response(task_view(await commands.get_task(session, caller.tenant, task_id)))


@router.post(
    "/v1/tasks/{task_id}/claim",
    response_model=dict[str, Any],
    summary="Take a certain task; 409 with `claimed_by` and `until` while another has it",
)
async def post_claim(
    task_id: str, caller: Collector, context: ContextDep, session: SessionDep
) -> Response:
    row = await commands.claim_task(session, caller.tenant, task_id, caller.subject, context.clock)
    return json_response(task_view(row))


@router.post(
    "/v1/tasks/{task_id}/extend",
    response_model=dict[str, Any],
    summary="Keep a task for another 15 minutes",
)
async def post_extend(task_id: str, caller: Collector, session: SessionDep) -> Response:
    row = await commands.extend_task(session, caller.tenant, task_id, caller.subject)
    return json_response(task_view(row))


@router.post(
    "/v1/tasks/{task_id}/release", response_model=dict[str, Any], summary="Give a task back"
)
async def post_release(
    task_id: str, caller: Collector, context: ContextDep, session: SessionDep
) -> Response:
    row = await commands.release_task(
        session, caller.tenant, task_id, caller.subject, context.clock
    )
    return json_response(task_view(row))


@router.post(
    "/v1/tasks/{task_id}/call",
    response_model=dict[str, Any],
    summary="May the debtor be called now? With script and disclosures, or 409 with the verdict",
)
async def post_call(
    task_id: str, caller: Collector, context: ContextDep, body: CallRequest | None = None
) -> Response:
    to = body.to if body is not None else None
    return json_response(await begin_call(context, caller.tenant, task_id, caller.subject, to))


@router.post(
    "/v1/tasks/{task_id}/complete",
    response_model=dict[str, Any],
    summary="End a task; after a 503 the same again is safe",
)
async def post_complete(
    task_id: str, body: CompleteRequest, caller: Collector, context: ContextDep
) -> Response:
    completion = Completion(
        disposition=body.disposition,
        command=body.command,
        call_id=body.call_id,
        seconds=body.seconds,
        note=body.note,
        follow_up_at=body.follow_up_at,
        to=body.to,
    )
    return json_response(
        await complete(context, caller.tenant, task_id, caller.subject, completion)
    )


@router.post(
    "/v1/tasks/{task_id}/reviews",
    response_model=dict[str, Any],
    status_code=201,
    summary="What a listener makes of a completed call",
)
async def post_review(
    task_id: str, body: ReviewRequest, caller: Collector, context: ContextDep, session: SessionDep
) -> Response:
    review = review_commands.Review(
        scores=body.scores, failed=tuple(body.failed), recognition=body.recognition, note=body.note
    )
    shown = await review_commands.review_task(
        session, caller.tenant, task_id, caller.subject, review, context.clock
    )
    return json_response(shown, 201)


@router.get("/v1/tasks/{task_id}/reviews", response_model=dict[str, Any], summary="A call's review")
async def get_review(task_id: str, caller: Collector, session: ReadSessionDep) -> Response:
    return json_response(await review_commands.get_reviews(session, caller.tenant, task_id))

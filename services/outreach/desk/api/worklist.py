"""The work list over HTTP: the best task there is, and what there is."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from services.outreach.activity.commands import tenant_now
from services.outreach.api.dependencies import ContextDep
from services.outreach.desk.api.bodies import Collector, Manager, Name
from services.outreach.desk.commands.tasks import held_skills
from services.outreach.desk.domain.task_view import task_view
from services.outreach.desk.processes.worklist import take_next
from services.outreach.desk.store import tasks as store
from shared.errors import NotFound
from shared.web import Model, PagingDep, ReadSessionDep, SessionDep, json_response, page

router = APIRouter(tags=["desk"])


class NextRequest(Model):
    queue: Name | None = None


class QueueRequest(Model):
    """`skill`: the certificate that its tasks need; null: none."""

    skill: Name | None


@router.post(
    "/v1/worklist/next",
    response_model=dict[str, Any],
    summary="Claim the best task there is; 204: there is none now",
)
async def post_next(
    caller: Collector, context: ContextDep, body: NextRequest | None = None
) -> Response:
    queue = body.queue if body is not None else None
    row = await take_next(context, caller.tenant, caller.subject, queue)
    return Response(status_code=204) if row is None else json_response(task_view(row))


@router.get(
    "/v1/worklist",
    response_model=dict[str, Any],
    summary="What one may take now, in its order, and what one has claimed; nothing is claimed",
)
async def get_worklist(
    caller: Collector,
    context: ContextDep,
    session: ReadSessionDep,
    paging: PagingDep,
    queue: Annotated[str | None, Query(max_length=128)] = None,
) -> Response:
    tenant, person = caller.tenant, caller.subject
    now = await tenant_now(session, context.clock, tenant)
    rows = await store.list_tasks(
        session,
        tenant,
        person=person,
        queue=queue,
        skills=await held_skills(session, tenant, person, now),
        now=now,
        after=paging.after(tuple[int, bool, int, datetime, str]),
        limit=paging.limit + 1,
    )
    shown = page(
        rows,
        paging.limit,
        lambda row: (row["urgency"], row["is_own"], row["priority"], row["due_at"], row["task_id"]),
    )
    shown["items"] = [task_view(row) for row in shown["items"]]
    shown["claimed"] = [task_view(row) for row in await store.list_claimed(session, tenant, person)]
    return json_response(shown)


@router.get("/v1/queues", response_model=dict[str, Any], summary="Queues, and what waits in them")
async def get_queues(caller: Collector, context: ContextDep, session: ReadSessionDep) -> Response:
    now = await tenant_now(session, context.clock, caller.tenant)
    rows = await store.list_queues(session, caller.tenant, now)
    return json_response({"items": [dict(row) for row in rows]})


@router.put(
    "/v1/queues/{queue}",
    response_model=dict[str, Any],
    summary="Which certificate the tasks of a queue need",
)
async def put_queue(
    queue: str, body: QueueRequest, caller: Manager, session: SessionDep
) -> Response:
    if not 0 < len(queue) <= 128:
        raise NotFound("There is no such queue.")
    await store.upsert_queue(session, caller.tenant, queue, body.skill)
    return json_response({"queue": queue, "skill": body.skill})

"""Collection plans over HTTP."""

from datetime import date
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Body, Header, Path, Query, Request, Response

from services.metrics.api import plan_models as models
from services.metrics.api.dependencies import CallerDep, ContextDep, WriterDep
from services.metrics.commands import plans as commands
from services.metrics.commands.plan_times import plan_time
from services.metrics.commands.plans import ReviewAsked
from services.metrics.documents.page import PAGE_HEADERS, plan_page
from services.metrics.documents.paper import paper_of
from services.metrics.documents.pdf import plan_pdf
from services.metrics.domain.plans.checks import SaidDay
from services.metrics.domain.plans.drafts import read_plan
from services.metrics.domain.plans.reviews import ReviewDecision
from services.metrics.domain.plans.states import PlanRecord, PlanVersion
from services.metrics.processes.plan_progress import plan_progress
from services.metrics.store import plans as store
from services.metrics.store.plan_days import page_said
from shared.errors import FieldError, Invalid, NotFound
from shared.web import (
    Day,
    PagingDep,
    ReadSessionDep,
    SessionDep,
    json_bytes,
    json_response,
    once,
    page,
)
from shared.web.auth import Caller, needs, require_role
from shared.web.idempotency import Made

BODY_BYTES_MAX = 512 * 1024
MANAGER = "manager"

router = APIRouter(tags=["plans"])
Author = Annotated[Caller, needs("metrics:write", body_max=BODY_BYTES_MAX)]
PlanId = Annotated[str, Path(max_length=64)]
IfMatch = Annotated[str | None, Header(max_length=64, description="`etag` of what was read.")]
PlanBody = Annotated[
    Any,
    Body(
        description="The plan's document (docs/plans.md). A draft needs `plan_id` and `title`.",
        examples=[{"plan_id": "spring-2026", "title": "Spring", "currency": "EUR"}],
    ),
]


@router.post(
    "/v1/plans",
    response_model=models.PlanView,
    status_code=201,
    summary="Write a new plan",
)
async def create_plan(
    body: PlanBody, request: Request, session: SessionDep, context: ContextDep, caller: Author
) -> Response:
    """A draft. Every fault of the document is named at once (422); `warnings` may stand."""
    read = read_plan(body)

    async def create() -> Any:
        record = await commands.create_plan(
            session, caller.tenant, context.clock, read.plan, by=caller.subject
        )
        return _view(record, record.newest, read.warnings)

    return await once(request, session, caller, create)


@router.put("/v1/plans/{plan_id}", response_model=models.PlanView, summary="Write a plan's draft")
async def put_plan(
    plan_id: PlanId,
    body: PlanBody,
    session: SessionDep,
    context: ContextDep,
    caller: Author,
    if_match: IfMatch = None,
) -> Response:
    """Over the draft there is; beside an approved version as the next one. Somebody has written
    meanwhile: 412."""
    read = read_plan(body)
    if read.plan.plan_id != plan_id:
        raise Invalid("The plan is another one.", [FieldError("/plan_id", f"must be {plan_id}")])
    record = await commands.write_plan(
        session, caller.tenant, context.clock, read.plan, if_match=if_match, by=caller.subject
    )
    return _answer(record, record.newest, read.warnings)


@router.get("/v1/plans", response_model=models.PlanPage, summary="Plans by id")
async def list_plans(
    session: ReadSessionDep,
    caller: CallerDep,
    paging: PagingDep,
    state: Annotated[str | None, Query(description="Those in this state.")] = None,
) -> Response:
    (after,) = paging.after(tuple[str]) or ("",)
    found = await store.list_plans(
        session,
        caller.tenant,
        states=None if state is None else [state],
        after=after,
        limit=paging.limit + 1,
    )
    rows = [_summary(record) for record in found]
    return json_response(page(rows, paging.limit, lambda row: (row["plan_id"],)))


@router.get("/v1/plans/{plan_id}", response_model=models.PlanView, summary="A plan")
async def get_plan(
    plan_id: PlanId,
    session: ReadSessionDep,
    caller: CallerDep,
    version: Annotated[int | None, Query(ge=1, description="Default: the newest.")] = None,
) -> Response:
    record = await store.get_plan(session, caller.tenant, plan_id)
    shown = _version(record, version)
    return _answer(record, shown, read_plan(msgspec.to_builtins(shown.plan)).warnings)


@router.post(
    "/v1/plans/{plan_id}/approve", response_model=models.PlanView, summary="Approve a version"
)
async def approve_plan(
    plan_id: PlanId,
    body: models.ApproveRequest,
    request: Request,
    session: SessionDep,
    context: ContextDep,
    caller: WriterDep,
    if_match: IfMatch = None,
) -> Response:
    """By a manager who did not write it (else 403)."""
    require_role(caller, MANAGER)

    async def act() -> Any:
        record = await commands.approve_plan(
            session,
            caller.tenant,
            context.clock,
            plan_id,
            body.version,
            if_match=if_match,
            by=caller.subject,
        )
        return _view(record, _version(record, body.version))

    return await once(request, session, caller, act, status=200)


@router.post(
    "/v1/plans/{plan_id}/withdraw", response_model=models.PlanView, summary="Back to a draft"
)
async def withdraw_plan(
    plan_id: PlanId,
    body: models.WithdrawRequest,
    request: Request,
    session: SessionDep,
    caller: WriterDep,
) -> Response:
    """An approved plan that has not begun."""

    async def act() -> Any:
        record = await commands.withdraw_plan(session, caller.tenant, plan_id, reason=body.reason)
        return _view(record, record.newest)

    return await once(request, session, caller, act, status=200)


@router.post("/v1/plans/{plan_id}/close", response_model=models.PlanView, summary="End a plan")
async def close_plan(
    plan_id: PlanId,
    body: models.CloseRequest,
    request: Request,
    session: SessionDep,
    context: ContextDep,
    caller: WriterDep,
) -> Response:
    """One that was not reviewed needs a reason. Nothing changes it any more."""

    async def act() -> Any:
        record = await commands.close_plan(
            session, caller.tenant, context.clock, plan_id, reason=body.reason, by=caller.subject
        )
        return _view(record, record.newest)

    return await once(request, session, caller, act, status=200)


@router.post(
    "/v1/plans/{plan_id}/reviews",
    response_model=models.ReviewView,
    status_code=201,
    summary="Hold a review",
)
async def review_plan(
    plan_id: PlanId,
    body: models.ReviewRequest,
    request: Request,
    context: ContextDep,
    caller: WriterDep,
) -> Response:
    """Kept with the progress as it is known now. A second one for a day: 409. The final one, once
    the plan's last day is over, ends it."""
    asked = ReviewAsked(
        for_day=body.for_day,
        is_final=body.final,
        notes=body.notes,
        decisions=tuple(
            ReviewDecision(text=each.text, who=each.who, by=each.by) for each in body.decisions
        ),
    )
    judged, progress = await plan_progress(context, caller.tenant, plan_id, None)

    async with context.db.transaction() as session:

        async def act() -> Any:
            state = (await store.get_plan(session, caller.tenant, plan_id)).state
            review = await commands.review_plan(
                session,
                caller.tenant,
                context.clock,
                plan_id,
                asked,
                progress=msgspec.to_builtins(progress),
                objectives=judged.objectives,
                by=caller.subject,
            )
            return Made(200 if state == "reviewed" else 201, review)

        return await once(request, session, caller, act)


@router.get(
    "/v1/plans/{plan_id}/reviews", response_model=models.ReviewList, summary="Reviews of a plan"
)
async def list_reviews(plan_id: PlanId, session: ReadSessionDep, caller: CallerDep) -> Response:
    await store.get_plan(session, caller.tenant, plan_id)
    return json_response({"items": await store.list_reviews(session, caller.tenant, plan_id)})


@router.get(
    "/v1/plans/{plan_id}/progress",
    response_model=models.ProgressView,
    summary="Whether a plan will be met, and why",
)
async def get_progress(
    plan_id: PlanId,
    context: ContextDep,
    caller: CallerDep,
    as_of: Annotated[
        Day | None, Query(description="At this day's end, by what was known then.")
    ] = None,
) -> Response:
    _, progress = await plan_progress(context, caller.tenant, plan_id, as_of)
    return json_response(progress)


@router.get(
    "/v1/plans/{plan_id}/days", response_model=models.SaidDayPage, summary="What was said of days"
)
async def list_days(
    plan_id: PlanId, session: ReadSessionDep, caller: CallerDep, paging: PagingDep
) -> Response:
    """The newest first, as each day was checked; later facts change nothing here."""
    await store.get_plan(session, caller.tenant, plan_id)
    (before,) = paging.after(tuple[date]) or (None,)
    found = await page_said(session, caller.tenant, plan_id, before=before, limit=paging.limit + 1)
    rows = [_said(each) for each in found]
    return json_response(page(rows, paging.limit, lambda row: (row["day"],)))


def _said(each: SaidDay) -> dict[str, Any]:
    progress = msgspec.json.decode(each.progress) or {}
    return {
        "day": each.day,
        "version": each.version,
        "is_behind": each.is_behind,
        "objectives": [
            {name: one.get(name) for name in ("id", "verdict", "value", "because")}
            for one in progress.get("objectives", [])
        ],
        "budget": [
            {name: one.get(name) for name in ("id", "state", "actual_minor")}
            for one in progress.get("budget", [])
        ],
    }


@router.get(
    "/v1/plans/{plan_id}/document",
    response_class=Response,
    responses={200: {"content": {"text/html": {}, "application/pdf": {}}}},
    summary="A plan on paper",
)
async def get_document(
    plan_id: PlanId,
    request: Request,
    context: ContextDep,
    caller: CallerDep,
    version: Annotated[int | None, Query(ge=1, description="Default: the newest.")] = None,
) -> Response:
    """A page that prints; as PDF where `Accept` asks for `application/pdf`."""
    async with context.db.reading() as session:
        record = await store.get_plan(session, caller.tenant, plan_id)
        reviews = await store.list_reviews(session, caller.tenant, plan_id)
        time = await plan_time(session, caller.tenant, context.clock)
    paper = paper_of(record, _version(record, version), reviews, made_on=time.day)
    if "application/pdf" in request.headers.get("accept", ""):
        content = await context.pool.run(caller.tenant, plan_pdf, msgspec.msgpack.encode(paper))
        disposition = f'attachment; filename="plan-{plan_id}.pdf"'
        headers = {"Content-Disposition": disposition, "Vary": "Accept"}
        return Response(content, media_type="application/pdf", headers=headers)
    page_headers = {**PAGE_HEADERS, "Vary": "Accept"}
    return Response(plan_page(paper), media_type="text/html", headers=page_headers)


def _version(record: PlanRecord, version: int | None) -> PlanVersion:
    """That version, or the newest. Raises `NotFound`."""
    if version is None:
        return record.newest
    found = record.find(version)
    if found is None:
        raise NotFound(f"The plan has no version {version}.")
    return found


def _answer(
    record: PlanRecord, version: PlanVersion, warnings: tuple[FieldError, ...] = ()
) -> Response:
    content = json_bytes(_view(record, version, warnings))
    headers = {"ETag": record.newest.etag}
    return Response(content, media_type="application/json", headers=headers)


def _view(
    record: PlanRecord, version: PlanVersion, warnings: tuple[FieldError, ...] = ()
) -> dict[str, Any]:
    return {
        "plan_id": record.plan_id,
        "state": record.state,
        "version": version.version,
        "draft_version": None if record.draft is None else record.draft.version,
        "etag": record.newest.etag,
        "started_on": record.started_on,
        "ended_on": record.ended_on,
        "reason": record.reason,
        "document": version.plan,
        "versions": [
            {
                "version": each.version,
                "edit": each.edit,
                "authors": each.authors,
                "written_on": each.written_on,
                "approved_by": each.approved_by,
                "approved_on": each.approved_on,
                "holds_from": each.holds_from,
            }
            for each in record.versions
        ],
        "warnings": warnings,
    }


def _summary(record: PlanRecord) -> dict[str, Any]:
    shown = record.approved or record.newest
    return {
        "plan_id": record.plan_id,
        "title": shown.plan.title,
        "state": record.state,
        "version": shown.version,
        "draft_version": None if record.draft is None else record.draft.version,
        "currency": shown.plan.currency,
        "from": shown.plan.from_on,
        "to": shown.plan.to_on,
        "started_on": record.started_on,
        "ended_on": record.ended_on,
    }

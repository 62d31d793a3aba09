"""Cases over HTTP, and notes, which never leave outreach."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from services.outreach.api.dependencies import ContextDep
from services.outreach.desk.api.bodies import Collector, Name, Note
from services.outreach.desk.commands import notes as note_commands
from services.outreach.desk.domain.task_view import case_view
from services.outreach.desk.store import cases as store
from services.outreach.desk.store import people
from shared.errors import Conflict, NotFound
from shared.web import Model, PagingDep, ReadSessionDep, SessionDep, json_response, page

router = APIRouter(tags=["desk"])


class CaseRequest(Model):
    """What is left out stays as it is."""

    owner: Name | None = None
    escalated: bool | None = None


class NoteRequest(Model):
    note: Note


@router.get("/v1/cases", response_model=dict[str, Any], summary="Cases, the newest first")
async def list_cases(
    caller: Collector,
    session: ReadSessionDep,
    paging: PagingDep,
    account_id: Annotated[str | None, Query(max_length=128)] = None,
    state: Annotated[Literal["open", "closed"] | None, Query()] = None,
    owner: Annotated[str | None, Query(max_length=256)] = None,
) -> Response:
    rows = await store.list_cases(
        session,
        caller.tenant,
        account_id=account_id,
        state=state,
        owner=owner,
        before=paging.after(tuple[datetime, str]),
        limit=paging.limit + 1,
    )
    shown = page(rows, paging.limit, lambda row: (row["opened_at"], row["case_id"]))
    shown["items"] = [case_view(row) for row in shown["items"]]
    return json_response(shown)


@router.get("/v1/cases/{case_id}", response_model=dict[str, Any], summary="One case")
async def get_case(case_id: str, caller: Collector, session: ReadSessionDep) -> Response:
    row = await store.find_case(session, caller.tenant, case_id)
    if row is None:
        raise NotFound(f"There is no case {case_id}.")
    return json_response(case_view(row))


@router.put(
    "/v1/cases/{case_id}",
    response_model=dict[str, Any],
    summary="Whose a case is, and whether it is escalated",
)
async def put_case(
    case_id: str, body: CaseRequest, caller: Collector, session: SessionDep
) -> Response:
    row = await store.lock_case(session, caller.tenant, case_id)
    if row is None:
        raise NotFound(f"There is no case {case_id}.")
    if row["state"] != "open":
        raise Conflict("The case is closed.", members={"state": row["state"]})
    owner = body.owner if "owner" in body.model_fields_set else row["owner"]
    escalated = row["is_escalated"] if body.escalated is None else body.escalated
    await store.update_case(session, caller.tenant, case_id, owner=owner, is_escalated=escalated)
    after = await store.find_case(session, caller.tenant, case_id)
    return json_response(case_view(after))


@router.post(
    "/v1/accounts/{account_id}/notes",
    response_model=dict[str, Any],
    status_code=201,
    summary="Write a note about an account",
)
async def post_note(
    account_id: str, body: NoteRequest, caller: Collector, context: ContextDep, session: SessionDep
) -> Response:
    shown = await note_commands.write_note(
        session, caller.tenant, account_id, caller.subject, body.note, context.clock
    )
    return json_response(shown, 201)


@router.get(
    "/v1/accounts/{account_id}/notes",
    response_model=dict[str, Any],
    summary="Notes about an account, the newest first",
)
async def list_notes(
    account_id: str, caller: Collector, session: SessionDep, paging: PagingDep
) -> Response:
    await note_commands.keep_read(session, caller.tenant, account_id, caller.subject, "notes")
    rows = await people.list_notes(
        session,
        caller.tenant,
        account_id,
        before=paging.after(tuple[datetime, int]),
        limit=paging.limit + 1,
    )
    shown = page(rows, paging.limit, lambda row: (row["at"], row["ord"]))
    shown["items"] = [note_commands.note_view(row) for row in shown["items"]]
    return json_response(shown)

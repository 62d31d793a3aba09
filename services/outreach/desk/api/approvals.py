"""Approvals over HTTP: what waits for somebody's decision, and the decision."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from services.outreach.activity.domain.approvals import ApprovalKind
from services.outreach.api.dependencies import ContextDep
from services.outreach.desk.api.bodies import Decider, Note, Reader
from services.outreach.desk.processes.approvals import decide
from services.outreach.desk.store import approvals as store
from shared.errors import NotFound
from shared.web import Model, PagingDep, ReadSessionDep, json_response, page

router = APIRouter(tags=["approvals"])


class DecideRequest(Model):
    decision: Literal["approve", "refuse"]
    reason: Note | None = None


@router.get(
    "/v1/approvals",
    response_model=dict[str, Any],
    summary="What waits, or waited, for a decision, in the order in which it was asked for",
)
async def list_approvals(
    caller: Reader,
    session: ReadSessionDep,
    paging: PagingDep,
    state: Annotated[
        Literal["pending", "approved", "refused", "withdrawn", "expired"] | None, Query()
    ] = None,
    kind: Annotated[ApprovalKind | None, Query()] = None,
    role: Annotated[str | None, Query(max_length=64)] = None,
    account_id: Annotated[str | None, Query(max_length=128)] = None,
) -> Response:
    rows = await store.list_approvals(
        session,
        caller.tenant,
        state=state,
        kind=kind,
        role=role,
        account_id=account_id,
        after=paging.after(tuple[datetime, str]),
        limit=paging.limit + 1,
    )
    shown = page(rows, paging.limit, lambda row: (row["requested_at"], row["approval_id"]))
    shown["items"] = [_approval(row) for row in shown["items"]]
    return json_response(shown)


@router.get("/v1/approvals/{approval_id}", response_model=dict[str, Any], summary="One approval")
async def get_approval(approval_id: str, caller: Reader, session: ReadSessionDep) -> Response:
    row = await store.find_approval(session, caller.tenant, approval_id)
    if row is None:
        raise NotFound(f"There is no approval {approval_id}.")
    return json_response(_approval(row))


@router.post(
    "/v1/approvals/{approval_id}/decide",
    response_model=dict[str, Any],
    summary="Decide what waits: with its role, and not who asked for it",
)
async def post_decision(
    approval_id: str, body: DecideRequest, caller: Decider, context: ContextDep
) -> Response:
    row = await decide(
        context,
        caller.tenant,
        approval_id,
        decision=body.decision,
        reason=body.reason,
        person=caller.subject,
        roles=caller.roles,
    )
    return json_response(_approval(row))


def _approval(row: Any) -> dict[str, Any]:
    names = (
        "approval_id", "kind", "subject_id", "state", "role", "requested_by", "requested_at",
        "expires_at", "account_id", "contact_id", "channel", "rule", "citation",
        "rulebook_version", "decided_by", "decided_at", "reason", "effect", "failure",
    )  # fmt: skip
    return {name: row[name] for name in names}

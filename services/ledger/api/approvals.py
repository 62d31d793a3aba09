"""Approvals over HTTP: what waits for somebody's decision, in all accounts of a tenant."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response

from services.ledger.api.commands import CommandCall, ReasonBody, Staff
from services.ledger.api.dependencies import ContextDep, Reader
from services.ledger.api.views import Shown, approval_view
from services.ledger.commands.agreements import Done
from services.ledger.domain.agreements import Role
from services.ledger.domain.approvals import approval_of
from services.ledger.domain.doors.approvals import decide
from services.ledger.store.approvals import find_account_of, list_approvals
from shared.errors import NotFound
from shared.web import PagingDep, ReadSessionDep, page

router = APIRouter(tags=["approvals"])


class DecisionBody(ReasonBody):
    decision: Literal["approve", "refuse"]
    role: Role


@router.get("/v1/approvals")
async def get_approvals(
    session: ReadSessionDep,
    caller: Reader,
    paging: PagingDep,
    state: Annotated[
        Literal["open", "approved", "refused", "expired", "withdrawn"] | None, Query()
    ] = None,
    account_id: str | None = None,
) -> Any:
    """What waits or waited for a decision, in the order in which it was asked for."""
    found = await list_approvals(
        session,
        caller.tenant,
        state=state,
        account_id=account_id,
        after=paging.after(tuple[datetime, str]),
        limit=paging.limit + 1,
    )
    rows = [approval_view(each.account_id, each.request) for each in found]
    return page(rows, paging.limit, lambda row: (row["requested_at"], row["approval_id"]))


@router.post("/v1/approvals/{approval_id:path}/decide")
async def post_decision(
    approval_id: str,
    body: DecisionBody,
    request: Request,
    context: ContextDep,
    caller: Staff,
    preview: Annotated[bool, Query()] = False,
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Decide what waits: with the role that is needed, and not who asked for it."""
    async with context.db.reading() as session:
        account_id = await find_account_of(session, caller.tenant, approval_id)
    if account_id is None:
        raise NotFound(f"there is no approval {approval_id!r}")
    call = CommandCall(request, context, account_id, preview, if_match)

    def shown(done: Done) -> Shown:
        decided = approval_of(done.state, approval_id)
        assert decided is not None
        return approval_view(account_id, decided)

    return await call.answer(
        body,
        lambda state, asking: decide(
            state, approval_id, body.decision, body.role, body.reason, asking
        ),
        ("approval-decided", approval_id),
        shown,
    )

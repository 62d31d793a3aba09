"""A person's word that an account is left alone until a day, and what else of ours pauses it."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.outreach.activity.commands import account_now
from services.outreach.activity.store.accounts import get_known_account, get_zone
from services.outreach.debtors.domain.own_pauses import OwnPause, fault_of_until
from services.outreach.debtors.store.pauses import list_pauses
from services.outreach.dunning.commands.pauses import end_account_pauses, pause
from shared import ids
from shared.clock import local_day
from shared.database import Session
from shared.errors import FieldError, Invalid
from shared.web import Day, Model, ReadSessionDep, SessionDep, context_of, json_response
from shared.web.auth import Caller, needs

router = APIRouter(tags=["strategies"])
Reader = Annotated[Caller, needs("outreach:read", "outreach:write")]
Writer = Annotated[Caller, needs("outreach:write")]
MANUAL = "manual"


class PauseRequest(Model):
    """Until 00:00 of that day in the account's zone, at most 90 days ahead."""

    until: Day
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class PauseView(Model):
    pause_id: str
    because: str  # reply, claim, manual
    from_on: date
    until: date | None  # none: by the days of the account's strategy, or until a person ends it
    reason: str | None
    created_at: datetime
    created_by: str | None


class PausesView(Model):
    account_id: str
    pauses: list[PauseView]


@router.get(
    "/v1/accounts/{account_id}/pause",
    response_model=PausesView,
    summary="What of our own pauses an account now; the ledger's holds and promises do besides",
)
async def get_pauses(account_id: str, caller: Reader, session: ReadSessionDep) -> Response:
    await get_known_account(session, caller.tenant, account_id)
    return json_response(await _view(session, caller.tenant, account_id))


@router.post(
    "/v1/accounts/{account_id}/pause",
    response_model=PausesView,
    summary="Leave an account alone until a day; another day takes the place of the one before",
)
async def post_pause(
    account_id: str, body: PauseRequest, caller: Writer, session: SessionDep, request: Request
) -> Response:
    tenant = caller.tenant
    await get_known_account(session, tenant, account_id)
    at = await account_now(session, context_of(request).clock, tenant, account_id)
    today = local_day(at, await get_zone(session, tenant, account_id))
    fault = fault_of_until(body.until, today)
    if fault is not None:
        raise Invalid("The pause cannot be.", [FieldError("/until", fault)])
    standing = [p for p in await list_pauses(session, tenant, account_id) if p.kind == MANUAL]
    if not any(p.until_on == body.until and p.reason == body.reason for p in standing):
        await end_account_pauses(session, tenant, account_id, MANUAL, today)
        await pause(
            session,
            tenant,
            OwnPause(
                pause_id=ids.event_id(
                    tenant, "outreach", "pause", account_id, str(body.until), at.isoformat()
                ),
                account_id=account_id,
                kind="manual",
                from_on=today,
                until_on=body.until,
                reason=body.reason,
                created_by=caller.subject,
                created_at=at,
            ),
        )
    return json_response(await _view(session, tenant, account_id))


@router.delete(
    "/v1/accounts/{account_id}/pause",
    response_model=PausesView,
    summary="Let an account's ladder go on that a person has paused; safe to repeat",
)
async def delete_pause(
    account_id: str, caller: Writer, session: SessionDep, request: Request
) -> Response:
    tenant = caller.tenant
    await get_known_account(session, tenant, account_id)
    at = await account_now(session, context_of(request).clock, tenant, account_id)
    today = local_day(at, await get_zone(session, tenant, account_id))
    await end_account_pauses(session, tenant, account_id, MANUAL, today)
    return json_response(await _view(session, tenant, account_id))


async def _view(session: Session, tenant: str, account_id: str) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "pauses": [
            {
                "pause_id": each.pause_id,
                "because": each.kind,
                "from_on": each.from_on,
                "until": each.until_on,
                "reason": each.reason,
                "created_at": each.created_at,
                "created_by": each.created_by,
            }
            for each in await list_pauses(session, tenant, account_id)
        ],
    }

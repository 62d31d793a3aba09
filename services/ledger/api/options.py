"""What may be asked of an account now, before it is asked."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from services.ledger.api.dependencies import ContextDep, ReaderOrDebtor
from services.ledger.commands.agreements import etag_of, find_options
from shared import clock
from shared.web import ReadSessionDep
from shared.web.models import json_response

router = APIRouter(tags=["accounts"])


@router.get("/v1/accounts/{account_id}/options")
async def get_options(
    account_id: str, context: ContextDep, session: ReadSessionDep, caller: ReaderOrDebtor
) -> Response:
    """What may be paid, promised, planned, settled and disputed, by currency. Its ETag goes with a
    command as `If-Match`: 412 where something happened in between."""
    for_staff = bool(caller.scopes & {"ledger:read", "ledger:write"})
    key = (caller.tenant, account_id)
    found, version = await find_options(
        session, key, caller.roles, context, now=clock.now(), for_staff=for_staff
    )
    answer: dict[str, Any] = {"account_id": account_id, "currencies": found}
    response = json_response(answer)
    response.headers["ETag"] = etag_of(version)
    return response

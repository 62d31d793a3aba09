"""Links into the portal, as staff see to them."""

from typing import Annotated, Any

from fastapi import APIRouter, Response

from services.outreach.portal.store import links as store
from shared import clock
from shared.errors import NotFound
from shared.web import SessionDep, json_response
from shared.web.auth import Caller, needs

router = APIRouter(tags=["portal"])
Writer = Annotated[Caller, needs("outreach:write")]


@router.delete(
    "/v1/accounts/{account_id}/portal-links",
    response_model=dict[str, Any],
    summary="End every link of the account's debtor, and whoever is signed in by one",
)
async def delete_links(account_id: str, caller: Writer, session: SessionDep) -> Response:
    key = await store.find_debtor_key(session, caller.tenant, account_id)
    if key is None:
        raise NotFound(f"There is no account {account_id}.")
    ended = await store.end_links(session, caller.tenant, key, "staff", clock.now())
    return json_response({"account_id": account_id, "ended": ended})

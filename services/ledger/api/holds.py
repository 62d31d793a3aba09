"""Holds over HTTP: what nothing may be done with for some days, and who may let it go."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from services.ledger.api.arrangement_views import waiting
from services.ledger.api.commands import (
    CallDep,
    CommandBody,
    Id,
    Ids,
    Reason,
    ReasonBody,
    Staff,
    Text,
    ids_of,
)
from services.ledger.api.dependencies import ContextDep, Reader
from services.ledger.api.views import Shown, hold_view
from services.ledger.commands.accounts import find_account
from services.ledger.domain import AccountState
from services.ledger.domain.agreements import HoldKind
from services.ledger.domain.doors.holds import HoldAsked, place_hold, release_hold
from services.ledger.domain.holds import NOUN, Hold, holds
from shared.errors import NotFound
from shared.web import Day, ReadSessionDep

router = APIRouter(tags=["holds"])
_PATH = "/v1/accounts/{account_id}/holds"


class HoldBody(CommandBody):
    """A hold: from 00:00 of `from_on` to the end of `until_on`."""

    hold_id: Id | None = None
    kind: HoldKind
    invoice_ids: Ids | None = None
    from_on: Day | None = None
    until_on: Day | None = None
    reason: Reason
    evidence_ref: Text | None = None


class ReleaseBody(ReasonBody):
    """The first day without the hold; default: the day of the release."""

    released_on: Day | None = None


def _shown(state: AccountState, hold_id: str) -> Shown:
    hold = state.objects.of(NOUN).get(hold_id)
    if not isinstance(hold, Hold):
        raise NotFound(f"there is no hold {hold_id!r} of the account")
    return {**hold_view(hold), **waiting(state, f"{NOUN}:{hold_id}")}


@router.post(_PATH, status_code=201)
async def post_hold(body: HoldBody, call: CallDep, _caller: Staff) -> Response:
    """Place a hold, also from an earlier day: it counts for the whole history."""
    hold_id = call.id_for(NOUN, body.hold_id)
    asked = HoldAsked(
        hold_id=hold_id,
        kind=body.kind,
        invoice_ids=ids_of(body.invoice_ids),
        from_on=body.from_on,
        until_on=body.until_on,
        reason=body.reason,
        evidence_ref=body.evidence_ref,
    )
    return await call.answer(
        body,
        lambda state, asking: place_hold(state, asked, asking),
        ("hold-placed", hold_id),
        lambda done: _shown(done.state, hold_id),
        id_pointer="/hold_id",
        status=201,
    )


@router.post(_PATH + "/{hold_id:path}/release")
async def post_release(hold_id: str, body: ReleaseBody, call: CallDep, _caller: Staff) -> Response:
    """Release a hold. Who lacks the role of its kind asks for it: 202."""
    return await call.answer(
        body,
        lambda state, asking: release_hold(state, hold_id, body.released_on, body.reason, asking),
        ("hold-released", hold_id),
        lambda done: _shown(done.state, hold_id),
    )


@router.get(_PATH)
async def list_holds(
    account_id: str,
    context: ContextDep,
    session: ReadSessionDep,
    caller: Reader,
    state: Annotated[Literal["placed", "released", "expired"] | None, Query()] = None,
) -> Any:
    """An account's holds, in the order in which they were placed."""
    _, account = await find_account(session, caller.tenant, account_id, context)
    found = [hold for hold in holds(account) if state in (None, hold.state)]
    return {"items": [_shown(account, hold.hold_id) for hold in found]}


@router.get(_PATH + "/{hold_id:path}")
async def get_hold(
    account_id: str, hold_id: str, context: ContextDep, session: ReadSessionDep, caller: Reader
) -> Any:
    _, account = await find_account(session, caller.tenant, account_id, context)
    return _shown(account, hold_id)

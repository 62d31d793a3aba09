"""Write-offs over HTTP."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from services.ledger.api.commands import (
    CallDep,
    CommandBody,
    Id,
    Ids,
    Reason,
    ReasonBody,
    Staff,
    ids_of,
)
from services.ledger.api.dependencies import ContextDep, Reader
from services.ledger.api.hand_over_views import with_warnings, write_off_view
from services.ledger.api.views import Shown
from services.ledger.commands.accounts import find_account
from services.ledger.commands.agreements import Done
from services.ledger.domain import AccountState
from services.ledger.domain.doors.write_offs import WriteOffAsked, reverse_write_off, write_off
from services.ledger.domain.write_offs import NOUN, WriteOff, write_offs
from shared.errors import NotFound
from shared.web import ReadSessionDep
from shared.web.models import Currency, Minor

router = APIRouter(tags=["write-offs"])
_PATH = "/v1/accounts/{account_id}/write-offs"


class WriteOffBody(CommandBody):
    """Without an amount: all that is owed on the invoices; without them: on all that are open."""

    write_off_id: Id | None = None
    kind: Literal[
        "uncollectable",
        "uneconomic",
        "bankruptcy",
        "deceased",
        "time-barred",
        "goodwill",
        "small-balance",
    ]
    currency: Currency
    invoice_ids: Ids | None = None
    amount_minor: Minor | None = None
    reason: Reason


def _known(state: AccountState, write_off_id: str) -> WriteOff:
    known = state.objects.of(NOUN).get(write_off_id)
    if not isinstance(known, WriteOff):
        raise NotFound(f"there is no write-off {write_off_id!r} of the account")
    return known


def _shown(state: AccountState, write_off_id: str) -> Shown:
    return write_off_view(_known(state, write_off_id), state)


@router.post(_PATH, status_code=201)
async def post_write_off(body: WriteOffBody, call: CallDep, _caller: Staff) -> Response:
    """Write debts off. Above a small balance it waits for finance: 202. `warnings` name the
    arrangements, promises and placements over its debts."""
    write_off_id = call.id_for(NOUN, body.write_off_id)
    asked = WriteOffAsked(
        write_off_id=write_off_id,
        kind=body.kind,
        currency=body.currency,
        invoice_ids=ids_of(body.invoice_ids),
        amount_minor=body.amount_minor,
        reason=body.reason,
    )

    def shown(done: Done) -> Shown:
        known = _known(done.state, write_off_id)
        return with_warnings(write_off_view(known, done.state), known, done.before)

    return await call.answer(
        body,
        lambda state, asking: write_off(state, asked, asking),
        ("account-written-off", write_off_id),
        shown,
        id_pointer="/write_off_id",
        status=201,
        is_agreed=True,
    )


@router.post(_PATH + "/{write_off_id:path}/reverse")
async def post_reversal(
    write_off_id: str, body: ReasonBody, call: CallDep, _caller: Staff
) -> Response:
    """What was written off is owed again; of a sale: the buyer returned it. Needs finance."""
    return await call.answer(
        body,
        lambda state, asking: reverse_write_off(state, write_off_id, body.reason, asking),
        ("write-off-reversed", write_off_id),
        lambda done: _shown(done.state, write_off_id),
    )


@router.get(_PATH)
async def list_write_offs(
    account_id: str,
    context: ContextDep,
    session: ReadSessionDep,
    caller: Reader,
    state: Annotated[
        Literal["pending_approval", "made", "sold", "reversed", "refused"] | None, Query()
    ] = None,
) -> Any:
    """An account's write-offs, those of small balances and sales among them."""
    _, account = await find_account(session, caller.tenant, account_id, context)
    found = [known for known in write_offs(account) if state in (None, known.state)]
    return {"items": [write_off_view(known, account) for known in found]}


@router.get(_PATH + "/{write_off_id:path}")
async def get_write_off(
    account_id: str,
    write_off_id: str,
    context: ContextDep,
    session: ReadSessionDep,
    caller: Reader,
) -> Any:
    _, account = await find_account(session, caller.tenant, account_id, context)
    return _shown(account, write_off_id)

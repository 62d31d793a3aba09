"""Promises to pay over HTTP."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from services.ledger.api.commands import (
    CallDep,
    CommandBody,
    Id,
    Ids,
    ReasonBody,
    Staff,
    StaffOrDebtor,
    ids_of,
)
from services.ledger.api.dependencies import ContextDep, Reader
from services.ledger.api.views import promise_view
from services.ledger.commands.accounts import find_account
from services.ledger.commands.agreements import Done
from services.ledger.domain.doors.promises import PromiseOffer, cancel_promise, make_promise
from services.ledger.domain.promises import NOUN, Promise, promises
from shared.errors import NotFound
from shared.web import Day, ReadSessionDep
from shared.web.models import Currency, Minor

router = APIRouter(tags=["promises"])
_PATH = "/v1/accounts/{account_id}/promises"


class PromiseBody(CommandBody):
    """A promise to pay."""

    promise_id: Id | None = None
    currency: Currency
    amount_minor: Minor
    due_on: Day
    invoice_ids: Ids | None = None
    supersedes: list[Id] = Field(default_factory=list, max_length=100)
    mandate_id: Id | None = None


def _shown(done: Done, promise_id: str) -> Any:
    promise = done.state.objects.of(NOUN)[promise_id]
    assert isinstance(promise, Promise)
    return promise_view(promise)


@router.post(_PATH, status_code=201)
async def post_promise(body: PromiseBody, call: CallDep, _caller: StaffOrDebtor) -> Response:
    """Make a promise: a stop for its invoices until it is judged."""
    promise_id = call.id_for(NOUN, body.promise_id)
    offer = PromiseOffer(
        promise_id=promise_id,
        currency=body.currency,
        amount_minor=body.amount_minor,
        due_on=body.due_on,
        invoice_ids=ids_of(body.invoice_ids),
        supersedes=tuple(body.supersedes),
        mandate_id=body.mandate_id,
    )
    return await call.answer(
        body,
        lambda state, asking: make_promise(state, offer, asking),
        ("promise-made", promise_id),
        lambda done: _shown(done, promise_id),
        id_pointer="/promise_id",
        status=201,
        is_agreed=True,
    )


@router.post(_PATH + "/{promise_id:path}/cancel")
async def post_cancel(promise_id: str, body: ReasonBody, call: CallDep, _caller: Staff) -> Response:
    """Cancel an open promise: neither kept nor broken."""
    return await call.answer(
        body,
        lambda state, asking: cancel_promise(state, promise_id, body.reason, asking),
        ("promise-cancelled", promise_id),
        lambda done: _shown(done, promise_id),
    )


@router.get(_PATH)
async def list_promises(
    account_id: str,
    context: ContextDep,
    session: ReadSessionDep,
    caller: Reader,
    state: Annotated[
        Literal["open", "kept", "partly_kept", "broken", "cancelled"] | None, Query()
    ] = None,
) -> Any:
    """An account's promises, in the order in which they were made."""
    _, account = await find_account(session, caller.tenant, account_id, context)
    found = [each for each in promises(account) if state in (None, each.state)]
    return {"items": [promise_view(each) for each in found]}


@router.get(_PATH + "/{promise_id:path}")
async def get_promise(
    account_id: str,
    promise_id: str,
    context: ContextDep,
    session: ReadSessionDep,
    caller: Reader,
) -> Any:
    _, account = await find_account(session, caller.tenant, account_id, context)
    promise = account.objects.of(NOUN).get(promise_id)
    if not isinstance(promise, Promise):
        raise NotFound(f"there is no promise {promise_id!r} of the account")
    return promise_view(promise)

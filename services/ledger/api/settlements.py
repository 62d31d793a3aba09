"""Settlements over HTTP: offers of ours, bids of the debtor."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from services.ledger.api.arrangement_views import settlement_view
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
from services.ledger.api.plans import DueBody, dues_of
from services.ledger.api.views import Shown
from services.ledger.commands.accounts import find_account
from services.ledger.domain import AccountState
from services.ledger.domain.arrangements import SETTLEMENT, arrangements
from services.ledger.domain.doors.settlements import (
    SettlementTerms,
    accept_settlement,
    decline_settlement,
    offer_settlement,
)
from services.ledger.domain.settlements import Settlement, settlements
from shared.errors import Forbidden, NotFound
from shared.web import Day, ReadSessionDep
from shared.web.models import Currency, Minor

router = APIRouter(tags=["settlements"])
_PATH = "/v1/accounts/{account_id}/settlements"
_SAYS_NOTHING = CommandBody(at=None, by=None, channel=None, note=None)  # a body may be left out


class SettlementBody(CommandBody):
    """An offer or a bid: either `pay_by_on` or `instalments`."""

    settlement_id: Id | None = None
    kind: Literal["offer", "bid"]
    currency: Currency
    invoice_ids: Ids | None = None
    amount_minor: Minor
    pay_by_on: Day | None = None
    instalments: Annotated[list[DueBody], Field(min_length=1, max_length=1000)] | None = None
    valid_until_on: Day | None = Field(None, description="of an offer, which needs it")


def _shown(state: AccountState, settlement_id: str, day: date | None) -> Shown:
    settlement = state.objects.of(SETTLEMENT).get(settlement_id)
    if not isinstance(settlement, Settlement):
        raise NotFound(f"there is no settlement {settlement_id!r} of the account")
    return settlement_view(settlement, state, day)


def _answered(state: AccountState, settlement_id: str, day: date | None) -> Shown:
    """With the arrangements that it ended, or that its acceptance ends."""
    shown = _shown(state, settlement_id, day)
    name, waits = f"{SETTLEMENT} {settlement_id}", shown["state"] in ("offered", "pending_approval")
    ends = [
        {"kind": known.noun, "id": known.arrangement_id}
        for known in arrangements(state, shown["currency"])
        if (waits and known.in_force)
        or (not known.in_force and known.history[-1].because == name and known.name != name)
    ]
    return {**shown, "ends": ends}


@router.post(_PATH, status_code=201)
async def post_settlement(body: SettlementBody, call: CallDep, _caller: StaffOrDebtor) -> Response:
    """Offer or bid. The policy answers at once, or somebody has to approve it: 202."""
    if body.kind == "offer" and call.is_debtor:
        raise Forbidden("The portal bids for the debtor; offers are ours.")
    settlement_id = call.id_for(SETTLEMENT, body.settlement_id)
    terms = SettlementTerms(
        settlement_id=settlement_id,
        kind=body.kind,
        currency=body.currency,
        amount_minor=body.amount_minor,
        invoice_ids=ids_of(body.invoice_ids),
        pay_by_on=body.pay_by_on,
        instalments=dues_of(body.instalments),
        valid_until_on=body.valid_until_on,
    )
    return await call.answer(
        body,
        lambda state, asking: offer_settlement(state, terms, asking),
        ("settlement-offered", settlement_id),
        lambda done: _answered(done.state, settlement_id, done.begun_on),
        id_pointer="/settlement_id",
        status=201,
        is_agreed=True,
    )


@router.post(_PATH + "/{settlement_id:path}/accept")
async def post_accept(
    settlement_id: str, call: CallDep, _caller: StaffOrDebtor, body: CommandBody = _SAYS_NOTHING
) -> Response:
    """Accept an offer: an arrangement in force ends."""
    return await call.answer(
        body,
        lambda state, asking: accept_settlement(state, settlement_id, asking),
        ("settlement-accepted", settlement_id),
        lambda done: _answered(done.state, settlement_id, done.begun_on),
    )


@router.post(_PATH + "/{settlement_id:path}/decline")
async def post_decline(
    settlement_id: str, call: CallDep, _caller: StaffOrDebtor, body: CommandBody = _SAYS_NOTHING
) -> Response:
    """The debtor does not want it."""
    return await call.answer(
        body,
        lambda state, asking: decline_settlement(state, settlement_id, "debtor", "", asking),
        ("settlement-declined", settlement_id),
        lambda done: _shown(done.state, settlement_id, done.begun_on),
    )


@router.post(_PATH + "/{settlement_id:path}/cancel")
async def post_settlement_cancel(
    settlement_id: str, body: ReasonBody, call: CallDep, _caller: Staff
) -> Response:
    """Take an offer back, or what waits for its approval; what is accepted stands."""
    return await call.answer(
        body,
        lambda state, asking: decline_settlement(
            state, settlement_id, "withdrawn", body.reason, asking
        ),
        ("settlement-declined", settlement_id),
        lambda done: _shown(done.state, settlement_id, done.begun_on),
    )


@router.get(_PATH)
async def list_settlements(
    account_id: str,
    context: ContextDep,
    session: ReadSessionDep,
    caller: Reader,
    state: Annotated[
        Literal["pending_approval", "declined", "offered", "accepted", "completed", "lapsed"]
        | None,
        Query(),
    ] = None,
) -> Any:
    """An account's settlements, in the order in which they were offered or bid."""
    tenant, account = await find_account(session, caller.tenant, account_id, context)
    found = [known for known in settlements(account) if state in (None, known.state)]
    day = tenant.begun.on(account.zone)
    return {"items": [settlement_view(known, account, day) for known in found]}


@router.get(_PATH + "/{settlement_id:path}")
async def get_settlement(
    account_id: str,
    settlement_id: str,
    context: ContextDep,
    session: ReadSessionDep,
    caller: Reader,
) -> Any:
    tenant, account = await find_account(session, caller.tenant, account_id, context)
    return _shown(account, settlement_id, tenant.begun.on(account.zone))

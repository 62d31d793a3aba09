"""Placements and sales over HTTP: debts handed over to an agency, a lawyer, a buyer."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import AfterValidator, Field

from services.ledger.api.commands import (
    CallDep,
    CommandBody,
    Id,
    Ids,
    ReasonBody,
    Staff,
    Text,
    ids_of,
)
from services.ledger.api.dependencies import ContextDep, Reader
from services.ledger.api.hand_over_views import hand_overs, placement_view, sale_view
from services.ledger.api.views import Shown
from services.ledger.commands.accounts import find_account
from services.ledger.domain import AccountState
from services.ledger.domain.doors import Asking, Resolved, in_the_way
from services.ledger.domain.doors.placements import (
    AgencyPayment,
    PlacementAsked,
    place_account,
    recall,
    take_agency_payment,
)
from services.ledger.domain.doors.write_offs import SaleAsked, pay_sale, sell
from services.ledger.domain.placements import NOUN, Placement
from services.ledger.domain.write_offs import NOUN as WRITE_OFF
from services.ledger.domain.write_offs import WriteOff
from shared.errors import FieldError, Invalid, NotFound
from shared.money import MAX_MINOR
from shared.web import Day, Instant, ReadSessionDep
from shared.web.models import Currency, Minor

router = APIRouter(tags=["placements"])
_PATH = "/v1/accounts/{account_id}/placements"
_PERCENT = "must be a percentage as a text, like 18 or 12.5, from 0 to 100"


def _percent(value: str) -> str:
    whole, dot, fraction = value.partition(".")
    digits = whole + fraction
    if not (digits.isascii() and digits.isdigit() and whole and bool(dot) == bool(fraction)):
        raise ValueError(_PERCENT)
    if Decimal(value) > 100:
        raise ValueError(_PERCENT)
    return value


Percent = Annotated[str, Field(max_length=9), AfterValidator(_percent)]
To = Annotated[Text, Field(min_length=1, max_length=200)]


class PlacementBody(CommandBody):
    """To an agency or a lawyer for a commission; a sale for a price."""

    placement_id: Id | None = None
    kind: Literal["agency", "legal", "sale"]
    to: To
    currency: Currency
    invoice_ids: Ids | None = None
    commission_percent: Percent | None = None
    direct_commission_percent: Percent | None = None
    until_on: Day | None = None
    reference: Text | None = None
    price_minor: Annotated[int, Field(ge=0, le=MAX_MINOR)] | None = None


class AgencyPaymentBody(CommandBody):
    """What the debtor paid, before the commission; of a sale: the buyer's price."""

    payment_id: Id
    amount_minor: Minor
    received_at: Instant
    remitted: Literal["net", "gross"] = "net"


def _shown(state: AccountState, placement_id: str) -> Shown:
    known = state.objects.of(NOUN).get(placement_id)
    if isinstance(known, Placement):
        return placement_view(known, state)
    sold = _sale(state, placement_id)
    if sold is None:
        raise NotFound(f"there is no placement {placement_id!r} of the account")
    return sale_view(sold, state)


def _sale(state: AccountState, placement_id: str) -> WriteOff | None:
    known = state.objects.of(WRITE_OFF).get(placement_id)
    return known if isinstance(known, WriteOff) and known.kind == "sold" else None


def _check(body: PlacementBody) -> None:
    """What each kind needs, and what it must not have."""
    is_sale = body.kind == "sale"
    needed = ("invoice_ids", "price_minor") if is_sale else ("commission_percent",)
    others = ("commission_percent", "direct_commission_percent", "until_on", "reference")
    unfit = others if is_sale else ("price_minor",)
    errors = [
        FieldError(f"/{name}", f"is needed where the kind is {body.kind}")
        for name in needed
        if getattr(body, name) is None
    ]
    errors += [
        FieldError(f"/{name}", f"must not be there where the kind is {body.kind}")
        for name in unfit
        if getattr(body, name) is not None
    ]
    if errors:
        raise Invalid("The debts cannot be placed.", errors)


@router.post(_PATH, status_code=201)
async def post_placement(body: PlacementBody, call: CallDep, _caller: Staff) -> Response:
    """Hand debts over. Each waits for an approval, by its kind: 202."""
    _check(body)
    placement_id = call.id_for(NOUN, body.placement_id)

    def door(state: AccountState, asking: Asking) -> Resolved:
        if body.kind == "sale":
            asked = SaleAsked(
                placement_id=placement_id,
                to=body.to,
                currency=body.currency,
                invoice_ids=ids_of(body.invoice_ids) or (),
                price_minor=body.price_minor or 0,
            )
            return sell(state, asked, asking)
        return place_account(
            state,
            PlacementAsked(
                placement_id=placement_id,
                kind=body.kind,
                to=body.to,
                currency=body.currency,
                commission_percent=body.commission_percent or "0",
                direct_commission_percent=body.direct_commission_percent,
                invoice_ids=ids_of(body.invoice_ids),
                until_on=body.until_on,
                reference=body.reference,
            ),
            asking,
        )

    return await call.answer(
        body,
        door,
        ("account-written-off" if body.kind == "sale" else "account-placed", placement_id),
        lambda done: _shown(done.state, placement_id),
        id_pointer="/placement_id",
        status=201,
        is_agreed=True,
    )


@router.post(_PATH + "/{placement_id:path}/payments", status_code=201)
async def post_agency_payment(
    placement_id: str, body: AgencyPaymentBody, call: CallDep, _caller: Staff
) -> Response:
    """The agency's money: a payment aimed at the placed invoices, oldest due first. Of a sale: the
    buyer's."""
    payment = AgencyPayment(
        payment_id=body.payment_id,
        amount_minor=body.amount_minor,
        received_at=body.received_at,
        remitted=body.remitted,
    )

    def door(state: AccountState, asking: Asking) -> Resolved:
        if _sale(state, placement_id) is not None:
            return pay_sale(state, placement_id, body.amount_minor, asking)
        return take_agency_payment(state, placement_id, payment, asking)

    return await call.answer(
        body,
        door,
        ("agency-remitted", body.payment_id),
        lambda done: _shown(done.state, placement_id),
        id_pointer="/payment_id",
        status=201,
    )


@router.post(_PATH + "/{placement_id:path}/recall")
async def post_recall(
    placement_id: str, body: ReasonBody, call: CallDep, _caller: Staff
) -> Response:
    """Take debts back: needs a supervisor. A sale stands."""

    def door(state: AccountState, asking: Asking) -> Resolved:
        sold = _sale(state, placement_id)
        if sold is not None:
            raise in_the_way(f"{placement_id} is a sale", sold.state, state=sold.state)
        return recall(state, placement_id, body.reason, asking)

    return await call.answer(
        body,
        door,
        ("account-recalled", placement_id),
        lambda done: _shown(done.state, placement_id),
    )


@router.get(_PATH)
async def list_placements(
    account_id: str,
    context: ContextDep,
    session: ReadSessionDep,
    caller: Reader,
    state: Annotated[
        Literal["pending_approval", "placed", "recalled", "refused", "sold", "reversed"] | None,
        Query(),
    ] = None,
) -> Any:
    """An account's placements, then its sales."""
    _, account = await find_account(session, caller.tenant, account_id, context)
    return {"items": [shown for to, shown in hand_overs(account) if state in (None, to)]}


@router.get(_PATH + "/{placement_id:path}")
async def get_placement(
    account_id: str,
    placement_id: str,
    context: ContextDep,
    session: ReadSessionDep,
    caller: Reader,
) -> Any:
    _, account = await find_account(session, caller.tenant, account_id, context)
    return _shown(account, placement_id)

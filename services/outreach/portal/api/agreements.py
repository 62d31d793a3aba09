"""Level 1, agreeing: the ledger's policy decides, and answers at once. `preview=true` says what it
would come to; `If-Match` with the ETag of the options refuses what has moved meanwhile."""

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from pydantic import Field

from services.outreach.portal.api.account import AccountId
from services.outreach.portal.api.visitors import KeyDep, Visit, VisitDep, VisitorDep
from services.outreach.portal.processes import agreements as processes
from services.outreach.portal.processes import ledger
from services.outreach.portal.processes.agreements import Noun, VisitorCommand
from services.outreach.portal.processes.doorway import Visitor
from shared.web import Day, Model, json_response
from shared.web.models import Currency, Minor

router = APIRouter(tags=["portal"])
Ids = Annotated[list[AccountId], Field(min_length=1, max_length=1000)]
Preview = Annotated[bool, Query(description="say what it would come to; nothing is kept")]
IfMatch = Annotated[
    str | None, Header(max_length=200, description="the ETag of the account's options")
]
ReasonCode = Literal[
    "not-received", "wrong-amount", "quality", "already-paid", "not-mine", "duplicate", "fraud",
    "other",
]  # fmt: skip


class PortalPromiseBody(Model):
    account_id: AccountId | None = None
    currency: Currency
    amount_minor: Minor
    due_on: Day
    invoice_ids: Ids | None = None
    supersedes: Annotated[list[AccountId], Field(max_length=100)] | None = None


class EqualParts(Model):
    count: Annotated[int, Field(ge=1, le=1000)]
    first_due_on: Day
    every: Literal["week", "fortnight", "month"]


class PartBody(Model):
    due_on: Day
    amount_minor: Minor


class DeferredTo(Model):
    due_on: Day


Parts = Annotated[list[PartBody], Field(min_length=1, max_length=1000)]


class PortalPlanBody(Model):
    """Exactly one of `equal`, `instalments`, `deferred`."""

    account_id: AccountId | None = None
    currency: Currency
    invoice_ids: Ids | None = None
    equal: EqualParts | None = None
    instalments: Parts | None = None
    deferred: DeferredTo | None = None
    down_payment_minor: Minor | None = None
    replaces: AccountId | None = None


class BidBody(Model):
    """Either `pay_by_on` or `instalments`."""

    account_id: AccountId | None = None
    currency: Currency
    amount_minor: Minor
    pay_by_on: Day | None = None
    instalments: Parts | None = None
    invoice_ids: Ids | None = None


class PortalDisputeBody(Model):
    """An invoice (an amount, some of its lines counted from 1, or all of it), or a charge."""

    account_id: AccountId | None = None
    invoice_id: AccountId | None = None
    charge_id: AccountId | None = None
    amount_minor: Minor | None = None
    lines: Annotated[list[Annotated[int, Field(ge=1)]], Field(max_length=1000)] | None = None
    reason_code: ReasonCode
    reason: Annotated[str, Field(max_length=2000)] | None = None


def _asked(
    visit: Visit,
    visitor: Visitor,
    body: PortalPromiseBody | PortalPlanBody | BidBody | PortalDisputeBody,
    key: str,
    preview: bool,
    if_match: str | None,
) -> VisitorCommand:
    told: dict[str, Any] = body.model_dump(mode="json", exclude_none=True, exclude={"account_id"})
    account = ledger.account_of(visit.context, visitor, body.account_id)
    return VisitorCommand(account, told, key, preview, if_match)


async def _agreed(visit: Visit, visitor: Visitor, noun: Noun, asked: VisitorCommand) -> Response:
    status, made = await processes.agree(visit.context, visitor, noun, asked)
    return json_response(made, status)


@router.post(
    "/portal/api/promises",
    status_code=201,
    response_model=dict[str, Any],
    summary="Promise an amount until a day",
)
async def post_promise(
    body: PortalPromiseBody,
    visit: VisitDep,
    visitor: VisitorDep,
    key: KeyDep,
    preview: Preview = False,
    if_match: IfMatch = None,
) -> Response:
    asked = _asked(visit, visitor, body, key, preview, if_match)
    return await _agreed(visit, visitor, processes.PROMISE, asked)


@router.post(
    "/portal/api/plans",
    status_code=201,
    response_model=dict[str, Any],
    summary="Pay in parts; 202 where a person has to agree",
)
async def post_plan(
    body: PortalPlanBody,
    visit: VisitDep,
    visitor: VisitorDep,
    key: KeyDep,
    preview: Preview = False,
    if_match: IfMatch = None,
) -> Response:
    asked = _asked(visit, visitor, body, key, preview, if_match)
    return await _agreed(visit, visitor, processes.PLAN, asked)


@router.post(
    "/portal/api/settlement-bids",
    status_code=201,
    response_model=dict[str, Any],
    summary="Bid less than what is owed: accepted, counter, declined or pending, at once",
)
async def post_bid(
    body: BidBody,
    visit: VisitDep,
    visitor: VisitorDep,
    key: KeyDep,
    preview: Preview = False,
    if_match: IfMatch = None,
) -> Response:
    asked = _asked(visit, visitor, body, key, preview, if_match)
    told = replace(asked, body={**asked.body, "kind": "bid"})
    status, made = await processes.bid(visit.context, visitor, told)
    return json_response(made, status)


@router.post(
    "/portal/api/disputes",
    status_code=201,
    response_model=dict[str, Any],
    summary="Say that an invoice, a part of it, or a charge is wrong",
)
async def post_dispute(
    body: PortalDisputeBody,
    visit: VisitDep,
    visitor: VisitorDep,
    key: KeyDep,
    preview: Preview = False,
    if_match: IfMatch = None,
) -> Response:
    asked = _asked(visit, visitor, body, key, preview, if_match)
    return await _agreed(visit, visitor, processes.DISPUTE, asked)

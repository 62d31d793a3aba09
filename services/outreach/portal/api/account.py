"""Level 1, reading: the accounts that a link opens, their papers, and where to pay."""

from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from pydantic import Field

from services.outreach.dunning.clients import LedgerDocument
from services.outreach.portal.api.visitors import KeyDep, VisitDep, VisitorDep
from services.outreach.portal.domain.sessions import IDLE_MAX
from services.outreach.portal.processes import ledger
from services.outreach.portal.processes.account import (
    account_answer,
    options_answer,
    pay_answer,
)
from services.outreach.portal.processes.agreements import did
from services.outreach.portal.processes.documents import check_invoice, document_list
from shared.web import Day, Model, json_response
from shared.web.models import Currency

router = APIRouter(tags=["portal"])
AccountId = Annotated[str, Field(min_length=1, max_length=128)]
AccountQuery = Annotated[
    str | None, Query(max_length=128, description="Needed where a link opens several accounts.")
]
_PDF = "application/pdf"
_MEDIA = {"json": "application/json", "csv": "text/csv", "pdf": _PDF}


class PayBody(Model):
    account_id: AccountId | None = None
    invoice_ids: Annotated[list[AccountId], Field(min_length=1, max_length=100)] | None = None
    currency: Currency | None = None


@router.get(
    "/portal/api/session", response_model=dict[str, Any], summary="Who is signed in, how far"
)
async def get_session(visitor: VisitorDep) -> Response:
    return json_response(
        {
            "level": visitor.level,
            "language": visitor.language,
            "idle_minutes": int(IDLE_MAX.total_seconds() // 60),
            "accounts": [each.account_id for each in visitor.accounts],
        }
    )


@router.get(
    "/portal/api/account",
    response_model=dict[str, Any],
    summary="Every account: invoices with their parts and why, payments, agreements, options",
)
async def get_account(visit: VisitDep, visitor: VisitorDep) -> Response:
    return json_response(await account_answer(visit.context, visitor))


@router.get(
    "/portal/api/plan-options",
    response_model=dict[str, Any],
    summary="What may be promised, paid in parts, bid and disputed now; why not, in words",
)
async def get_options(visit: VisitDep, visitor: VisitorDep) -> Response:
    return json_response(await options_answer(visit.context, visitor))


@router.get(
    "/portal/api/documents",
    response_model=dict[str, Any],
    summary="The papers there are: statements, and a copy of each invoice",
)
async def get_documents(visit: VisitDep, visitor: VisitorDep) -> Response:
    return json_response(await document_list(visit.context, visitor))


@router.get(
    "/portal/api/documents/statement",
    response_class=Response,
    summary="A statement, as the ledger writes it: JSON, CSV or PDF",
)
async def get_statement(
    visit: VisitDep,
    visitor: VisitorDep,
    account_id: AccountQuery = None,
    from_on: Annotated[Day | None, Query(alias="from")] = None,
    to_on: Annotated[Day | None, Query(alias="to")] = None,
    currency: Annotated[str | None, Query(max_length=3)] = None,
    format_: Annotated[Literal["json", "csv", "pdf"], Query(alias="format")] = "json",
) -> Response:
    account = ledger.account_of(visit.context, visitor, account_id)
    given: dict[str, date | str | None] = {"from": from_on, "to": to_on, "currency": currency}
    query = {name: str(value) for name, value in given.items() if value is not None}
    query |= {"format": format_, "language": visitor.language}
    path = ledger.path_of(account.account_id, "statement")
    found = await ledger.read_document(visit.context, visitor, path, query, _MEDIA[format_])
    return _passed_on(found)


@router.get(
    "/portal/api/documents/invoices/{invoice_id:path}",
    response_class=Response,
    summary="A copy of an invoice (PDF)",
)
async def get_invoice(invoice_id: str, visit: VisitDep, visitor: VisitorDep) -> Response:
    await check_invoice(visit.context, visitor, invoice_id)
    path = f"/v1/invoices/{quote(invoice_id, safe='')}/document"
    query = {"language": visitor.language}
    return _passed_on(await ledger.read_document(visit.context, visitor, path, query, _PDF))


def _passed_on(found: LedgerDocument) -> Response:
    headers = {} if found.disposition is None else {"Content-Disposition": found.disposition}
    return Response(found.content, headers=headers, media_type=found.media_type)


@router.post(
    "/portal/api/pay",
    response_model=dict[str, Any],
    summary="Where to pay what is open; 409, in words, where there is no way here",
)
async def post_pay(body: PayBody, visit: VisitDep, visitor: VisitorDep, _key: KeyDep) -> Response:
    context = visit.context
    account = ledger.account_of(context, visitor, body.account_id)
    found = await pay_answer(context, visitor, account, body.invoice_ids, body.currency)
    await did(context, visitor, account, "pay")
    return json_response(found)

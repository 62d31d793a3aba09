"""Reads: invoices and ageing."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from msgspec import to_builtins

from services.ledger import domain
from services.ledger.api import models
from services.ledger.commands.tenants import Books
from services.ledger.store import invoices as invoice_store
from services.ledger.store.accounts import find_accounts
from services.ledger.store.tenants import LockedTenant, find_tenant_times
from shared.database import Session
from shared.errors import NotFound
from shared.web import Day, PagingDep, ReadSessionDep, page
from shared.web.auth import Caller, needs

router = APIRouter(tags=["invoices"])
Reader = Annotated[Caller, needs("ledger:read", "ledger:write")]

BUCKETS = ("current", "1-30", "31-60", "61-90", "91-120", "121+")
_LAST_DAYS = (0, 30, 60, 90, 120)  # of each bucket but the last
_PAGE_ACCOUNTS = 500

Row = tuple[str, str, int, int]  # currency, bucket, invoices, minor units


@router.get("/v1/invoices", response_model=models.InvoicePage)
async def list_invoices(
    session: ReadSessionDep,
    caller: Reader,
    paging: PagingDep,
    account_id: str | None = None,
    status: Literal["open", "paid", "void", "written_off"] | None = None,
    stage: Literal[1, 31, 61, 91, 121] | None = None,
) -> Any:
    tenant = (await find_tenant_times(session, [caller.tenant])).get(caller.tenant)
    found = await invoice_store.list_invoices(
        session,
        caller.tenant,
        account_id=account_id,
        status=status,
        stage=stage,
        after=paging.after(tuple[str, str]),
        limit=paging.limit + 1,
    )
    for row in found:
        zone = row.pop("zone") or (tenant.settings.timezone if tenant else "UTC")
        today = tenant.begun.on(zone) if tenant else None
        row["days_past_due"] = _days_past_due(row["due_on"], today, row["status"])
    return page(found, paging.limit, lambda row: (row["account_id"], row["invoice_id"]))


@router.get("/v1/invoices/{invoice_id}", response_model=models.InvoiceView)
async def get_invoice(
    invoice_id: str, request: Request, session: ReadSessionDep, caller: Reader
) -> Any:
    """One invoice with the whole history of the money on it."""
    account_id = await invoice_store.find_invoice_account(session, caller.tenant, invoice_id)
    if account_id is None:
        raise NotFound(f"there is no invoice {invoice_id!r}")
    tenant = (await find_tenant_times(session, [caller.tenant]))[caller.tenant]
    found = await find_accounts(
        session,
        caller.tenant,
        [account_id],
        tenant.settings.timezone,
        request.app.state.books.memory,
    )
    account = found[account_id].account
    invoice = account.invoices.get(invoice_id)
    if invoice is None:  # kept until its account is registered
        raise NotFound(f"invoice {invoice_id!r} waits for its account to be registered")
    issued = invoice.data
    return {
        "account_id": account_id,
        **{
            name: getattr(invoice, name)
            for name in models.InvoiceRow.model_fields
            if name not in ("account_id", "days_past_due")
        },
        "days_past_due": _days_past_due(
            invoice.due_on, tenant.begun.on(account.zone), invoice.status
        ),
        "purpose": issued.purpose,
        "product": issued.product,
        "payment_url": issued.payment_url,
        "attributes": issued.attributes,
        "allocations": [
            to_builtins(entry, builtin_types=(date, datetime)) | {"source_kind": entry.source_kind}
            for entry in domain.history_of(account, invoice_id)
        ],
        "charges": [],
    }


def _days_past_due(due_on: date, today: date | None, status: str) -> int:
    if today is None or status != "open":
        return 0
    return max(0, (today - due_on).days)


@router.get("/v1/aging", response_model=models.Aging)
async def get_aging(
    request: Request,
    session: ReadSessionDep,
    caller: Reader,
    as_of: Annotated[Day | None, Query()] = None,
    currency: str | None = None,
    group_by: Literal["currency"] | None = None,
) -> Any:
    """Open balances by how long they are past due; never summed over currencies."""
    tenant = (await find_tenant_times(session, [caller.tenant])).get(caller.tenant)
    rows: list[Row] = []
    if tenant is not None:
        rows = (
            await _aging_now(session, caller.tenant, tenant)
            if as_of is None
            else await _aging_at(session, request.app.state.books, caller.tenant, tenant, as_of)
        )
    currencies = sorted({row[0] for row in rows})
    chosen = currency or (currencies[0] if len(currencies) == 1 else None)
    begun_on = tenant.begun.on(tenant.settings.timezone) if tenant else None
    return {
        "as_of": as_of or begun_on,
        "currency": chosen,
        "buckets": _buckets(rows, lambda row: row[0] == chosen) if chosen else [],
        "groups": [
            {"key": {"currency": code}, "buckets": _buckets(rows, lambda row: row[0] == code)}  # noqa: B023 - called at once
            for code in currencies
        ]
        if group_by or not chosen
        else [],
    }


async def _aging_now(session: Session, tenant_id: str, tenant: LockedTenant) -> list[Row]:
    rows = await invoice_store.sum_open(session, tenant_id, tenant.settings.timezone)
    return [
        (code, bucket_of(due_on, tenant.begun.on(zone)), count, minor)
        for zone, code, due_on, count, minor in rows
    ]


async def _aging_at(
    session: Session, books: Books, tenant_id: str, tenant: LockedTenant, day: date
) -> list[Row]:
    """By the books of every account at the end of a day, a page of accounts at a time."""
    rows: list[Row] = []
    after = ""
    while ids := await invoice_store.list_account_ids(
        session, tenant_id, after=after, limit=_PAGE_ACCOUNTS
    ):
        found = await find_accounts(session, tenant_id, ids, tenant.settings.timezone, books.memory)
        for loaded in found.values():
            if loaded.account.registered:
                rows += [
                    (invoice.currency, bucket_of(invoice.due_on, day), 1, invoice.balance_minor)
                    for invoice in domain.as_of(loaded.account, day).invoices.values()
                    if invoice.balance_minor
                ]
        after = ids[-1]
    return rows


def bucket_of(due_on: date, day: date | None) -> str:
    """The ageing bucket of a balance on a day; before any day has begun all is current."""
    late = (day - due_on).days if day else 0
    for bucket, last in zip(BUCKETS, _LAST_DAYS, strict=False):
        if late <= last:
            return bucket
    return BUCKETS[-1]


def _buckets(rows: list[Row], wanted: Callable[[Row], bool]) -> list[dict[str, Any]]:
    chosen = [row for row in rows if wanted(row)]
    return [
        {
            "bucket": bucket,
            "count": sum(row[2] for row in chosen if row[1] == bucket),
            "amount_minor": sum(row[3] for row in chosen if row[1] == bucket),
        }
        for bucket in BUCKETS
    ]

"""Reads: invoices and ageing."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from msgspec import to_builtins

from services.ledger import domain
from services.ledger.api import models
from services.ledger.api.dependencies import AsOf, ContextDep, Reader, ReaderOrDebtor
from services.ledger.api.views import charge_view
from services.ledger.commands.accounts import each_account, find_accounts, in_slices
from services.ledger.context import Context
from services.ledger.domain import AccountState, Invoice
from services.ledger.domain.accruals import accrued_minor, per_day_minor
from services.ledger.domain.buckets import OpenBalance, bucket_of, days_past_due, sums
from services.ledger.domain.charges import all_charges, charges_of, open_charges_of
from services.ledger.domain.fees import steps_of
from services.ledger.store import invoices as invoice_store
from services.ledger.store.open_charges import sum_open_charges
from services.ledger.store.tenants import LockedTenant, find_tenant_times
from shared.database import Session
from shared.errors import NotFound
from shared.events.ledger import Stage
from shared.texts import shallow, shown
from shared.web import Day, PagingDep, ReadSessionDep, page

router = APIRouter(tags=["invoices"])

_PAGE_ACCOUNTS = 500


@router.get("/v1/invoices", response_model=models.InvoicePage)
async def list_invoices(
    session: ReadSessionDep,
    caller: Reader,
    paging: PagingDep,
    account_id: str | None = None,
    status: Literal["open", "paid", "void", "written_off"] | None = None,
    stage: Stage | None = None,
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
        is_open = row["status"] == "open"
        row["days_past_due"] = days_past_due(row["due_on"], today) if is_open else 0
    return page(found, paging.limit, lambda row: (row["account_id"], row["invoice_id"]))


@router.get("/v1/invoices/{invoice_id:path}", response_model=models.InvoiceView)
async def get_invoice(
    invoice_id: str,
    context: ContextDep,
    session: ReadSessionDep,
    caller: ReaderOrDebtor,
    as_of: AsOf = None,
) -> Any:
    """One invoice with the whole history of the money on it, now or as of a day."""
    tenant, account, now = await find_invoice(session, caller.tenant, invoice_id, context)
    if as_of is None:
        return invoice_view(tenant, account, now)
    then = await in_slices(session, domain.as_of_in_slices(account, as_of), account.account_id)
    invoice = then.invoices.get(invoice_id)
    if invoice is None:
        raise NotFound(f"there was no invoice {shown(invoice_id)!r} on {as_of}")
    return _view_on(as_of, then, invoice)


async def find_invoice(
    session: Session, tenant_id: str, invoice_id: str, context: Context
) -> tuple[LockedTenant, AccountState, Invoice]:
    """An invoice with its account and tenant. Raises `NotFound`."""
    account_id = await invoice_store.find_invoice_account(session, tenant_id, invoice_id)
    if account_id is None:
        raise NotFound(f"there is no invoice {shown(invoice_id)!r}")
    tenant, found = await find_accounts(session, tenant_id, [account_id], context)
    assert tenant is not None, "the invoice's fact is stored, so its tenant is"
    account = found[account_id]
    invoice = account.invoices.get(invoice_id)
    if invoice is None:  # kept until its account is registered
        raise NotFound(f"invoice {invoice_id!r} waits for its account to be registered")
    return tenant, account, invoice


def invoice_view(tenant: LockedTenant, account: AccountState, invoice: Invoice) -> dict[str, Any]:
    """As it is at the begun day."""
    return _view_on(tenant.begun.on(account.zone), account, invoice)


def _view_on(day: date | None, account: AccountState, invoice: Invoice) -> dict[str, Any]:
    issued = invoice.data
    return {
        "account_id": account.account_id,
        **{
            name: getattr(invoice, name)
            for name in models.InvoiceRow.model_fields
            if name not in ("account_id", "days_past_due")
        },
        "days_past_due": days_past_due(invoice.due_on, day) if invoice.status == "open" else 0,
        "purpose": issued.purpose,
        "product": issued.product,
        "payment_url": issued.payment_url,
        "attributes": shallow(issued.attributes),
        "allocations": [
            to_builtins(entry, builtin_types=(date, datetime)) | {"source_kind": entry.source_kind}
            for entry in domain.history_of(account, invoice.invoice_id)
        ],
        "written_off_minor": invoice.written_off_minor,
        "recovered_minor": invoice.recovered_minor,
        "recoverable_minor": invoice.recoverable_minor,
        **charged_members(account, invoice, day),
    }


def charged_members(account: AccountState, invoice: Invoice, day: date | None) -> dict[str, Any]:
    """The charges of an invoice, why others were not made, and the interest that grows."""
    steps = steps_of(account, invoice.invoice_id)
    return {
        "charges_minor": open_charges_of(account, invoice.invoice_id),
        "accrued_minor": accrued_minor(account, invoice.invoice_id, day),
        "per_day_minor": per_day_minor(account, invoice.invoice_id, day),
        "charges": [
            charge_view(account, charge) for charge in charges_of(account, invoice.invoice_id)
        ],
        "charges_skipped": [to_builtins(skip) for skip in steps.skipped] if steps else [],
    }


@router.get("/v1/aging", response_model=models.Aging)
async def get_aging(
    context: ContextDep,
    session: ReadSessionDep,
    caller: Reader,
    as_of: Annotated[Day | None, Query()] = None,
    currency: str | None = None,
    group_by: Literal["currency"] | None = None,
) -> Any:
    """Open balances by how long they are past due; never summed over currencies."""
    tenant = (await find_tenant_times(session, [caller.tenant])).get(caller.tenant)
    balances: list[OpenBalance] = []
    if tenant is not None:
        balances = (
            await _balances_now(session, tenant)
            if as_of is None
            else await _balances_at(session, context, tenant, as_of)
        )
    currencies = sorted({balance.currency for balance in balances})
    chosen = currency or (currencies[0] if len(currencies) == 1 else None)
    begun_on = tenant.begun.on(tenant.settings.timezone) if tenant else None
    return {
        "as_of": as_of or begun_on,
        "currency": chosen,
        "buckets": to_builtins(sums(balances, chosen)) if chosen else [],
        "groups": [
            {"key": {"currency": code}, "buckets": to_builtins(sums(balances, code))}
            for code in currencies
        ]
        if group_by or not chosen
        else [],
    }


async def _balances_now(session: Session, tenant: LockedTenant) -> list[OpenBalance]:
    settings = tenant.settings
    rows = await invoice_store.sum_open(session, settings.tenant_id, settings.timezone)
    charges = await sum_open_charges(session, settings.tenant_id, settings.timezone)
    return [
        *(
            OpenBalance(code, bucket_of(due_on, tenant.begun.on(zone)), count, minor)
            for zone, code, due_on, count, minor in rows
        ),
        *(
            OpenBalance(code, bucket_of(day, tenant.begun.on(zone)), 0, 0, minor)
            for zone, code, day, minor in charges
        ),
    ]


async def _balances_at(
    session: Session, context: Context, tenant: LockedTenant, day: date
) -> list[OpenBalance]:
    """By every account at the end of a day, a page of accounts at a time."""
    balances: dict[tuple[str, str], tuple[int, int, int]] = {}
    after = ""
    while ids := await invoice_store.list_account_ids(
        session, tenant.settings.tenant_id, after=after, limit=_PAGE_ACCOUNTS
    ):
        async with each_account(session, tenant, ids, context) as accounts:
            async for account in accounts:
                if account.registered:
                    then = await in_slices(
                        session, domain.as_of_in_slices(account, day), account.account_id
                    )
                    _add_open(balances, then, day)
        after = ids[-1]
    return [OpenBalance(*place, *found) for place, found in balances.items()]


def _add_open(
    balances: dict[tuple[str, str], tuple[int, int, int]], account: AccountState, day: date
) -> None:
    for invoice in account.invoices.values():
        if invoice.balance_minor:
            place = invoice.currency, bucket_of(invoice.due_on, day)
            count, minor, charged = balances.get(place, (0, 0, 0))
            balances[place] = count + 1, minor + invoice.balance_minor, charged
    for charge in all_charges(account):
        if charge.balance_minor:
            of_invoice = account.invoices.get(charge.invoice_id or "")
            by_day = of_invoice.due_on if of_invoice is not None else charge.charged_on
            place = charge.currency, bucket_of(by_day, day)
            count, minor, charged = balances.get(place, (0, 0, 0))
            balances[place] = count, minor, charged + charge.balance_minor

"""Reads: accounts, statements, journal, and the live check."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from msgspec import to_builtins

from services.ledger import domain
from services.ledger.api import models
from services.ledger.commands.tenants import Books
from services.ledger.store import invoices as invoice_store
from services.ledger.store import journal as journal_store
from services.ledger.store.accounts import Loaded, find_accounts
from services.ledger.store.tenants import LockedTenant, find_tenant_times
from shared.database import Session
from shared.errors import FieldError, Invalid, NotFound
from shared.events import billing
from shared.web import Day, PagingDep, ReadSessionDep, page
from shared.web.auth import Caller, needs

router = APIRouter(tags=["accounts"])
Reader = Annotated[Caller, needs("ledger:read", "ledger:write")]
AsOf = Annotated[Day | None, Query(description="facts effective by the end of this day")]


@router.get("/v1/accounts", response_model=models.AccountPage)
async def search_accounts(
    session: ReadSessionDep, caller: Reader, paging: PagingDep, q: str = ""
) -> Any:
    """Search by id, name, e-mail, phone or invoice number."""
    (after,) = paging.after(tuple[str]) or ("",)
    found = await invoice_store.search_accounts(
        session, caller.tenant, text=q.strip(), after=after, limit=paging.limit + 1
    )
    return page(found, paging.limit, lambda row: (row["account_id"],))


@router.get("/v1/accounts/{account_id}", response_model=models.AccountView)
async def get_account(
    account_id: str, request: Request, session: ReadSessionDep, caller: Reader, as_of: AsOf = None
) -> Any:
    """An account and what it owes, per currency."""
    tenant, account = await _get(session, request.app.state.books, caller.tenant, account_id)
    amounts = (
        domain.amounts(account, tenant.begun)
        if as_of is None
        else domain.amounts_at(domain.as_of(account, as_of), as_of)
    )
    return account_view(account, amounts, as_of)


@router.get("/v1/accounts/{account_id}/statement", response_model=models.Statement)
async def get_statement(
    account_id: str,
    request: Request,
    session: ReadSessionDep,
    caller: Reader,
    from_on: Annotated[Day, Query(alias="from")],
    to_on: Annotated[Day, Query(alias="to")],
) -> Any:
    """Opening balance, every movement, closing balance; per currency."""
    if from_on > to_on:
        raise Invalid(
            "the window ends before it begins", [FieldError("/query/to", "is before `from`")]
        )
    _, account = await _get(session, request.app.state.books, caller.tenant, account_id)
    parts = domain.statement(account, from_on, to_on)
    return {
        "account_id": account_id,
        "from": from_on,
        "to": to_on,
        "currencies": [
            {
                "currency": part.currency,
                "opening_minor": part.opening_minor,
                "lines": to_builtins(part.lines, builtin_types=(date,)),
                "closing_minor": part.closing_minor,
            }
            for part in parts
        ],
    }


@router.get("/v1/accounts/{account_id}/journal", response_model=models.JournalPage)
async def get_journal(
    account_id: str,
    request: Request,
    session: ReadSessionDep,
    caller: Reader,
    paging: PagingDep,
) -> Any:
    """Postings in the order of recording, each entry chained to the one before by its hash."""
    await _get(session, request.app.state.books, caller.tenant, account_id)
    (after,) = paging.after(tuple[int]) or (0,)
    entries = await journal_store.list_entries(
        session, caller.tenant, account_id, after=after, limit=paging.limit + 1
    )
    rows = [
        {
            **{name: getattr(entry, name) for name in entry.__struct_fields__},
            "postings": [
                {"account": name, "amount_minor": minor} for name, minor in entry.postings
            ],
        }
        for entry in entries
    ]
    return page(rows, paging.limit, lambda row: (row["entry"],))


@router.post("/v1/accounts/collectable", response_model=models.Collectable)
async def check_collectable(
    body: models.CollectableRequest, request: Request, session: ReadSessionDep, caller: Reader
) -> Any:
    """The live check before a contact: what may be asked for now. Unknown accounts are left out."""
    tenants = await find_tenant_times(session, [caller.tenant])
    if caller.tenant not in tenants:
        return {"accounts": [], "intake_caught_up_at": await request.app.state.caught_up(session)}
    tenant = tenants[caller.tenant]
    found = await find_accounts(
        session,
        caller.tenant,
        body.account_ids,
        tenant.settings.timezone,
        request.app.state.books.memory,
    )
    sequences = await invoice_store.find_sequences(session, caller.tenant, list(found))
    return {
        "accounts": [
            _collectable(loaded, tenant, sequences.get(account_id, 0))
            for account_id, loaded in sorted(found.items())
        ],
        "intake_caught_up_at": await request.app.state.caught_up(session),
    }


async def _get(
    session: Session, books: Books, tenant_id: str, account_id: str
) -> tuple[LockedTenant, domain.AccountState]:
    """Raises `NotFound` where the tenant has no such account."""
    tenants = await find_tenant_times(session, [tenant_id])
    if tenant_id in tenants:
        zone = tenants[tenant_id].settings.timezone
        found = await find_accounts(session, tenant_id, [account_id], zone, books.memory)
        if account_id in found:
            return tenants[tenant_id], found[account_id].account
    raise NotFound(f"there is no account {account_id!r}")


def account_view(
    account: domain.AccountState, amounts: Any, as_of: date | None = None
) -> dict[str, Any]:
    profile = account.profile or billing.AccountRegistered(account_id=account.account_id, name="")
    return {
        "account_id": account.account_id,
        "registered": account.registered,
        "name": profile.name or None,
        "kind": profile.kind,
        "debtor_id": profile.debtor_id,
        "email": profile.email,
        "phones": to_builtins(profile.phones),
        "addresses": to_builtins(profile.addresses),
        "timezone": account.zone,
        "language": profile.language,
        "customer_since": profile.customer_since,
        "payment_terms_days": profile.payment_terms_days,
        "credit_limit_minor": profile.credit_limit_minor,
        "currency": profile.currency,
        "tags": list(profile.tags),
        "attributes": profile.attributes,
        "amounts": [to_builtins(entry, builtin_types=(date,)) for entry in amounts],
        "holds": [],
        "promises": [],
        "plan": None,
        "as_of": as_of,
    }


def _collectable(loaded: Loaded, tenant: LockedTenant, sequence: int) -> dict[str, Any]:
    account = loaded.account
    return {
        "account_id": account.account_id,
        "sequence": sequence,
        "holds": [],
        "amounts": [
            {
                "currency": entry.currency,
                "collectable_minor": entry.collectable_minor,
                "overdue_minor": entry.overdue_minor,
                "disputed_minor": entry.disputed_minor,
                "unapplied_minor": entry.unapplied_minor,
            }
            for entry in domain.amounts(account, tenant.begun)
        ],
        "invoices": [
            {
                "invoice_id": invoice.invoice_id,
                "number": invoice.number,
                "due_on": invoice.due_on,
                "currency": invoice.currency,
                "balance_minor": invoice.balance_minor,
                "disputed_minor": invoice.disputed_minor,
                "stage": invoice.stage,
            }
            for invoice in account.invoices.values()
            if invoice.status == "open"
        ],
    }

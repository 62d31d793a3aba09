"""Reads: accounts and their journal."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from msgspec import to_builtins

from services.ledger import domain
from services.ledger.api import models
from services.ledger.api.arrangement_views import (
    plan_in_force,
    standing_plans,
    standing_settlements,
)
from services.ledger.api.dependencies import AsOf, ContextDep, Reader, ReaderOrDebtor
from services.ledger.api.hand_over_views import standing_placements
from services.ledger.api.views import hold_view, holds_to_come, promise_view
from services.ledger.commands.accounts import find_account, in_slices
from services.ledger.domain import AccountState
from services.ledger.domain.accruals import accrued_in
from services.ledger.domain.promises import open_promises
from services.ledger.store import invoices as invoice_store
from services.ledger.store import journal as journal_store
from services.ledger.store.journal import EntrySpan
from shared.clock import local_day
from shared.events import billing, ledger
from shared.texts import shallow
from shared.web import PagingDep, ReadSessionDep, page

router = APIRouter(tags=["accounts"])


@router.get("/v1/accounts", response_model=models.AccountPage)
async def search_accounts(
    session: ReadSessionDep,
    caller: Reader,
    paging: PagingDep,
    q: str = "",
    registered: Annotated[
        bool | None,
        Query(
            description="false: only accounts that nobody has registered, for which invoices,"
            " payments or credit notes came"
        ),
    ] = None,
) -> Any:
    """Search by id, name, e-mail, phone or invoice number.

    `registered=false` lists the money that waits unseen, under ids that nobody has registered: one
    of them may be the twin of another account's (a slip of the pen, another form of Unicode).
    """
    (after,) = paging.after(tuple[str]) or ("",)
    found = await invoice_store.search_accounts(
        session,
        caller.tenant,
        text=q.strip(),
        registered=registered,
        after=after,
        limit=paging.limit + 1,
    )
    return page(found, paging.limit, lambda row: (row["account_id"],))


@router.get("/v1/accounts/{account_id}", response_model=models.AccountView)
async def get_account(
    account_id: str,
    context: ContextDep,
    session: ReadSessionDep,
    caller: ReaderOrDebtor,
    as_of: AsOf = None,
) -> Any:
    """An account and what it owes, per currency."""
    tenant, account = await find_account(session, caller.tenant, account_id, context)
    if as_of is None:
        amounts = domain.amounts(account, tenant.begun)
    else:
        then = await in_slices(session, domain.as_of_in_slices(account, as_of), account_id)
        amounts = domain.amounts_at(then, as_of)
        shown = account_view(account, _with_accrued(then, amounts, as_of))
        return {**shown, **agreed(then, as_of), "as_of": as_of}
    day = tenant.begun.on(account.zone)
    return {**account_view(account, _with_accrued(account, amounts, day)), **agreed(account, day)}


def _with_accrued(
    account: AccountState, amounts: Iterable[ledger.Amounts], day: date | None
) -> list[dict[str, Any]]:
    """Amounts, and the interest up to a day that is not posted."""
    return [
        to_builtins(entry, builtin_types=(date,))
        | {"accrued_minor": accrued_in(account, entry.currency, day)}
        for entry in amounts
    ]


@router.get("/v1/accounts/{account_id}/journal", response_model=models.JournalPage)
async def get_journal(
    account_id: str,
    context: ContextDep,
    session: ReadSessionDep,
    caller: Reader,
    paging: PagingDep,
) -> Any:
    """Postings in the order of recording, each entry chained to the one before by its hash."""
    await find_account(session, caller.tenant, account_id, context)
    (after,) = paging.after(tuple[int]) or (0,)
    span = EntrySpan(account_id, after, after + paging.limit + 1)
    entries = await journal_store.list_entries(session, caller.tenant, [span])
    rows = [
        {
            **{name: getattr(entry, name) for name in entry.__struct_fields__},
            "hash": entry.hash.hex(),
            "postings": [
                {"account": name, "amount_minor": minor} for name, minor in entry.postings
            ],
        }
        for entry in entries
    ]
    return page(rows, paging.limit, lambda row: (row["entry"],))


def account_view(account: AccountState, amounts: list[dict[str, Any]]) -> dict[str, Any]:
    profile = account.profile or billing.AccountRegistered(account_id=account.account_id, name="")
    return {
        "account_id": account.account_id,
        "registered": account.registered,
        "erased_on": _erased_on(account),
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
        "attributes": shallow(profile.attributes),
        "amounts": amounts,
        "as_of": None,
    }


def _erased_on(account: AccountState) -> date | None:
    """The day on which its personal data was erased."""
    at = account.timeless.erased_at
    return local_day(at, account.zone) if at is not None else None


def agreed(account: AccountState, day: date | None) -> dict[str, Any]:
    """What stands or waits, by the begun day."""
    return {
        "holds": [hold_view(hold) for hold in holds_to_come(account, day)],
        "promises": [promise_view(promise) for promise in open_promises(account)],
        "plans": standing_plans(account, day),
        "settlements": standing_settlements(account, day),
        "placements": standing_placements(account),
        "plan": plan_in_force(account, day),
    }

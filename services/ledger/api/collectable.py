"""The live check before a contact."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter

from services.ledger import domain
from services.ledger.api import models
from services.ledger.api.arrangement_views import checked_arrangements
from services.ledger.api.dependencies import ContextDep
from services.ledger.api.views import checked_charge, checked_holds, plain
from services.ledger.commands.accounts import find_accounts
from services.ledger.domain import AccountState
from services.ledger.domain.accruals import per_day_minor
from services.ledger.domain.charges import all_charges, charges_of, open_charges_of
from services.ledger.domain.charging import disclose
from services.ledger.domain.stops import stops
from services.ledger.domain.taken import taken
from services.ledger.store import invoices as invoice_store
from services.ledger.store.tenants import LockedTenant
from shared.database import Session
from shared.web import ReadSessionDep
from shared.web.auth import Caller, needs

BODY_BYTES_MAX = 512 * 1024  # 500 ids, however they are written
Checker = Annotated[Caller, needs("ledger:read", "ledger:write", body_max=BODY_BYTES_MAX)]
CaughtUp = Callable[[Session], Awaitable[datetime | None]]


def router(caught_up: CaughtUp) -> APIRouter:
    """`caught_up` says when the intake from Kafka last stood at its ends."""
    routes = APIRouter(tags=["accounts"])

    @routes.post(
        "/v1/accounts/collectable",
        response_model=models.Collectable,
        description="The live check before a contact: what may be asked for now."
        " Unknown accounts are left out.",
    )
    async def check_collectable(
        body: models.CollectableRequest,
        context: ContextDep,
        session: ReadSessionDep,
        caller: Checker,
    ) -> Any:
        tenant, found = await find_accounts(session, caller.tenant, body.account_ids, context)
        accounts = []
        if tenant is not None:
            sequences = await invoice_store.find_sequences(session, caller.tenant, list(found))
            for account_id, account in sorted(found.items()):
                accounts.append(_collectable(account, tenant, sequences.get(account_id, 0)))
                await session.give_way()
        return {"accounts": accounts, "intake_caught_up_at": await caught_up(session)}

    return routes


def _collectable(account: AccountState, tenant: LockedTenant, sequence: int) -> dict[str, Any]:
    out, day = taken(account), tenant.begun.on(account.zone)
    return {
        "account_id": account.account_id,
        "sequence": sequence,
        "stops": [plain(stop) for stop in stops(account, day)],
        "holds": checked_holds(account, day),
        "arrangements": checked_arrangements(account, day),
        "amounts": [
            {name: getattr(entry, name) for name in models.CollectableAmounts.model_fields}
            for entry in domain.amounts(account, tenant.begun)
        ],
        "charges": [
            checked_charge(account, charge)
            for charge in all_charges(account)
            if charge.invoice_id is None and charge.balance_minor
        ],
        "disclose": disclose(account, day) if day is not None else [],
        "invoices": [
            {
                "invoice_id": invoice.invoice_id,
                "number": invoice.number,
                "due_on": invoice.due_on,
                "currency": invoice.currency,
                "balance_minor": invoice.balance_minor,
                "disputed_minor": invoice.disputed_minor,
                "stage": invoice.stage,
                "taken_by": out.get(invoice.invoice_id),
                "charges_minor": open_charges_of(account, invoice.invoice_id),
                "per_day_minor": per_day_minor(account, invoice.invoice_id, day),
                "charges": [
                    checked_charge(account, charge)
                    for charge in charges_of(account, invoice.invoice_id)
                    if charge.balance_minor
                ],
            }
            for invoice in account.invoices.values()
            if invoice.status == "open" or open_charges_of(account, invoice.invoice_id)
        ],
    }

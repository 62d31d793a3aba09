"""Credit over HTTP: how much an account has used of its limit, and advice before a sale."""

from typing import Any

from fastapi import APIRouter

from services.ledger.api.dependencies import ContextDep, Reader
from services.ledger.api.views import plain
from services.ledger.commands.accounts import find_account
from services.ledger.domain.credit import check_credit, credit_position
from shared.web import Model, ReadSessionDep
from shared.web.models import Currency, Minor

router = APIRouter(tags=["credit"])
_PATH = "/v1/accounts/{account_id}/credit"


class CreditCheckBody(Model):
    """A sale on credit that is thought of."""

    currency: Currency
    amount_minor: Minor


@router.get(_PATH)
async def get_credit(
    account_id: str, context: ContextDep, session: ReadSessionDep, caller: Reader
) -> Any:
    """Limit, exposure and what is left of it; currencies that do not count are listed."""
    _, account = await find_account(session, caller.tenant, account_id, context)
    return plain(credit_position(account))


@router.post(_PATH + "/check")
async def post_credit_check(
    account_id: str,
    body: CreditCheckBody,
    context: ContextDep,
    session: ReadSessionDep,
    caller: Reader,
) -> Any:
    """Whether a sale on credit is advised, and what speaks against it. Nothing changes."""
    tenant, account = await find_account(session, caller.tenant, account_id, context)
    day = tenant.begun.on(account.zone)
    return plain(check_credit(account, body.currency, body.amount_minor, day))

"""Instalment plans over HTTP."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from services.ledger.api.arrangement_views import plan_view
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
from services.ledger.api.views import Shown
from services.ledger.commands.accounts import find_account
from services.ledger.domain import AccountState
from services.ledger.domain.arrangements import PLAN
from services.ledger.domain.doors.debts import DueAmount
from services.ledger.domain.doors.plans import (
    EqualTerms,
    Every,
    PlanOffer,
    agree_plan,
    cancel_plan,
)
from services.ledger.domain.plans import Plan, plans
from shared.errors import NotFound
from shared.web import Day, Model, ReadSessionDep
from shared.web.models import Currency, Minor

router = APIRouter(tags=["plans"])
_PATH = "/v1/accounts/{account_id}/plans"


class EqualBody(Model):
    """Equal instalments over what the down payment leaves; the last takes the rest."""

    count: Annotated[int, Field(ge=1, le=1000)]
    first_due_on: Day
    every: Every


class DueBody(Model):
    due_on: Day
    amount_minor: Minor


class DeferredBody(Model):
    due_on: Day


class PlanBody(CommandBody):
    """A plan: exactly one of `equal`, `instalments`, `deferred`."""

    plan_id: Id | None = None
    currency: Currency
    invoice_ids: Ids | None = None
    equal: EqualBody | None = None
    instalments: Annotated[list[DueBody], Field(min_length=1, max_length=1000)] | None = None
    deferred: DeferredBody | None = None
    down_payment_minor: Minor | None = None
    replaces: Id | None = None
    mandate_id: Id | None = None


def dues_of(instalments: list[DueBody] | None) -> tuple[DueAmount, ...] | None:
    if instalments is None:
        return None
    return tuple([DueAmount(each.due_on, each.amount_minor) for each in instalments])


def _shown(state: AccountState, plan_id: str, day: date | None) -> Shown:
    plan = state.objects.of(PLAN).get(plan_id)
    if not isinstance(plan, Plan):
        raise NotFound(f"there is no plan {plan_id!r} of the account")
    return plan_view(plan, state, day)


@router.post(_PATH, status_code=201)
async def post_plan(body: PlanBody, call: CallDep, _caller: StaffOrDebtor) -> Response:
    """Agree on a plan. Beyond what the policy allows by itself it waits for an approval: 202."""
    plan_id = call.id_for(PLAN, body.plan_id)
    equal = body.equal
    offer = PlanOffer(
        plan_id=plan_id,
        currency=body.currency,
        invoice_ids=ids_of(body.invoice_ids),
        equal=EqualTerms(count=equal.count, first_due_on=equal.first_due_on, every=equal.every)
        if equal is not None
        else None,
        instalments=dues_of(body.instalments),
        deferred_on=body.deferred.due_on if body.deferred is not None else None,
        down_payment_minor=body.down_payment_minor,
        replaces=body.replaces,
        mandate_id=body.mandate_id,
    )
    return await call.answer(
        body,
        lambda state, asking: agree_plan(state, offer, asking),
        ("plan-agreed", plan_id),
        lambda done: _shown(done.state, plan_id, done.begun_on),
        id_pointer="/plan_id",
        status=201,
        is_agreed=True,
    )


@router.post(_PATH + "/{plan_id:path}/cancel")
async def post_plan_cancel(
    plan_id: str, body: ReasonBody, call: CallDep, _caller: Staff
) -> Response:
    """Cancel a plan, or the request for one: needs a supervisor."""
    return await call.answer(
        body,
        lambda state, asking: cancel_plan(state, plan_id, body.reason, asking),
        ("plan-cancelled", plan_id),
        lambda done: _shown(done.state, plan_id, done.begun_on),
    )


@router.get(_PATH)
async def list_plans(
    account_id: str,
    context: ContextDep,
    session: ReadSessionDep,
    caller: Reader,
    state: Annotated[
        Literal["pending_approval", "refused", "active", "completed", "defaulted", "cancelled"]
        | None,
        Query(),
    ] = None,
) -> Any:
    """An account's plans, in the order in which they were asked for."""
    tenant, account = await find_account(session, caller.tenant, account_id, context)
    found = [plan for plan in plans(account) if state in (None, plan.state)]
    day = tenant.begun.on(account.zone)
    return {"items": [plan_view(plan, account, day) for plan in found]}


@router.get(_PATH + "/{plan_id:path}")
async def get_plan(
    account_id: str, plan_id: str, context: ContextDep, session: ReadSessionDep, caller: Reader
) -> Any:
    tenant, account = await find_account(session, caller.tenant, account_id, context)
    return _shown(account, plan_id, tenant.begun.on(account.zone))

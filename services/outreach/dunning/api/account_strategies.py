"""Which strategy an account is on, and a person's word on it."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.outreach.activity.commands import account_now
from services.outreach.activity.store.accounts import get_known_account
from services.outreach.dunning.api.strategies import strategy_books
from services.outreach.dunning.commands.assignments import override_strategy
from services.outreach.dunning.domain.strategy_document import NONE
from services.outreach.dunning.store.overrides import StrategyOverride, find_override
from services.outreach.dunning.store.strategies import find_account_strategies
from shared.database import Session
from shared.web import Model, ReadSessionDep, SessionDep, context_of, json_response
from shared.web.auth import Caller, needs

router = APIRouter(tags=["strategies"])
Reader = Annotated[Caller, needs("outreach:read", "outreach:write")]
Writer = Annotated[Caller, needs("outreach:write")]


class OverrideRequest(Model):
    """A strategy in force, `none` for no contact of its own accord, or null: the rules again."""

    strategy: Annotated[str, Field(min_length=1, max_length=64)] | None
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class OverrideView(Model):
    strategy: str
    reason: str
    recorded_at: datetime
    recorded_by: str


class AccountStrategyView(Model):
    account_id: str
    strategy: str | None  # none: nobody contacts it of his own accord
    version: str | None
    because: str | None  # none: it was not asked yet
    rule: int | None  # place among the assignments, from 0
    kept: bool  # it stays on what was in force before, until no made step is open
    override: OverrideView | None


@router.get(
    "/v1/accounts/{account_id}/strategy",
    response_model=AccountStrategyView,
    summary="Which strategy an account is on, and why",
)
async def get_account_strategy(
    account_id: str, caller: Reader, session: ReadSessionDep
) -> Response:
    return json_response(await _view(session, caller.tenant, account_id))


@router.put(
    "/v1/accounts/{account_id}/strategy",
    response_model=AccountStrategyView,
    summary="Put an account on a strategy, above all rules, until null; safe to repeat",
)
async def put_account_strategy(
    account_id: str, body: OverrideRequest, caller: Writer, session: SessionDep, request: Request
) -> Response:
    context, tenant = context_of(request), caller.tenant
    at = await account_now(session, context.clock, tenant, account_id)
    override = None
    if body.strategy is not None:
        override = StrategyOverride(
            strategy=None if body.strategy == NONE else body.strategy,
            reason=body.reason,
            recorded_at=at,
            recorded_by=caller.subject,
        )
    await override_strategy(session, tenant, strategy_books(request), account_id, override, at)
    return json_response(await _view(session, tenant, account_id))


async def _view(session: Session, tenant: str, account_id: str) -> dict[str, Any]:
    await get_known_account(session, tenant, account_id)
    found = (await find_account_strategies(session, tenant, [account_id])).get(account_id)
    override = await find_override(session, tenant, account_id)
    shown = None
    if override is not None:
        shown = {
            "strategy": override.strategy or NONE,
            "reason": override.reason,
            "recorded_at": override.recorded_at,
            "recorded_by": override.recorded_by,
        }
    return {
        "account_id": account_id,
        "strategy": None if found is None else found.strategy,
        "version": None if found is None else found.version,
        "because": None if found is None else found.because,
        "rule": None if found is None else found.rule,
        "kept": found is not None and found.is_kept,
        "override": shown,
    }

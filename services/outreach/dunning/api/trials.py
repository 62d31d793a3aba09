"""Dry runs of strategies over HTTP."""

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response
from msgspec.structs import replace
from pydantic import Field

from services.outreach.dunning.api.strategies import (
    STRATEGY_BYTES_MAX,
    SURFACE,
    TRIAL_DAYS,
    strategy_books,
)
from services.outreach.dunning.processes.strategy_trial import DAYS_MAX
from services.outreach.dunning.processes.trial_runs import try_strategy
from services.outreach.dunning.store.trials import TrialRequest, find_trial
from shared.errors import FieldError, Invalid, NotFound
from shared.web import Model, ReadSessionDep, context_of, json_response
from shared.web.auth import Caller, needs

router = APIRouter(tags=["strategies"])
Reader = Annotated[Caller, needs("outreach:read", "outreach:write")]
Author = Annotated[Caller, needs("outreach:write", body_max=STRATEGY_BYTES_MAX)]

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": False,
        "content": {
            "application/yaml": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "object"}},
        },
    }
}


class TrialMove(Model):
    """Accounts that are on something else today."""

    strategy: str | None
    version: str | None
    accounts: int


class TrialContacts(Model):
    day: date
    channel: str
    count: int
    cost_micros: int


class TrialTotal(Model):
    channel: str
    count: int
    cost_micros: int


class TrialTasks(Model):
    day: date
    queue: str
    count: int
    over_capacity: int


class TrialAmount(Model):
    currency: str
    amount_minor: int


class TrialHandOvers(Model):
    kind: str
    count: int
    amounts: list[TrialAmount]


class TrialSuppression(Model):
    rule: str
    effect: str
    count: int


class TrialExample(Model):
    account_id: str
    day: date
    step: str
    channel: str
    verdict: str


class MadeInEarnest(Model):
    contacts: int
    cost_micros: int


class StrategyTrialView(Model):
    """Ahead a ceiling: as if nobody paid but promises and instalments, and every message arrived.
    Back by what was recorded, with what was really sent."""

    strategy: str
    version: str
    mode: Literal["ahead", "back"]
    from_: Annotated[date, Field(alias="from")]
    to: date
    accounts: int
    debtors: int
    moves: list[TrialMove]
    contacts: list[TrialContacts]
    totals: list[TrialTotal]
    currency: str
    tasks: list[TrialTasks]
    hand_overs: list[TrialHandOvers]
    suppressions: list[TrialSuppression]
    paid_soon: int | None
    made: MadeInEarnest | None
    examples: list[TrialExample]
    summary: str


class TrialRunView(Model):
    run_id: str


class TrialProgressView(Model):
    run_id: str
    state: Literal["running", "done", "failed"]
    progress: float  # 0 to 1
    report: dict[str, Any] | None
    failure: str | None


@router.post(
    "/v1/strategies/{name}/dry-run",
    response_model=StrategyTrialView,
    responses={202: {"model": TrialRunView}},
    summary="What a strategy would do, or would have done; nothing is stored and nothing announced",
    openapi_extra=_BODY,
)
async def dry_run_strategy(
    name: str,
    request: Request,
    caller: Author,
    version: Annotated[
        str | None, Query(description="A version that is here; else the body is the strategy.")
    ] = None,
    mode: Annotated[Literal["ahead", "back"], Query()] = "ahead",
    days: Annotated[int, Query(ge=1, le=DAYS_MAX, description="Ahead: so many.")] = TRIAL_DAYS,
    from_: Annotated[date | None, Query(alias="from", description="Back: the first day.")] = None,
    to: Annotated[date | None, Query(description="Back: the last day.")] = None,
) -> Response:
    asked = _request(name, mode, days, from_, to)
    context, tenant = context_of(request), caller.tenant
    documents = strategy_books(request).strategies
    if version is None:
        source = await SURFACE.text(request, documents)
    else:
        async with context.db.reading() as session:
            source = (await documents.get_version(session, tenant, name, version)).source
    found = await try_strategy(context, tenant, replace(asked, source=source))
    if isinstance(found, str):
        return json_response({"run_id": found}, 202)
    return json_response(found)


def _request(
    name: str, mode: str, days: int, from_on: date | None, to_on: date | None
) -> TrialRequest:
    """Raises `Invalid` where the days do not fit the mode."""
    given = {"/query/from": from_on, "/query/to": to_on}
    if mode == "back":
        errors = [FieldError(at, "is needed") for at, day in given.items() if day is None]
    else:
        errors = [FieldError(at, "is of mode back") for at, day in given.items() if day is not None]
    if errors:
        raise Invalid("The days do not fit the mode.", errors)
    return TrialRequest(name=name, source="", days=days, from_on=from_on, to_on=to_on)


@router.get(
    "/v1/strategies/dry-runs/{run_id}",
    response_model=TrialProgressView,
    summary="How far a long dry run has come, and its report",
)
async def get_dry_run(run_id: str, caller: Reader, session: ReadSessionDep) -> Response:
    run = await find_trial(session, caller.tenant, run_id)
    if run is None:
        raise NotFound(f"There is no dry run {run_id}.")
    state = "failed" if run.failure is not None else "done" if run.report is not None else "running"
    return json_response(
        {
            "run_id": run.run_id,
            "state": state,
            "progress": 1.0 if state == "done" else run.done / max(1, run.total),
            "report": None if run.report is None else msgspec.json.decode(run.report),
            "failure": run.failure,
        }
    )

"""Dry runs: at once where there are few debtors, else by the worker, with progress."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from services.outreach.context import Context
from services.outreach.dunning.domain.strategy import Strategy
from services.outreach.dunning.domain.strategy_document import WORD, parse_strategy
from services.outreach.dunning.processes.strategy_replay import try_back
from services.outreach.dunning.processes.strategy_trial import (
    Progress,
    TrialScope,
    find_scope,
    try_ahead,
)
from services.outreach.dunning.store import trials as store
from services.outreach.dunning.store.trials import TrialRequest, TrialRun
from shared import clock
from shared.errors import AppError, FieldError, Invalid, Unavailable
from shared.process.failures import is_for_now
from shared.web import json_bytes

DEBTORS_AT_ONCE = 2_000
OPEN_MAX = 5  # dry runs of a tenant that wait or are worked on
LEASE = timedelta(minutes=2)  # machine time; a part takes seconds


async def try_strategy(
    context: Context, tenant: str, request: TrialRequest, *, at_once: int = DEBTORS_AT_ONCE
) -> dict[str, Any] | str:
    """The report; or the id of a run, where there are many debtors. Raises `Invalid`."""
    strategy = await _read(context, tenant, request)
    scope = await find_scope(context, tenant, strategy)
    if len(scope.accounts) <= at_once:
        return await _tried(context, tenant, strategy, request, scope)
    run_id = str(uuid4())
    async with context.db.transaction() as session:
        if await store.count_open_trials(session, tenant) >= OPEN_MAX:
            raise Unavailable(f"{OPEN_MAX} dry runs wait already: try again when one has ended.")
        await store.insert_trial(session, tenant, run_id, request, len(scope.accounts), clock.now())
    return run_id


async def _read(context: Context, tenant: str, request: TrialRequest) -> Strategy:
    async with context.db.reading() as session:
        texts = await context.tenant_texts(session, tenant)
    strategy = parse_strategy(request.source, texts)
    if strategy.name != request.name:
        problem = FieldError("/name", f"is {strategy.name}, the address says {request.name}")
        raise Invalid(f"The {WORD} has another name.", [problem])
    return strategy


async def work_on_trials(context: Context) -> bool:
    """One dry run that waits; whether there was one. Where a worker dies, another begins anew."""
    now = clock.now()
    async with context.db.transaction() as session:
        run = await store.lease_trial(session, now, now + LEASE)
    if run is None:
        return False
    try:
        report = await _work(context, run)
    except Exception as error:
        if is_for_now(error):
            raise  # tried again when its lease ends
        failure = error.detail if isinstance(error, AppError) else "the dry run failed"
        await _end(context, run, None, failure)
        if not isinstance(error, AppError):
            raise
        return True
    await _end(context, run, json_bytes(report), None)
    return True


async def _work(context: Context, run: TrialRun) -> dict[str, Any]:
    async def progress(done: int) -> None:
        async with context.db.transaction() as session:
            await store.set_progress(session, run, done, clock.now() + LEASE)

    strategy = await _read(context, run.tenant, run.request)
    scope = await find_scope(context, run.tenant, strategy)
    return await _tried(context, run.tenant, strategy, run.request, scope, progress)


async def _tried(
    context: Context,
    tenant: str,
    strategy: Strategy,
    request: TrialRequest,
    scope: TrialScope,
    progress: Progress | None = None,
) -> dict[str, Any]:
    if request.from_on is None or request.to_on is None:
        return await try_ahead(context, tenant, strategy, request.days, scope, progress)
    days = (request.from_on, request.to_on)
    return await try_back(context, tenant, strategy, days, scope, progress)


async def _end(context: Context, run: TrialRun, report: bytes | None, failure: str | None) -> None:
    async with context.db.transaction() as session:
        await store.end_trial(session, run, clock.now(), report=report, failure=failure)

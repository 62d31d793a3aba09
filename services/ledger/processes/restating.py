"""Restating a tenant: range by range of its accounts, and how far it is stands in the run.

A range is one transaction together with the run's cursor, so that a crash loses nothing, and any
number of workers may take ranges of it, one after the other.
"""

from services.ledger.commands.restating import RestateRange, set_next_account_aside
from services.ledger.context import Context
from services.ledger.store.runs import Run, advance_run, claim_run, end_run, list_open_runs
from shared import clock
from shared.process.crash import crash_point
from shared.process.failures import is_for_now, note_failure

RANGE_ACCOUNTS = 100
SET_ASIDE_MAX = 100  # where more fail, the rules are broken for all


async def list_runs_to_do(context: Context) -> list[Run]:
    """Runs that are under way, the oldest first."""
    async with context.db.reading() as session:
        return await list_open_runs(session)


async def restate(context: Context, tenant_id: str, run_id: str, by: RestateRange) -> None:
    """Bring a run to its end, or leave it to whoever is at it. `by` restates a range.

    Raises what is for now only: then the run goes on from its cursor when it is asked for again.
    """
    limit = RANGE_ACCOUNTS
    while True:
        try:
            if not await _restate_range(context, tenant_id, run_id, by, limit):
                return
        except Exception as error:
            if is_for_now(error):
                raise
            if limit > 1:
                limit //= 2
                continue
            if not await _set_next_aside(context, tenant_id, run_id, error):
                return
        else:
            limit = min(RANGE_ACCOUNTS, limit * 2)


async def _restate_range(
    context: Context, tenant_id: str, run_id: str, by: RestateRange, limit: int
) -> bool:
    """Whether there may be more."""
    async with context.db.transaction() as session:
        run = await claim_run(session, tenant_id, run_id)
        if run is None:
            return False
        done = await by(session, context, run, limit, clock.now())
        if done.last is None:
            await end_run(session, run, now=clock.now())
        else:
            await advance_run(session, run, cursor=done.last, done=done.done, changed=done.changed)
    crash_point("ledger.restate.between_ranges")
    return done.last is not None


async def _set_next_aside(context: Context, tenant_id: str, run_id: str, error: Exception) -> bool:
    """The culprit stands alone: the run goes on without it, unless it is one of many."""
    note_failure("ledger", "restate", error, tenant=tenant_id)
    async with context.db.transaction() as session:
        run = await claim_run(session, tenant_id, run_id)
        if run is None:
            return False
        if run.set_aside + 1 >= SET_ASIDE_MAX:
            failure = f"{SET_ASIDE_MAX} accounts can't be computed: {error}"
            await end_run(session, run, now=clock.now(), failure=failure[:1000])
            return False
        account_id = await set_next_account_aside(session, run, error, now=clock.now())
        if account_id is None:
            await end_run(session, run, now=clock.now())
            return False
        await advance_run(session, run, cursor=account_id, done=1, changed=0, set_aside=1)
    return True

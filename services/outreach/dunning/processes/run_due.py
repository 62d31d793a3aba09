"""`run-due`: the way of every contact, until nothing is left that is due at the instant."""

from datetime import datetime

from msgspec import Struct

from services.outreach.activity.store.business_times import get_business_time, raise_business_time
from services.outreach.context import Context
from services.outreach.dunning.processes.assignments import apply_activations
from services.outreach.dunning.processes.contact_runs import ContactRun
from services.outreach.dunning.processes.ran_out import tell_ran_out
from services.outreach.dunning.processes.run_setup import open_run
from services.outreach.dunning.store.debtors import count_held, find_next_due
from shared import clock
from shared.business_time import refuse_future
from shared.process import telemetry

COUNTS = (
    "planned", "sent", "suppressed", "deferred", "cancelled", "uncertain", "failed", "held",
    "handed_over", "set_aside",
)  # fmt: skip


class RunDue(Struct, frozen=True, omit_defaults=True):
    counts: dict[str, int]
    next_due_at: datetime | None
    held: int = 0  # contacts that are due and belong to a claim of before, for a minute at most


async def run_due(context: Context, tenant: str, at: datetime) -> RunDue:
    """Make the tenant's contacts that are due up to an instant of business time. Idempotent.

    Raises `Held` where nobody may be contacted until a person has looked.
    """
    async with context.db.reading() as session:
        last = await get_business_time(session, tenant)
    refuse_future(context.clock, await context.guard.checked(tenant, last), at=at)
    started = clock.monotonic()
    async with context.db.transaction() as session:
        at = await raise_business_time(session, tenant, at)
    await apply_activations(context, tenant, at)
    await tell_ran_out(context, tenant, at)
    run = await open_run(context, tenant, at, kind=ContactRun)
    await run.work()
    async with context.db.reading() as session:
        due_at, is_dirty = await find_next_due(session, tenant)
        held = await count_held(session, tenant, at, clock.now())
    if is_dirty:
        due_at = at
    telemetry.JOB_SECONDS.labels("outreach", "run-due", "done").observe(clock.monotonic() - started)
    return RunDue(
        {
            name: run.counts[name.replace("_", "-")] + (run.counts[name] if "_" in name else 0)
            for name in COUNTS
            if name != "set_aside" or run.counts[name]
        },
        None if due_at is None else max(at, due_at),
        held,
    )

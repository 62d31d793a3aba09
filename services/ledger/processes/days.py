"""Beginning a day: the day first, then what it shows, range by range of accounts."""

from datetime import date, datetime

from services.ledger.commands.days import announce_range, raise_day
from services.ledger.context import Context
from services.ledger.store.tenants import find_tenant_times
from shared import clock
from shared.process.crash import crash_point

RANGE_ACCOUNTS = 100  # about 0.1 s of work: a range's locks never hold the intake up for long


async def start_day_by_clock(context: Context, tenant_id: str) -> dict[str, int]:
    """Begin what the machine's clock says has begun. Raises `Held` where it is not believed."""
    async with context.db.reading() as session:
        tenant = (await find_tenant_times(session, {tenant_id})).get(tenant_id)
    last = None if tenant is None else tenant.begun.since(tenant.settings.timezone)
    return await start_day(context, tenant_id, at=await context.guard.checked(tenant_id, last))


async def start_day(
    context: Context, tenant_id: str, *, day: date | None = None, at: datetime | None = None
) -> dict[str, int]:
    """Begin a day and announce what it shows; gives the number of events, by type.

    Safe to call again and by several workers at once: a range belongs to whoever locks it, and a
    last pass waits for the ranges of others, so that all is announced when any caller returns.
    """
    async with context.db.transaction() as session:
        await raise_day(session, tenant_id, context, day=day, at=at, now=clock.now())
    counts: dict[str, int] = {}
    for waits in (False, True):
        after: str | None = ""
        while after is not None:
            async with context.db.transaction() as session:
                done = await announce_range(
                    session,
                    tenant_id,
                    context,
                    after=after,
                    limit=RANGE_ACCOUNTS,
                    waits=waits,
                    now=clock.now(),
                )
            crash_point("ledger.start_day.between_ranges")
            for name, count in done.counts.items():
                counts[name] = counts.get(name, 0) + count
            after = done.last
    return counts

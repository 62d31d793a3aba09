"""Beginning a day: the day first, then what it shows, range by range of accounts."""

from collections import Counter
from datetime import date, datetime

from msgspec import Struct

from services.ledger.commands.days import (
    AnnouncedRange,
    announce_range,
    raise_day,
    set_next_aside,
)
from services.ledger.context import Context
from services.ledger.processes.retention import erase_silent
from services.ledger.processes.seals import seal_journal
from services.ledger.store.tenants import find_tenant_times
from shared import clock
from shared.errors import Unavailable
from shared.process.crash import crash_point
from shared.process.failures import is_for_now, note_failure

SET_ASIDE_MAX = 100  # in one go; where more fail, the rules are broken for all
RANGE_ACCOUNTS = 100  # about 0.1 s of work: a range's locks never hold the intake up for long


class StartedDay(Struct, frozen=True):
    """What beginning a day has announced, by type, and whom it had to leave out."""

    counts: dict[str, int]
    set_aside: int  # accounts that can't be computed


async def start_day_by_clock(context: Context, tenant_id: str) -> StartedDay:
    """Begin what the machine's clock says has begun. Raises `Held` where it is not believed."""
    async with context.db.reading() as session:
        tenant = (await find_tenant_times(session, {tenant_id})).get(tenant_id)
    last = None if tenant is None else tenant.begun.since(tenant.settings.timezone)
    return await start_day(context, tenant_id, at=await context.guard.checked(tenant_id, last))


async def start_day(
    context: Context, tenant_id: str, *, day: date | None = None, at: datetime | None = None
) -> StartedDay:
    """Begin a day and announce what it shows.

    Safe to call again and by several workers at once: a range belongs to whoever locks it, and a
    last pass waits for the ranges of others, so that all is announced when any caller returns.
    """
    async with context.db.transaction() as session:
        await raise_day(session, tenant_id, context, day=day, at=at, now=clock.now())
    # What the begun day brings is recorded from here on: the day before is whole.
    await seal_journal(context, tenant_id)
    counts: Counter[str] = Counter()
    set_aside = 0
    for waits in (False, True):
        after: str | None = ""
        limit = RANGE_ACCOUNTS
        while after is not None:
            try:
                done = await _announce(context, tenant_id, after, limit, waits=waits)
            except Exception as error:
                if is_for_now(error):
                    raise
                if limit > 1:
                    limit //= 2
                    continue
                after = await _set_next_aside(context, tenant_id, after, error)
                set_aside += after is not None
                if set_aside >= SET_ASIDE_MAX:
                    raise Unavailable(f"{set_aside} accounts can't be computed: {error}") from error
            else:
                counts.update(done.counts)
                after = done.last
                limit = min(RANGE_ACCOUNTS, limit * 2)
    if erased := await erase_silent(context, tenant_id):
        counts["account-erased"] += erased
    return StartedDay(dict(counts), set_aside)


async def _announce(
    context: Context, tenant_id: str, after: str, limit: int, *, waits: bool
) -> AnnouncedRange:
    async with context.db.transaction() as session:
        done = await announce_range(
            session, tenant_id, context, after=after, limit=limit, waits=waits, now=clock.now()
        )
    crash_point("ledger.start_day.between_ranges")
    return done


async def _set_next_aside(
    context: Context, tenant_id: str, after: str, error: Exception
) -> str | None:
    """The culprit stands alone: the day goes on without it."""
    note_failure("ledger", "start-day", error, tenant=tenant_id)
    async with context.db.transaction() as session:
        return await set_next_aside(session, tenant_id, after=after, error=error, now=clock.now())

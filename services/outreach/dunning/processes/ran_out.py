"""Answers and claims that nobody has seen to in their business days: dunning goes on by itself, and
people are told. Part of every run, in business time."""

from datetime import date, datetime

from services.outreach.context import Context
from services.outreach.debtors.store.pauses import WaitingPause, list_waiting
from services.outreach.debtors.store.tenants import find_calendar_name
from services.outreach.dunning.commands.ran_out import tell_of
from services.outreach.dunning.domain.pauses import ends_unhandled
from services.outreach.dunning.domain.runs import RunTime
from services.outreach.dunning.domain.strategy import Quiet
from shared import clock
from shared.clock import day_start, local_day
from shared.process.failures import survived

_PAGE = 200
_FIRST = (date.min, "")


async def tell_ran_out(context: Context, tenant: str, at: datetime) -> int:
    """Gives how many have run out by an instant of business time. Safe to repeat; where telling of
    one fails, the others are told, and it is tried again in the next run."""
    told, after = 0, _FIRST
    while True:
        async with context.db.reading() as session:
            calendar_name = await find_calendar_name(session, tenant)
            found = await list_waiting(
                session, tenant, local_day(at, "Pacific/Kiritimati"), after, _PAGE
            )
        for pause in found:
            with survived("outreach", "pauses", tenant=tenant, pause=pause.pause_id):
                told += await _tell(context, tenant, at, pause, calendar_name)
        if len(found) < _PAGE:
            return told
        after = (found[-1].from_on, found[-1].pause_id)


async def _tell(
    context: Context, tenant: str, at: datetime, pause: WaitingPause, calendar_name: str | None
) -> bool:
    async with context.db.transaction() as session:
        quiet = Quiet()
        if pause.strategy is not None:
            quiet = (await context.strategies.get(session, tenant, *pause.strategy)).quiet
        ends_on = ends_unhandled(pause.kind, pause.from_on, quiet, calendar_name)
        if ends_on is None or at < day_start(ends_on, pause.zone):
            return False
        now = clock.now()
        time = RunTime(at, now if context.clock == "system" else at, now, context.clock)
        return await tell_of(session, tenant, time, pause, day_start(ends_on, pause.zone))

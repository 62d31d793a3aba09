"""Door 3: the clock. When contacts are made (by the system clock, about once a minute), and when
lost leases are looked for (by the machine's)."""

import asyncio

from services.outreach.context import Context
from services.outreach.debtors.store.tenants import list_contacting_tenants
from services.outreach.dunning.processes.leases import end_leases
from services.outreach.dunning.processes.run_due import run_due
from services.outreach.dunning.processes.trial_runs import work_on_trials
from services.outreach.dunning.processes.uncertain import CLAIMED_MAX, resolve_uncertain
from services.outreach.rulebooks.processes.reference_rates import find_tenant_rates
from services.outreach.settings import Settings
from shared import clock
from shared.database.holds import Held
from shared.database.retention import Rule, kept_for
from shared.process import telemetry
from shared.process.failures import survived
from shared.process.tasks import pause

SCHEDULE_SECONDS = 60.0
RATES_SECONDS = 12 * 3600.0
LEASES_SECONDS = 2.0  # between two looks
TRIALS_SECONDS = 2.0
UNCERTAIN_SECONDS = 15.0  # between two looks for those whose quarter of an hour is over

log = telemetry.logger(__name__)


async def run_scheduler(context: Context, *, stop: asyncio.Event) -> None:
    """With the system clock: every contacting tenant, about once a minute."""
    while not stop.is_set():
        with survived("outreach", "runs"):
            await run_tenants(context, stop=stop)
        await pause(stop, SCHEDULE_SECONDS)


async def run_tenants(context: Context, *, stop: asyncio.Event) -> None:
    """What is due now, tenant by tenant; the tenants after one that fails have their turn."""
    async with context.db.reading() as session:
        tenants = await list_contacting_tenants(session)
    for tenant in tenants:
        if stop.is_set():
            return
        with survived("outreach", "runs", tenant=tenant):
            await _run_tenant(context, tenant)


async def _run_tenant(context: Context, tenant: str) -> None:
    try:
        ran = await run_due(context, tenant, clock.now())
    except Held as error:
        log.debug("contacts held", tenant=tenant, reason=error.detail)  # it was said when placed
    else:
        if any(ran.counts.values()):
            log.info("contacts made", tenant=tenant, **ran.counts)


async def run_trials(context: Context, *, stop: asyncio.Event) -> None:
    """Dry runs that take long, one after the other."""
    while not stop.is_set():
        worked = False
        with survived("outreach", "trials"):
            worked = await work_on_trials(context)
        if not worked:
            await pause(stop, TRIALS_SECONDS)


async def run_leases(context: Context, *, stop: asyncio.Event) -> None:
    """With either clock: look again and again until stopped."""
    while not stop.is_set():
        with survived("outreach", "leases"):
            if not context.guard.has_jumped():  # else all leases would seem to have ended
                await end_leases(context.db, context.clock, clock.now())
        await pause(stop, LEASES_SECONDS)


async def run_rate_watch(context: Context, *, stop: asyncio.Event) -> None:
    """Twice a day: which reference rates run out soon, so that somebody loads their next rows."""
    while not stop.is_set():
        with survived("outreach", "rates"):
            await watch_rates(context)
        await pause(stop, RATES_SECONDS)


async def watch_rates(context: Context) -> None:
    """Every contacting tenant's; the tenants after one that fails have their turn."""
    async with context.db.reading() as session:
        tenants = await list_contacting_tenants(session)
    left: dict[str, int] = {}
    for tenant in tenants:
        with survived("outreach", "rates", tenant=tenant):
            rates = await find_tenant_rates(context, tenant)
            for rate in rates.known.values():
                days = rate.runs_out_in(rates.today)
                if days is not None:
                    left[rate.name] = min(days, left.get(rate.name, days))
            for rate in rates.short:
                log.warning(
                    "a reference rate runs out",
                    tenant=tenant,
                    rate=rate.name,
                    known_until=str(rate.known_until),
                )
    for name, days in left.items():
        telemetry.REFERENCE_RATE_DAYS_LEFT.labels("outreach", name).set(days)


async def run_uncertain(context: Context, *, stop: asyncio.Event) -> None:
    """With either clock: ask providers about uncertain contacts, until stopped."""
    while not stop.is_set():
        asked = 0
        with survived("outreach", "uncertain"):
            if not context.guard.has_jumped():  # else all would be asked about at once
                asked = await resolve_uncertain(context, clock.now())
        if asked < CLAIMED_MAX:
            await pause(stop, UNCERTAIN_SECONDS)


def forgotten(settings: Settings) -> tuple[Rule, ...]:
    """What is not kept for ever. By a manual clock nothing is old: its days are its own."""
    if settings.common.clock == "manual":
        return ()
    return (
        *kept_for("story", "at", settings.story_keep_days),
        *kept_for("judgements", "at", settings.judgements_keep_days),
    )

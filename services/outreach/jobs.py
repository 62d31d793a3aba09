"""Door 3: the clock. When contacts are made (by the system clock, about once a minute), when lost
leases are looked for and what has come in is read (by the machine's)."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from services.outreach.channels.processes.listening import listen
from services.outreach.context import Context
from services.outreach.debtors.store.tenants import list_contacting_tenants
from services.outreach.desk.processes.upkeep import tend_desk
from services.outreach.dunning.processes.leases import end_leases
from services.outreach.dunning.processes.run_due import run_due
from services.outreach.dunning.processes.service_messages import send_waiting
from services.outreach.dunning.processes.trial_runs import work_on_trials
from services.outreach.dunning.processes.uncertain import CLAIMED_MAX, resolve_uncertain
from services.outreach.inbound.processes.imap import poll_mailboxes
from services.outreach.inbound.processes.lmtp import serve_lmtp
from services.outreach.inbound.processes.reading import read_next
from services.outreach.organisations.domain import REMEMBERED
from services.outreach.rulebooks.processes.reference_rates import find_tenant_rates
from services.outreach.settings import Settings
from services.outreach.webhooks.processes import post_due
from shared import clock
from shared.database.holds import Held
from shared.database.retention import Rule, kept_for
from shared.process import telemetry
from shared.process.failures import survived
from shared.process.tasks import pause

SCHEDULE_SECONDS = 60.0
WEBHOOKS_SECONDS = 1.0  # between two looks that find nothing
RATES_SECONDS = 12 * 3600.0
LEASES_SECONDS = 2.0  # between two looks
TRIALS_SECONDS = 2.0
UNCERTAIN_SECONDS = 15.0  # between two looks for those whose quarter of an hour is over
INBOUND_SECONDS = 1.0  # likewise, where nothing waits
INBOUND_LANES = 4  # items read at once: one that waits for the ledger holds up few

SERVICE_SECONDS = 2.0  # likewise, for what should have left at once

TEXTS_SECONDS = 15.0  # between two looks for operators to be connected to
TEXTS_KEEP_DAYS = 30  # receipts of texts come within days
PORTAL_SESSIONS_KEEP_DAYS = 1  # they are over after half an hour
PORTAL_LINKS_KEEP_DAYS = 400  # after their end: so long a new one can be asked for by the old
PORTAL_BIDS_KEEP_DAYS = 60

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
        if not context.guard.has_jumped():  # else all leases would seem to have ended
            with survived("outreach", "leases"):
                await end_leases(context.db, context.clock, clock.now())
            with survived("outreach", "desk"):
                await tend_desk(context)
        await pause(stop, LEASES_SECONDS)


async def run_webhooks(context: Context, *, stop: asyncio.Event) -> None:
    """With either clock: post what waits for endpoints, round after round."""
    clients = context.webhooks
    while not stop.is_set():
        posted = 0
        with survived("outreach", "webhooks"):
            posted = await post_due(context.db, clients.poster, clients.box)
        await pause(stop, 0.0 if posted else WEBHOOKS_SECONDS)


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


async def run_inbound(context: Context, *, stop: asyncio.Event) -> None:
    """Read what the doors left, in several lanes, until stopped."""

    async def read() -> None:
        while not stop.is_set():
            was_read = False
            with survived("outreach", "inbound"):
                was_read = await read_next(context)
            if not was_read:
                await pause(stop, INBOUND_SECONDS)

    await asyncio.gather(*[read() for _ in range(INBOUND_LANES)])


async def run_service_messages(context: Context, *, stop: asyncio.Event) -> None:
    """With either clock: send what could not leave at once, while it is worth sending."""
    while not stop.is_set():
        with survived("outreach", "service-messages"):
            if not context.guard.has_jumped():
                await send_waiting(context)
        await pause(stop, SERVICE_SECONDS)


def mail_jobs(
    context: Context, settings: Settings, *, stop: asyncio.Event
) -> dict[str, Coroutine[Any, Any, None]]:
    """Where mail comes in by itself, as the settings have it."""
    jobs: dict[str, Coroutine[Any, Any, None]] = {}
    if settings.lmtp is not None:
        jobs["lmtp"] = serve_lmtp(context, *settings.lmtp, stop=stop)
    if settings.mailboxes:
        jobs["mailboxes"] = poll_mailboxes(context, settings.mailboxes, stop=stop)
    return jobs


async def run_texts(context: Context, *, stop: asyncio.Event) -> None:
    """With either clock: stay connected to operators, and hand on what waited for long enough."""
    while not stop.is_set():
        with survived("outreach", "texts"):
            await listen(context)
        with survived("outreach", "texts"):
            if not context.guard.has_jumped():
                await context.channel_log.tidy(clock.now())
        await pause(stop, TEXTS_SECONDS)


def forgotten(settings: Settings) -> tuple[Rule, ...]:
    """What is not kept for ever. By a manual clock nothing is old: its days are its own."""
    if settings.common.clock == "manual":
        return ()
    return (
        *kept_for("text_parts", "seen_at", TEXTS_KEEP_DAYS),
        *kept_for("story", "at", settings.story_keep_days),
        *kept_for("judgements", "at", settings.judgements_keep_days),
        *kept_for("organisation_attempts", "at", REMEMBERED.days),
        *kept_for("inbound", "ended_at", settings.inbound_keep_days),
        *kept_for("portal_sessions", "seen_at", PORTAL_SESSIONS_KEEP_DAYS),
        *kept_for("portal_links", "expires_at", PORTAL_LINKS_KEEP_DAYS),
        *kept_for("portal_bids", "bid_at", PORTAL_BIDS_KEEP_DAYS),
    )

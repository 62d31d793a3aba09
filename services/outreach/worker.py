"""Outreach's worker: takes events in, makes contacts by the system clock, ends leases, relays.
Wiring only. `python -m services.outreach.worker` runs it."""

import asyncio

from services.outreach import consumer
from services.outreach.context import open_context
from services.outreach.jobs import (
    forgotten,
    mail_jobs,
    run_inbound,
    run_leases,
    run_rate_watch,
    run_scheduler,
    run_service_messages,
    run_texts,
    run_trials,
    run_uncertain,
    run_webhooks,
)
from services.outreach.settings import Settings
from shared.database import Database
from shared.process.serve import run_worker
from shared.process.start import settings_of
from shared.process.watchdog import exit_now


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Work until stopped."""
    common = settings.common
    db = Database(settings.database_url, application="outreach-worker", when_replaced=exit_now)
    context = open_context(settings, db)
    runtime = consumer.runtime(common, db, context.strategies, producer_urls=settings.producer_urls)
    jobs = {
        "leases": run_leases(context, stop=stop),
        "uncertain": run_uncertain(context, stop=stop),
        "inbound": run_inbound(context, stop=stop),
        "service-messages": run_service_messages(context, stop=stop),
        **mail_jobs(context, settings, stop=stop),
        "texts": run_texts(context, stop=stop),
        "trials": run_trials(context, stop=stop),
        "webhooks": run_webhooks(context, stop=stop),
    }
    if common.clock == "system":
        jobs["contacts"] = run_scheduler(context, stop=stop)
        jobs["rates"] = run_rate_watch(context, stop=stop)
    try:
        await runtime.work(stop, jobs, forgets=forgotten(settings))
    finally:
        await context.close()
        await runtime.close()
        await db.close()


if __name__ == "__main__":
    run_worker(run, settings_of(Settings))

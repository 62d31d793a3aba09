"""Metrics' worker: folds events, begins days, acts for plans, mails alerts. Wiring only."""

import asyncio

from services.metrics import consumer
from services.metrics.context import open_context
from services.metrics.jobs import (
    run_actions,
    run_deliveries,
    run_folding,
    run_rebuilding,
    run_scheduler,
)
from services.metrics.processes import retention
from services.metrics.processes.days import backlog_of
from services.metrics.settings import Settings
from shared.process.serve import run_worker
from shared.process.start import settings_of


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Work until stopped."""
    context = open_context(settings, "metrics-worker")
    runtime = consumer.runtime(settings, context)
    reading = consumer.LogReading(runtime)
    jobs = {
        "folding": run_folding(context, reading, stop=stop),
        "rebuilding": run_rebuilding(context, reading, stop=stop),
        "contingencies": run_actions(context, stop=stop),
        "deliveries": run_deliveries(context, stop=stop),
    }
    if context.clock != "manual":
        jobs["days"] = run_scheduler(context, backlog_of(runtime.lag), stop=stop)
    try:
        await runtime.work(stop, jobs, forgets=retention.rules(settings.cold_after_months))
    finally:
        await runtime.close()
        await context.close()


if __name__ == "__main__":
    run_worker(run, settings_of(Settings))

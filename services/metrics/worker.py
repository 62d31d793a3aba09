"""Metrics' worker: folds the events of the others, and has none of its own. Wiring only."""

import asyncio

from services.metrics import consumer
from services.metrics.context import open_context
from services.metrics.jobs import run_folding, run_rebuilding
from services.metrics.settings import Settings
from shared.process.serve import run_worker
from shared.process.start import settings_of


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Work until stopped."""
    context = open_context(settings, "metrics-worker")
    runtime = consumer.runtime(settings, context)
    reading = consumer.LogReading(runtime)
    works = {
        "folding": run_folding(context, reading, stop=stop),
        "rebuilding": run_rebuilding(context, reading, stop=stop),
    }
    try:
        await runtime.work(stop, works)
    finally:
        await runtime.close()
        await context.close()


if __name__ == "__main__":
    run_worker(run, settings_of(Settings))

"""Segmentation's worker: the consumer, re-scores, watches, and the relay. Wiring only."""

import asyncio

from services.segmentation import consumer
from services.segmentation.context import open_context
from services.segmentation.jobs.guardrails import run_guardrails
from services.segmentation.jobs.rescoring import run_rescoring
from services.segmentation.jobs.watch import run_watch
from services.segmentation.settings import Settings
from shared.process.serve import run_worker
from shared.process.start import settings_of


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Work until stopped."""
    context = open_context(settings, application="segmentation-worker")
    runtime = consumer.runtime(settings, context)
    try:
        jobs = {
            "rescoring": run_rescoring(context, stop=stop),
            "watch": run_watch(context, stop=stop),
        }
        if context.clock == "system":
            jobs["guardrails"] = run_guardrails(context, stop=stop)
        await runtime.work(stop, jobs)
    finally:
        await runtime.close()
        await context.close()


if __name__ == "__main__":
    run_worker(run, settings_of(Settings))

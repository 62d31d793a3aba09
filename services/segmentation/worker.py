"""Segmentation's worker: the consumer, re-scores, watching, and the relay. Wiring only."""

import asyncio
import os

from services.segmentation import consumer
from services.segmentation.store.active_rules import ActiveRules
from services.segmentation.commands.policies import Policies
from services.segmentation.jobs.guardrails import run_guardrails
from services.segmentation.jobs.rescoring import run_rescoring
from services.segmentation.jobs.watch import run_watching
from services.segmentation.settings import Settings
from shared.database import Database
from shared.process.serve import run_worker


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Work until stopped."""
    db = Database(settings.database_url, application="segmentation-worker")
    force = ActiveRules(Policies(settings.policy))
    runtime = consumer.runtime(settings.common, db, force, producer_urls=settings.producer_urls)
    try:
        jobs = [
            run_rescoring(db, force, stop=stop),
            run_watching(db, force, settings.common.clock, stop=stop),
        ]
        if settings.common.clock == "system":
            jobs.append(run_guardrails(db, stop=stop))
        await runtime.work(stop, *jobs)
    finally:
        await runtime.close()
        await db.close()


if __name__ == "__main__":
    run_worker(run, Settings.from_env(os.environ))

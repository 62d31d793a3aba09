"""The ledger's worker: billing events, the scheduler, the relay. Wiring only."""

import asyncio

from services.ledger import consumer
from services.ledger.context import open_context
from services.ledger.jobs import run_imports, run_restating, run_scheduler
from services.ledger.settings import Settings
from services.ledger.store.erasures import LATE_REJECTIONS
from shared.database.retention import kept_for
from shared.process.serve import run_worker
from shared.process.start import settings_of

REQUESTS_KEEP_DAYS = 200  # the dry runs of policies look at 180 of them


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Work until stopped."""
    context = open_context(settings, application="ledger-worker")
    runtime = consumer.runtime(settings, context)
    jobs = {
        "restating": run_restating(context, stop=stop),
        "imports": run_imports(context, stop=stop),
    }
    if context.clock != "manual":
        jobs["days"] = run_scheduler(context, stop=stop)
    try:
        await runtime.work(
            stop,
            jobs,
            forgets=(
                *kept_for("rejections", "rejected_at", settings.rejections_keep_days),
                *kept_for("imports", "finished_at", settings.imports_keep_days),
                *kept_for("requests", "kept_at", REQUESTS_KEEP_DAYS),
                LATE_REJECTIONS,
            ),
        )
    finally:
        await runtime.close()
        await context.close()


if __name__ == "__main__":
    run_worker(run, settings_of(Settings))

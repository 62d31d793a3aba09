"""Does what is due of plans in a process of its own, which a kill point may end."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from services.metrics.context import open_context
from services.metrics.processes.deliveries import deliver_due
from services.metrics.processes.plan_actions import act_due
from services.metrics.settings import Settings

ROOT = Path(__file__).resolve().parents[3]


async def die_at(point: str, settings: Settings, **given: str) -> None:
    """Let it be done by a process that ends itself at this point."""
    urls = {f"{name.upper()}_DATABASE_URL": url for name, url in settings.producer_urls.items()}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.metrics.plan_process",
        cwd=ROOT,
        env={
            **os.environ, **urls, **given,
            "METRICS_DATABASE_URL": settings.database_url,
            "RECOUP_LOCAL": "1",
            "RECOUP_DATA_DIR": str(settings.common.data_dir),
            "RECOUP_CRASH_AT": point,
        },
    )  # fmt: skip
    assert await process.wait() == -signal.SIGKILL


async def run() -> None:
    context = open_context(Settings.from_env(os.environ), "test")
    try:
        await act_due(context)
        await deliver_due(context)
    finally:
        await context.close()


if __name__ == "__main__":
    asyncio.run(run())

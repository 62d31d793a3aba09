"""Runs a module of the tests in a process that dies at a kill point."""

import asyncio
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


async def run_and_die(module: str, point: str, *arguments: str) -> int | None:
    """How it ended: by the signal that it gives itself."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"tests.integration.outreach.{module}", *arguments,
        cwd=ROOT, env={**os.environ, "RECOUP_CRASH_AT": point},
    )  # fmt: skip
    return await process.wait()

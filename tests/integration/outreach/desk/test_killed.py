"""A process that dies between the ledger's answer and our record: the same again ends it."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from services.outreach.desk.commands.tasks import claim_task
from tests.integration.outreach.desk.helpers import a_task, opened
from tests.integration.outreach.world import World

ROOT = Path(__file__).resolve().parents[4]


async def run(world: World, url: str, task_id: str, point: str | None) -> int | None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.outreach.desk.completion_process",
        url, world.ledger.url, world.tenant, task_id,
        cwd=ROOT,
        env={**os.environ, "RECOUP_CRASH_AT": point or ""},
    )  # fmt: skip
    return await process.wait()


async def test_killed_after_the_answer_the_same_again_ends_it(
    world: World, outreach_url: str
) -> None:
    await world.overdue("I1")
    (task_id,) = await opened(world, a_task("contact 1", kind="call", invoice_ids=("I1",)))
    async with world.db.transaction() as session:
        await claim_task(session, world.tenant, task_id, "ann", "manual")
    point = "outreach.command.after_answer"
    assert await run(world, outreach_url, task_id, point) == -signal.SIGKILL
    assert await world.announced("task-completed", "right-party-contacted") == []
    await world.paid("I1")  # the fact comes in before the same again: the task is still there
    assert await run(world, outreach_url, task_id, None) == 0
    assert len(await world.announced("task-completed")) == 1
    assert len(await world.announced("right-party-contacted")) == 1
    assert len({command["key"] for command in world.ledger.requests}) == 1

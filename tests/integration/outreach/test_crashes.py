"""The process dies at each kill point; what is left behind makes at most one message."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from services.outreach.dunning.processes.leases import end_leases
from shared import clock
from tests.integration.outreach.world import MORNING, World

ROOT = Path(__file__).resolve().parents[3]


async def run_and_die(world: World, url: str, point: str) -> int | None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.outreach.run_due_process",
        url, world.ledger.url, world.mail.url, world.tenant, MORNING.isoformat(),
        cwd=ROOT,
        env={**os.environ, "RECOUP_CRASH_AT": point},
    )  # fmt: skip
    return await process.wait()


@pytest.mark.parametrize(
    ("point", "state", "messages", "ends"),
    [
        ("outreach.after_claim", "claimed", 1, "contact-sent"),
        ("outreach.after_check", "claimed", 1, "contact-sent"),
        ("outreach.after_intent", "intent", 0, "contact-uncertain"),
        ("outreach.after_handover", "intent", 1, "contact-uncertain"),
        ("outreach.after_result", "sent", 1, "contact-sent"),
    ],
)
async def test_a_process_killed_in_the_middle(
    world: World, outreach_url: str, point: str, state: str, messages: int, ends: str
) -> None:
    await world.overdue()
    assert await run_and_die(world, outreach_url, point) == -signal.SIGKILL
    assert await world.states() == [state]
    await world.run()
    assert len(world.mail.messages) <= messages
    await world.end_lease()
    await end_leases(world.db, "manual", clock.now())
    await world.run()
    assert len(world.mail.messages) == messages
    ended = await world.announced("contact-sent", "contact-uncertain", "contact-failed")
    assert [event["type"] for event in ended] == [ends]
    # Then the same as if nothing had happened: the ladder goes on with its next step.
    await world.run()
    planned = [event["data"]["step"] for event in await world.announced("contact-planned")]
    assert planned == ["reminder", "second-reminder"]

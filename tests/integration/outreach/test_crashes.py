"""The process dies at each kill point; what is left behind makes at most one message."""

import signal
from pathlib import Path

import pytest

from services.outreach.dunning.processes.leases import end_leases
from shared import clock
from shared.process.crash import POINTS
from tests.integration.outreach.killed import run_and_die
from tests.integration.outreach.world import MORNING, World

ROOT = Path(__file__).resolve().parents[3]


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
    assert (
        await run_and_die(
            "run_due_process",
            point,
            outreach_url,
            world.ledger.url,
            world.mail.url,
            world.tenant,
            MORNING.isoformat(),
        )
        == -signal.SIGKILL
    )
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


def test_every_kill_point_of_outreach_is_tried_by_a_test() -> None:
    texts = [path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/test_*.py")]
    untried = [
        point
        for point in POINTS
        if point.startswith("outreach.") and not any(f'"{point}"' in text for text in texts)
    ]
    assert untried == []

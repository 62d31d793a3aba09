"""The process dies while it reads; what came in is read once all the same."""

import signal
from datetime import date

import pytest

from services.outreach.inbound.commands.items import keep_item
from services.outreach.inbound.domain.items import new_mail
from services.outreach.inbound.processes.reading import read_next
from tests.integration.outreach.killed import run_and_die
from tests.integration.outreach.replies import a_mail, pauses, replies, tasks
from tests.integration.outreach.world import World


@pytest.mark.parametrize(
    ("point", "commands"),
    [("outreach.inbound.before_commit", 2), ("outreach.command.after_answer", 2)],
)
async def test_a_process_killed_while_it_reads(
    world: World, outreach_url: str, point: str, commands: int
) -> None:
    await world.overdue(due_on=date(2026, 3, 2))
    async with world.db.transaction() as session:
        item = new_mail(a_mail("I never received it"))
        assert await keep_item(session, world.tenant, "manual", item)
    ended = await run_and_die("inbound_process", point, outreach_url, world.ledger.url)
    assert ended == -signal.SIGKILL
    assert (await tasks(world), await replies(world), len(world.ledger.taken)) == ([], [], 1)
    assert not await read_next(world.context)  # somebody may still be reading it
    async with world.db.transaction() as session:
        await session.execute("update inbound set try_at = stored_at")
    assert await read_next(world.context)
    assert not await read_next(world.context)
    (row,) = await world.db.fetch("select state from inbound")
    assert row["state"] == "applied"
    assert (len(world.ledger.commands), len(world.ledger.taken)) == (commands, 1)
    assert (await tasks(world), await pauses(world)) == (["dispute-review"], [])
    assert len(await replies(world)) == 1

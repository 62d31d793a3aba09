"""The work list under many hands: each task is given once, and all are given."""

import asyncio
from collections import Counter
from typing import Any

from services.outreach.desk.processes.worklist import take_next
from tests.integration.outreach.desk.helpers import a_task, moved, opened
from tests.integration.outreach.world import MORNING, World

COLLECTORS = 20
TASKS = 120


async def works(world: World, person: str) -> list[Any]:
    """Take tasks until there is none."""
    found = []
    while (row := await take_next(world.context, world.tenant, person, None)) is not None:
        found.append(row)
    return found


async def test_many_collectors_take_each_task_once_and_leave_none(world: World) -> None:
    await moved(world, MORNING)
    ids = await opened(
        world,
        *(
            a_task(f"inbound {n}", kind="callback" if n % 10 == 0 else "reply",
                   skill="care" if n % 3 == 0 else None, escalated=n % 4 == 0)
            for n in range(TASKS)
        ),
    )  # fmt: skip
    async with world.db.transaction() as session:
        await session.execute(
            "insert into certificates (tenant_id, person, name, valid_from, recorded_at,"
            " recorded_by) select 'demo', 'p' || n, 'care', '2026-01-01', now(), 'x'"
            " from generate_series(0, $1::int) n",
            COLLECTORS // 2,
        )
    given = await asyncio.gather(*(works(world, f"p{n}") for n in range(COLLECTORS)))
    times = Counter(row["task_id"] for rows in given for row in rows)
    assert set(times) == set(ids)
    assert set(times.values()) == {1}
    for person, rows in enumerate(given):
        if person > COLLECTORS // 2:
            assert not [row for row in rows if row["skill"]], person
    claimed = await world.announced("task-claimed")
    assert Counter(event["data"]["task_id"] for event in claimed) == times


async def test_one_after_the_other_get_the_best_that_is_left(world: World) -> None:
    await moved(world, MORNING)
    await opened(world, *(a_task(f"inbound {n}", escalated=n % 2 == 0) for n in range(10)))
    order = [
        row["is_escalated"]
        for n in range(10)
        if (row := await take_next(world.context, world.tenant, f"p{n}", None)) is not None
    ]
    assert order == [True] * 5 + [False] * 5

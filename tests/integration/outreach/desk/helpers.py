"""What tests of the desk do again and again."""

from datetime import datetime
from typing import Any

from services.outreach.activity.commands import open_tasks
from services.outreach.activity.domain.tasks import NewTask
from tests.integration.outreach.world import MORNING, World

ANN, BOB, EVE = {"X-Actor": "ann"}, {"X-Actor": "bob"}, {"X-Actor": "eve"}


def a_task(cause: str, account_id: str = "C1", **given: Any) -> NewTask:
    known: dict[str, Any] = {"kind": "reply", "due_at": MORNING} | given
    return NewTask(account_id=account_id, cause=cause, **known)


async def opened(world: World, *tasks: NewTask) -> list[str]:
    async with world.db.transaction() as session:
        return await open_tasks(session, world.tenant, MORNING, tasks)


async def moved(world: World, instant: datetime) -> None:
    """Business time has come so far."""
    async with world.db.transaction() as session:
        await session.execute(
            "insert into business_times (tenant_id, at) values ($1, $2)"
            " on conflict (tenant_id) do update set at = excluded.at",
            world.tenant,
            instant,
        )

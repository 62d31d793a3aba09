"""A process that dies between an answer of a peer and our record: the same is asked again."""

import pytest

from services.metrics.settings import Settings
from tests.integration.metrics.conftest import Deliver
from tests.integration.metrics.plan_process import die_at
from tests.integration.metrics.plan_world import PlanWorld
from tests.integration.metrics.served import listening
from tests.integration.metrics.test_plans import begin_plan


@pytest.fixture
async def running(world: PlanWorld, deliver: Deliver) -> PlanWorld:
    await begin_plan(world, deliver)
    return world


async def make_due(world: PlanWorld) -> None:
    async with world.db.transaction() as session:
        await session.execute("update plan_actions set next_at = now() - interval '1 second'")


async def test_killed_after_the_answer_the_same_is_asked_again(
    running: PlanWorld, settings: Settings
) -> None:
    running.peers.answers = [(503, {})]
    await running.start_day("2026-03-08", raised=2)
    await make_due(running)
    async with listening(running.peers.app) as url:
        await die_at(
            "metrics.contingency.after_answer", settings,
            OUTREACH_URL=url, SEGMENTATION_URL=url,
        )  # fmt: skip
    assert len(running.peers.asked) == 2
    assert (await running.types())[-1] == "contingency-triggered"
    await make_due(running)
    await running.start_day("2026-03-08", acted=1)
    assert (await running.types())[-1] == "contingency-acted"
    assert len(running.peers.asked) == 3
    assert len({headers["idempotency-key"] for *_, headers in running.peers.asked}) == 1
    assert len({str(body) for _, body, _ in running.peers.asked}) == 1

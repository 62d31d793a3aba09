"""A process that dies between an answer of a peer and our record: the same is asked again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import uvicorn

from services.metrics.settings import Settings
from shared.database import Database
from shared.process.settings import Common
from tests.integration.metrics.conftest import Deliver
from tests.integration.metrics.plan_process import die_at
from tests.integration.metrics.plan_world import Peers, PlanWorld, manual, plan_world
from tests.integration.metrics.test_figures import an_invoice
from tests.integration.metrics.test_plans import PLAN


@pytest.fixture
async def running(
    settings: Settings, metrics_db: Database, deliver: Deliver
) -> AsyncIterator[PlanWorld]:
    common = Common.from_env(manual(settings.common))
    async with plan_world(replace(settings, common=common), metrics_db) as world:
        await deliver([an_invoice("I1", 100000, "2025-11-09", "2025-12-09")])
        await world.call("POST", "/v1/plans", PLAN, status=201)
        await world.start_day("2026-01-30")
        await world.call("POST", "/v1/plans/spring/approve", {"version": 1}, by="bea")
        await world.start_day("2026-02-01")
        yield world


@asynccontextmanager
async def served(peers: Peers) -> AsyncIterator[str]:
    config = uvicorn.Config(peers.app, port=0, log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(120):
        while not server.started:
            await asyncio.wait([serving], timeout=0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


async def make_due(world: PlanWorld) -> None:
    async with world.db.transaction() as session:
        await session.execute("update plan_actions set next_at = now() - interval '1 second'")


async def test_killed_after_the_answer_the_same_is_asked_again(
    running: PlanWorld, settings: Settings
) -> None:
    running.peers.answers = [(503, {})]
    await running.start_day("2026-03-08", raised=2)
    await make_due(running)
    async with served(running.peers) as url:
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

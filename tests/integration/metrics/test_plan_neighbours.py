"""Days of plans when something goes wrong, or several begin them at once: neighbours are unharmed,
and nothing is said twice."""

import asyncio
from datetime import date
from typing import Any

import pytest

import services.metrics.processes.days as days
from services.metrics.domain.plans.progress import JudgedDay
from services.metrics.jobs import start_days
from services.metrics.processes.days import Backlog
from services.metrics.processes.plan_progress import judge_plan
from shared import clock
from tests.integration.metrics.conftest import Deliver
from tests.integration.metrics.plan_world import PlanWorld
from tests.integration.metrics.test_figures import an_invoice
from tests.integration.metrics.test_plans import PLAN


@pytest.fixture
async def world(world: PlanWorld, deliver: Deliver) -> PlanWorld:
    """Two plans that run."""
    await deliver([an_invoice("I1", 100000, "2025-11-09", "2025-12-09")])
    for plan_id in ("autumn", "spring"):
        await world.call("POST", "/v1/plans", PLAN | {"plan_id": plan_id}, status=201)
    await world.start_day("2026-01-30")
    for plan_id in ("autumn", "spring"):
        path = f"/v1/plans/{plan_id}/approve"
        await world.call("POST", path, {"version": 1}, by="bea")
    await world.start_day("2026-02-01")
    return world


async def test_a_plan_that_cannot_be_judged_harms_no_other(
    world: PlanWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def judged(context: Any, tenant: str, record: Any, *args: Any, **named: Any) -> JudgedDay:
        if record.plan_id == "autumn":
            raise ArithmeticError("a plan that nobody thought of")
        return await judge_plan(context, tenant, record, *args, **named)

    monkeypatch.setattr("services.metrics.processes.days.judge_plan", judged)
    await world.start_day("2026-03-04", raised=1)
    alerts = (await world.call("GET", "/v1/alerts"))["items"]
    assert [alert["plan_id"] for alert in alerts] == ["spring"]


async def test_several_that_begin_a_day_say_it_once(world: PlanWorld) -> None:
    await asyncio.gather(
        *(world.call("POST", "/v1/jobs/start-day", {"day": "2026-03-08"}) for _ in range(3))
    )
    types = await world.types()
    for type_, times in (("alert-raised", 2), ("contingency-triggered", 2)):
        assert types.count(type_) == times
    assert types.count("contingency-acted") == 2
    assert len(world.peers.asked) == 2


async def test_the_scheduler_begins_the_days_of_each_tenant_by_itself(
    world: PlanWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One tenant that fails is not another's fault; a day that has begun does not begin again."""
    today = clock.now().date()
    begun: list[tuple[str, date]] = []
    for tenant in ("bad", "good"):
        headers = {"X-Tenant": tenant}
        await world.call("POST", "/v1/plans", PLAN, status=201, headers=headers)
        async with world.db.transaction() as session:
            await session.execute(
                "update plans set state = 'approved' where tenant_id = $1", tenant
            )

    async def start_day(_context: Any, tenant: str, _backlog: Any, **named: Any) -> Any:
        if tenant == "bad":
            raise ArithmeticError("a tenant that nobody thought of")
        begun.append((tenant, named["at"].date()))
        return days.StartedDays(today, {})

    async def backlog() -> Backlog:
        return Backlog(0, 0.0)

    monkeypatch.setattr("services.metrics.jobs.start_day", start_day)
    monkeypatch.setattr("services.metrics.jobs.is_time", lambda *_, **__: True)
    await start_days(world.context, backlog, stop=asyncio.Event())
    assert [tenant for tenant, _ in begun] == ["demo", "good"]

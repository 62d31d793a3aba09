"""Rules of alerts that a tenant has without a plan."""

import asyncio

from shared.database import Database
from tests.integration.metrics.conftest import Deliver
from tests.integration.metrics.plan_world import PlanWorld
from tests.integration.metrics.test_api import waiting_for_locks
from tests.integration.metrics.test_figures import an_invoice


async def test_rules_of_a_tenant_without_a_plan(world: PlanWorld, deliver: Deliver) -> None:
    await deliver([an_invoice("I1", 100000, "2026-02-02", "2026-02-03")])
    rules = {
        "rules": [
            {
                "id": "much",
                "when": {"kpi": "invoiced", "currency": "EUR", "days": 1, "above": 5},
                "to": ["lea"],
            },
        ],
        "people": [{"id": "lea", "name": "Lea"}],
    }
    await world.call("PUT", "/v1/alert-rules", {"rules": [{"id": "x"}]}, status=422)
    kept = await world.call("PUT", "/v1/alert-rules", rules)
    match = {"If-Match": '"7"'}
    await world.call("PUT", "/v1/alert-rules", rules, headers=match, status=412)
    assert kept["etag"] == '"1"'
    await world.start_day("2026-02-02")
    await world.start_day("2026-02-03", raised=1)
    await world.start_day("2026-02-04", cleared=1)
    said = await world.announced()
    assert [each for each, _ in said] == ["alert-raised", "alert-cleared"]
    assert (said[0][1].get("plan_id"), said[0][1]["subject"]) == (None, "invoiced")
    (alert,) = (await world.call("GET", "/v1/alerts?state=cleared"))["items"]
    assert alert["deliveries"][0]["state"] == "no-address"


async def test_of_several_who_read_the_same_rules_one_writes(
    world: PlanWorld, metrics_db: Database
) -> None:
    rules = {"rules": [{"id": "stuck", "when": {"platform": "parked"}}]}
    headers = {"If-Match": (await world.call("PUT", "/v1/alert-rules", rules))["etag"]}
    async with metrics_db.transaction() as session:
        await session.execute("update alert_rules set edit = edit + 1")  # not committed yet
        writing = asyncio.create_task(
            world.call("PUT", "/v1/alert-rules", rules, headers=headers, status=412)
        )
        while not await waiting_for_locks(metrics_db):
            await asyncio.wait([writing], timeout=0.01)
            assert not writing.done()
    await writing

"""Who may work at the desk, and for whom."""

import httpx
import pytest

from tests.integration.outreach.desk.helpers import ANN, a_task, moved, opened
from tests.integration.outreach.world import MORNING, World


@pytest.fixture
async def desk(world: World, client: httpx.AsyncClient) -> httpx.AsyncClient:
    await moved(world, MORNING)
    return client


async def test_a_token_that_is_none_does_no_work(desk: httpx.AsyncClient) -> None:
    answer = await desk.get("/v1/worklist", headers={"Authorization": "Bearer nobody"})
    assert answer.status_code == 401


async def test_another_tenant_s_task_is_not_there(world: World, desk: httpx.AsyncClient) -> None:
    (task_id,) = await opened(world, a_task("inbound 1"))
    other = {**ANN, "X-Tenant": "other"}
    for path in ("claim", "extend", "release", "call"):
        answer = await desk.post(f"/v1/tasks/{task_id}/{path}", headers=other)
        assert answer.status_code == 404, path
    assert (await desk.post("/v1/worklist/next", headers=other)).status_code == 204


async def test_a_header_that_names_nobody_is_refused(desk: httpx.AsyncClient) -> None:
    for name in ("%00", "x" * 300, " "):
        answer = await desk.get("/v1/worklist", headers={"X-Actor": name})
        assert answer.status_code == 422, name
        assert answer.json()["errors"][0]["pointer"] == "/header/X-Actor"

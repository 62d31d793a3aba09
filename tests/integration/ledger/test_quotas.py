"""What one tenant asks for in masses leaves connections to the others."""

import asyncio

import httpx
import pytest

from shared.database import Database
from tests.integration.ledger.test_days import until_waiting

HALF = 4  # of the pool
ASKED = 12


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/integrity", None),
        ("GET", "/v1/accounts", None),
        ("POST", "/v1/jobs/start-day", {"day": "2026-03-16"}),
    ],
)
async def test_one_tenant_s_slow_requests_leave_the_others_served(
    client: httpx.AsyncClient, ledger_db: Database, method: str, path: str, body: object
) -> None:
    for tenant in ("demo", "other"):
        await client.put(f"/v1/tenants/{tenant}", json={}, headers={"X-Tenant": tenant})
    async with ledger_db.transaction() as session:
        await session.execute("lock table accounts in access exclusive mode")
        asked = [asyncio.create_task(client.request(method, path, json=body)) for _ in range(ASKED)]
        await until_waiting(ledger_db, HALF if method == "GET" else 1)
        for _ in range(3):
            other = await client.get("/v1/rejections", headers={"X-Tenant": "other"})
            assert other.status_code == 200
        assert not any(task.done() for task in asked)
    assert {answer.status_code for answer in await asyncio.gather(*asked)} == {200}

"""What tests of policies share: a tenant in Berlin, and a document."""

from typing import Any

import httpx

URL = "/v1/policies/promises"
DEMO = {"X-Tenant": "demo"}


def promises(version: str = "2027", **members: int) -> dict[str, Any]:
    return {"name": "promises", "version": version, "rules": [members]}


async def make_demo(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """Every later request is for the tenant."""
    client.headers.update(DEMO)
    settings = {"timezone": "Europe/Berlin", "calendar": "de", "reporting_currency": "EUR"}
    made = await client.put("/v1/tenants/demo", json=settings)
    assert made.status_code == 200
    return client


async def begin(client: httpx.AsyncClient, day: str) -> None:
    answer = await client.post("/v1/jobs/start-day", json={"day": day}, headers=DEMO)
    assert answer.status_code == 200, answer.text

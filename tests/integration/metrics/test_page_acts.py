"""What a page's session may do: read everywhere, act where pages act, and nothing else."""

import httpx
import pytest

from services.metrics.api.pages import sessions
from services.metrics.settings import Settings
from tests.integration.metrics.conftest import Bearing

VIEW = {"title": "Legal", "page": "/receivables", "query": "segment=legal", "shared": True}
OWN = {"Sec-Fetch-Site": "same-origin"}


async def sign_in(client: httpx.AsyncClient, settings: Settings, token: dict[str, str]) -> str:
    """The cookie, as the browser sends it."""
    answer = await client.post("/session", headers=token)
    assert answer.status_code == 204, answer.text
    del client.headers["Authorization"]
    client.cookies.clear()
    name = sessions(settings.common.door).cookie
    return f"{name}={answer.cookies[name]}"


async def test_a_session_says_whose_it_is(
    client: httpx.AsyncClient, settings: Settings, bearing: Bearing
) -> None:
    cookie = await sign_in(client, settings, bearing("lea", "metrics:read", "metrics:write"))
    answer = await client.get("/session", headers={"Cookie": cookie})
    assert answer.json() == {
        "subject": "lea",
        "tenant": "demo",
        "roles": [],
        "scopes": ["metrics:read", "metrics:write"],
    }
    assert (await client.get("/session")).status_code == 401


async def test_it_acts_under_acts_and_not_under_v1(
    client: httpx.AsyncClient, settings: Settings, bearing: Bearing
) -> None:
    cookie = await sign_in(client, settings, bearing("lea", "metrics:read", "metrics:write"))
    held = {"Cookie": cookie, **OWN}
    assert (await client.put("/v1/views/legal", json=VIEW, headers=held)).status_code == 401
    assert (await client.put("/acts/views/legal", json=VIEW, headers=held)).status_code == 201
    kept = (await client.get("/v1/views/legal", headers=held)).json()
    assert (kept["owner"], kept["query"]) == ("lea", "segment=legal")
    assert (await client.delete("/acts/views/legal", headers=held)).status_code == 204
    # What no page does has no such address.
    assert (await client.put("/acts/targets/dso", json={}, headers=held)).status_code == 404


async def test_it_asks_many_questions_at_once(
    client: httpx.AsyncClient, settings: Settings, bearing: Bearing
) -> None:
    cookie = await sign_in(client, settings, bearing("lea", "metrics:read"))
    asked = {"questions": [{"kpi": "invoiced"}]}
    answer = await client.post("/v1/query", json=asked, headers={"Cookie": cookie, **OWN})
    assert answer.status_code == 200
    assert len(answer.json()["items"]) == 1


async def test_it_does_no_more_than_its_token_did(
    client: httpx.AsyncClient, settings: Settings, bearing: Bearing
) -> None:
    cookie = await sign_in(client, settings, bearing("kim", "metrics:read"))
    answer = await client.put("/acts/views/x", json=VIEW, headers={"Cookie": cookie, **OWN})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}]
)
async def test_no_other_site_acts_with_it(
    client: httpx.AsyncClient, settings: Settings, bearing: Bearing, headers: dict[str, str]
) -> None:
    cookie = await sign_in(client, settings, bearing("lea", "metrics:read", "metrics:write"))
    answer = await client.put("/acts/views/x", json=VIEW, headers={"Cookie": cookie, **headers})
    assert answer.status_code == 403

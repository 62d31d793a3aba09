"""Policies over HTTP: kept, tried, put in force from days that have begun nowhere."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.keys import mint, new_pair
from services.ledger.domain.policies import NAMES as POLICY_NAMES
from services.ledger.domain.rules import NO_RULES
from services.ledger.store.policies import Policies
from shared import clock
from shared.database import Database
from shared.events.ledger import Tenant
from tests.integration.ledger.conftest import api
from tests.integration.ledger.policies import URL, begin, make_demo, promises

Post = Callable[..., Awaitable[httpx.Response]]
Said = Callable[..., Awaitable[list[dict[str, Any]]]]
NAMES = sorted(POLICY_NAMES)


@pytest.fixture
async def demo(client: httpx.AsyncClient) -> httpx.AsyncClient:
    return await make_demo(client)


async def activate(
    client: httpx.AsyncClient, version: str, from_on: str, name: str = "promises", **more: Any
) -> httpx.Response:
    body = {"version": version, "from": from_on, "reason": "decided"}
    return await client.post(f"/v1/policies/{name}/activate", json=body, **more)


# ------------------------------------------------------------------------------------- versions


@pytest.mark.parametrize("name", NAMES)
async def test_each_name_has_a_version_that_comes_with_the_ledger(
    demo: httpx.AsyncClient, name: str
) -> None:
    shown = (await demo.get(f"/v1/policies/{name}")).json()
    assert (shown["version"], shown["activation"]) == ("default", None)
    kept = await demo.put(f"/v1/policies/{name}", content=shown["source"])
    assert (kept.status_code, kept.json()["new"]) == (200, False)
    schema = (await demo.get(f"/v1/policies/{name}/schema")).json()
    assert schema["$schema"].endswith("2020-12/schema")
    version = (await demo.get(f"/v1/policies/{name}/versions/default")).json()
    assert (version["in_force"], version["stored_at"]) == (True, None)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PUT", ""),
        ("GET", "/schema"),
        ("GET", "/versions"),
        ("GET", "/activations"),
        ("POST", "/dry-run"),
    ],
)
async def test_there_are_no_other_names(demo: httpx.AsyncClient, method: str, path: str) -> None:
    content = b"{name: interest, version: '1'}" if method != "GET" else None
    answer = await demo.request(method, f"/v1/policies/interest{path}", content=content)
    assert answer.status_code == 404
    assert (await activate(demo, "1", "2030-01-01", "interest")).status_code == 404


async def test_a_version_is_kept_once_as_json_or_yaml(demo: httpx.AsyncClient) -> None:
    first = await demo.put(URL, json=promises(max_days=20))
    assert (first.status_code, first.json()) == (
        201,
        {"name": "promises", "version": "2027", "new": True},
    )
    assert (await demo.put(URL, json=promises(max_days=20))).status_code == 200
    assert (await demo.put(URL, json=promises(max_days=21))).status_code == 409
    yaml = "name: promises\nversion: '2028'\nrules:\n  - max_days: 10\n"
    kept = await demo.put(URL, content=yaml, headers={"Content-Type": "application/yaml"})
    assert kept.status_code == 201
    listed = (await demo.get(f"{URL}/versions")).json()["items"]
    assert [each["version"] for each in listed] == ["2028", "2027"]
    text = (await demo.get(f"{URL}/versions/2028")).json()
    assert (text["source"], text["in_force"]) == (yaml, False)
    assert (await demo.get(f"{URL}/versions/2029")).status_code == 404


async def test_a_bad_one_is_refused_with_every_fault(demo: httpx.AsyncClient) -> None:
    bad = promises(max_days=-1, partly_from_percent=96, open_max=0)
    answer = await demo.put(URL, json=bad)
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {
        "/rules/0/max_days",
        "/rules/0/partly_from_percent",
        "/rules/0/open_max",
    }
    other = await demo.put("/v1/policies/plans", json=promises())
    assert [error["pointer"] for error in other.json()["errors"]] == ["/name"]
    assert (await demo.put(URL, content=b"\xff")).status_code == 400
    assert (await demo.put(URL, content=b"x" * 70_000)).status_code == 413


# ----------------------------------------------------------------------------------- activation


async def test_it_counts_from_its_day_and_is_said_at_once(
    demo: httpx.AsyncClient, said: Said, ledger_db: Database
) -> None:
    await begin(demo, "2027-01-12")
    await demo.put(URL, json=promises(max_days=20))
    done = await activate(demo, "2027", "2027-01-15")
    assert done.json() == {
        "name": "promises",
        "version": "2027",
        "from": "2027-01-15",
        "from_at": "2027-01-14T23:00:00Z",
        "is_activated": True,
    }
    again = await activate(demo, "2027", "2027-01-15")
    assert (again.status_code, again.json()["is_activated"]) == (200, False)
    told = [event["data"] for event in await said("") if event["type"] == "policy-activated"]
    assert told == [{"name": "promises", "version": "2027", "from_on": "2027-01-15"}]
    assert (await demo.get(URL)).json()["version"] == "default"
    await begin(demo, "2027-01-15")
    shown = (await demo.get(URL)).json()
    assert (shown["version"], shown["activation"]["reason"]) == ("2027", "decided")
    policies = Policies()
    async with ledger_db.reading() as session:
        before, _ = await policies.in_force(session, "demo", "promises", date(2027, 1, 14))
        version, content = await policies.in_force(session, "demo", "promises", date(2027, 1, 15))
    assert (before, version, content.rules[0].max_days) == ("default", "2027", 20)


@pytest.mark.parametrize(
    ("begun", "first"),
    [
        ({"day": "2027-01-12"}, "2027-01-13"),
        ({"at": "2027-01-12T09:59:59Z"}, "2027-01-13"),
        ({"at": "2027-01-12T10:00:00Z"}, "2027-01-14"),  # the 13th has begun on Kiritimati
    ],
)
async def test_a_day_that_has_begun_anywhere_is_refused(
    demo: httpx.AsyncClient, begun: dict[str, str], first: str
) -> None:
    assert (await demo.post("/v1/jobs/start-day", json=begun)).status_code == 200
    await demo.put(URL, json=promises())
    day = date.fromisoformat(first)
    for early in (day - timedelta(days=1), day - timedelta(days=400)):
        refused = await activate(demo, "2027", early.isoformat())
        assert refused.status_code == 409, refused.text
    assert (await activate(demo, "2027", first)).status_code == 200


async def test_with_the_machines_clock_its_day_counts(ledger_url: str) -> None:
    async with api(ledger_url, RECOUP_CLOCK="system") as client:
        client.headers["X-Tenant"] = "demo"
        await client.put("/v1/tenants/demo", json={"timezone": "America/New_York"})
        await client.put(URL, json=promises())
        # Two days on has begun nowhere, whenever this test runs.
        now = datetime.now(UTC)
        kiritimati = (now + timedelta(hours=14)).date()
        assert (await activate(client, "2027", now.date().isoformat())).status_code == 409
        assert (await activate(client, "2027", kiritimati.isoformat())).status_code == 409
        later = kiritimati + timedelta(days=2)
        assert (await activate(client, "2027", later.isoformat())).status_code == 200


async def test_what_is_not_there_cannot_count(demo: httpx.AsyncClient) -> None:
    assert (await activate(demo, "2027", "2030-01-01")).status_code == 404
    body = {"version": None, "from": "2030-01-01"}
    assert (await demo.post(f"{URL}/activate", json=body)).status_code == 422
    assert (await activate(demo, "default", "2030-01-01")).status_code == 200  # a rollback to it


async def test_another_manager_puts_it_in_force(ledger_url: str, tmp_path: Path) -> None:
    """Outside local mode: who sent a version does not decide of it."""
    new_pair(tmp_path)

    def token(subject: str, *roles: str) -> dict[str, str]:
        text = mint(
            tmp_path,
            tenant="demo",
            scopes=["ledger:write", "admin"],
            subject=subject,
            ttl=timedelta(hours=1),
            now=clock.now(),
            roles=roles,
        )
        return {"Authorization": f"Bearer {text}"}

    more = {
        "RECOUP_LOCAL": "0",
        "RECOUP_DEV_KEY": "",
        "RECOUP_JWKS": str(tmp_path / "jwks.json"),
        "RECOUP_JWT_AUDIENCE": "recoup",
        "RECOUP_JWT_ISSUER": "recoup",
        "LEDGER_KAFKA_TENANTS": "demo",
    }
    async with api(ledger_url, **more) as client:
        del client.headers["Authorization"]
        await client.put("/v1/tenants/demo", json={}, headers=token("ada"))
        kept = await client.put(URL, json=promises(), headers=token("ada"))
        assert kept.status_code == 201, kept.text
        for caller, detail in (
            (token("bob", "supervisor", "finance"), "role manager"),
            (token("ada", "manager"), "You sent"),
        ):
            refused = await activate(client, "2027", "2030-01-01", headers=caller)
            assert (refused.status_code, detail in refused.json()["detail"]) == (403, True)
        done = await activate(client, "2027", "2030-01-01", headers=token("bob", "manager"))
        assert done.status_code == 200


async def test_the_rules_of_accounts_follow(demo: httpx.AsyncClient, ledger_db: Database) -> None:
    tenant = Tenant(tenant_id="demo", calendar="de", reporting_currency="EUR")
    policies = Policies()
    async with ledger_db.reading() as session:
        first = await policies.rules(session, tenant)
        assert await policies.rules(session, tenant) is first
    assert (first.revision, first.calendar, first.reporting_currency) == (0, "de", "EUR")
    assert first.recovery == NO_RULES.recovery
    for version, day, small in (
        ("a", "2027-03-01", 5),
        ("b", "2027-02-01", 3),
        ("c", "2027-03-01", 7),
    ):
        policy = {"name": "recovery", "version": version, "small_balance": {"default": small}}
        await demo.put("/v1/policies/recovery", json=policy)
        assert (await activate(demo, version, day, "recovery")).status_code == 200
    async with ledger_db.reading() as session:
        rules = await policies.rules(session, tenant)
    assert rules.revision == 3
    found = [
        rules.recovery.at(date(2027, month, day)).small_minor("EUR")
        for month, day in ((1, 31), (2, 1), (2, 28), (3, 1))
    ]
    assert found == [0, 300, 300, 700]

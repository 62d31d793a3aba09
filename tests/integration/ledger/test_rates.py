"""Packs, reference rates of tenants, and the runs that restate accounts."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.keys import mint, new_pair
from services.ledger.commands.restating import RestatedRange, restate_range
from services.ledger.context import Context
from services.ledger.jobs import run_restating
from services.ledger.processes.restating import list_runs_to_do, restate
from services.ledger.store.policies import Policies
from services.ledger.store.rates import Rates, read_rate_tables
from services.ledger.store.runs import Run, list_accounts_after
from shared import clock
from shared.database import Database, Session
from shared.errors import Unavailable
from shared.events.ledger import Tenant
from tests.factories import an_account
from tests.integration.ledger.conftest import api
from tests.integration.ledger.processes import a_process
from tests.integration.shared.rig import until

Post = Callable[..., Awaitable[httpx.Response]]
URL = "/v1/rates/bgb-base"


@pytest.fixture
async def demo(client: httpx.AsyncClient) -> httpx.AsyncClient:
    client.headers["X-Tenant"] = "demo"
    assert (await client.put("/v1/tenants/demo", json={})).status_code == 200
    return client


async def put(
    client: httpx.AsyncClient, *rows: tuple[str, Any], url: str = URL, **more: Any
) -> httpx.Response:
    body = {
        "rows": [{"from_on": from_on, "percent": percent} for from_on, percent in rows],
        "source": "gazette 7",
    }
    return await client.put(url, json=body, **more)


def rows_of(rate: dict[str, Any]) -> dict[str, tuple[str, bool]]:
    return {row["from_on"]: (row["percent"], row["own"]) for row in rate["rows"]}


async def begin(client: httpx.AsyncClient, day: str) -> None:
    answer = await client.post("/v1/jobs/start-day", json={"day": day})
    assert answer.status_code == 200, answer.text


# ── Packs ───────────────────────────────────────────────────────────────────────────────────────


async def test_packs_are_read_like_policies(demo: httpx.AsyncClient) -> None:
    packs = {each["name"]: each for each in (await demo.get("/v1/packs")).json()["items"]}
    assert packs["uk-late-payment"]["confidence"] == "verified"
    assert packs["pl-late-payment"]["confidence"] == "unverified"
    british = (await demo.get("/v1/packs/uk-late-payment")).json()
    assert british["rules"][0]["rate"] == {
        "reference": "boe-bank-rate",
        "margin": 8,
        "fixed_at_start": True,
    }
    austrian = (await demo.get("/v1/packs/at-late-payment")).json()
    assert austrian["rules"][0]["rate"]["margin"] == "9.2"
    assert (await demo.get("/v1/packs/mars-late-payment")).status_code == 404


# ── Rates ───────────────────────────────────────────────────────────────────────────────────────


async def test_own_rows_are_added_and_corrected_and_those_that_came_stay(
    demo: httpx.AsyncClient, ledger_db: Database
) -> None:
    before = (await demo.get(URL)).json()
    assert rows_of(before)["2026-01-01"] == ("1.27", False)
    assert "2026-07-01" not in rows_of(before)
    assert before["revision"] == 0

    stored = await put(demo, ("2026-01-01", "1.3"), ("2026-07-01", 1.52))
    assert stored.status_code == 200
    assert (stored.json()["revision"], stored.json()["run_id"]) == (1, None)
    after = (await demo.get(URL)).json()
    assert rows_of(after)["2026-01-01"] == ("1.3", True)
    assert rows_of(after)["2026-07-01"] == ("1.52", True)
    assert rows_of(after)["2025-07-01"] == ("1.27", False)
    assert after["rows"][-1]["source"] == "gazette 7"
    assert after["rows"][-1]["stored_by"] == "dev"

    again = await put(demo, ("2026-01-01", "1.30"))
    assert (again.status_code, again.json()["revision"]) == (200, 1)
    corrected = await put(demo, ("2026-01-01", "1.4"), url=URL)
    assert corrected.json()["revision"] == 2
    kept = await ledger_db.fetch("select percent from rate_rows order by revision, from_on")
    assert [row[0] for row in kept] == ["1.3", "1.52", "1.4"]  # append-only
    async with ledger_db.reading() as session:
        then = await read_rate_tables(session, "demo", 1)
        now = await read_rate_tables(session, "demo")
    assert (then.revision, now.revision) == (1, 2)
    assert then.percent_on("bgb-base", date(2026, 1, 1)) == Fraction("1.3")
    assert now.percent_on("bgb-base", date(2026, 1, 1)) == Fraction("1.4")

    other = await demo.get(URL, headers={"X-Tenant": "other"})
    assert rows_of(other.json())["2026-01-01"] == ("1.27", False)


async def test_rules_follow_the_rates_of_the_tenant(
    demo: httpx.AsyncClient, ledger_db: Database
) -> None:
    policies, tenant = Policies(), Tenant(tenant_id="demo")
    async with ledger_db.reading() as session:
        before = await policies.rules(session, tenant)
        assert await policies.rules(session, tenant) is before
    assert before.rates.percent_on("bgb-base", date(2026, 8, 1)) is None
    await put(demo, ("2026-07-01", "1.52"))
    async with ledger_db.reading() as session:
        after = await policies.rules(session, tenant)
    async with ledger_db.reading() as session:
        assert await policies.rules(session, tenant) is after
    assert after.rates.percent_on("bgb-base", date(2026, 8, 1)) == Fraction("1.52")
    assert after.revision > before.revision


async def test_what_is_not_committed_is_not_remembered(ledger_db: Database) -> None:
    rates = Rates()

    async def store(session: Session, percent: str) -> Fraction | None:
        await session.execute(
            "insert into rate_rows values ('demo', 1, 'ours', '2026-01-01', $1, 's', 'b', now())",
            percent,
        )
        return (await rates.tables(session, "demo")).percent_on("ours", date(2026, 2, 1))

    async def store_in_vain() -> None:
        async with ledger_db.transaction() as session:
            assert await store(session, "1") == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store_in_vain()
    async with ledger_db.transaction() as session:
        assert await store(session, "2") == 2


async def test_all_faults_at_once(demo: httpx.AsyncClient) -> None:
    answer = await put(
        demo,
        ("2026-02-01", "1"),
        ("2026-07-01", "1"),
        ("2026-07-01", "1"),
        url="/v1/rates/Bad_Name",
    )
    assert answer.status_code == 422
    assert {each["pointer"] for each in answer.json()["errors"]} == {
        "/path/name", "/rows/0/from_on", "/rows/2/from_on",
    }  # fmt: skip
    for percent in ("abc", "NaN", "1001", 1e30, None, True):
        answer = await put(demo, ("2026-07-01", percent))
        assert answer.status_code == 422, percent
        assert answer.json()["errors"][0]["pointer"].startswith("/rows/0/percent")
    assert (await demo.put(URL, json={"rows": [], "source": ""})).status_code == 422
    assert (await demo.get("/v1/rates/moon")).status_code == 404


async def test_a_policy_can_only_name_rates_and_packs_that_are_there(
    demo: httpx.AsyncClient,
) -> None:
    text = """{name: charges, version: v1, packs: [moon], rules: [{id: i, kind: interest,
        rate: {reference: house-rate, margin: 2}, because: terms, colour: red}]}"""
    refused = await demo.put("/v1/policies/charges", content=text)
    assert refused.status_code == 422
    assert {each["pointer"] for each in refused.json()["errors"]} == {
        "/packs/0", "/rules/0/rate/reference", "/rules/0/colour",
    }  # fmt: skip
    assert (await put(demo, ("2026-01-01", "3"), url="/v1/rates/house-rate")).status_code == 200
    good = text.replace("packs: [moon], ", "").replace(", colour: red", "")
    assert (await demo.put("/v1/policies/charges", content=good)).status_code == 201
    elsewhere = await demo.put("/v1/policies/charges", content=good, headers={"X-Tenant": "other"})
    assert elsewhere.status_code == 422
    names = [each["name"] for each in (await demo.get("/v1/rates")).json()["items"]]
    assert "house-rate" in names


async def test_only_managers_change_rates(ledger_url: str, tmp_path: Path) -> None:
    new_pair(tmp_path)

    def token(*roles: str) -> dict[str, str]:
        text = mint(
            tmp_path,
            tenant="demo",
            scopes=["ledger:write", "admin"],
            subject="somebody",
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
        made = await client.put("/v1/tenants/demo", json={}, headers=token())
        assert made.status_code == 200
        statuses = [
            (await put(client, ("2026-07-01", "1"), headers=token(*roles))).status_code
            for roles in ((), ("supervisor",), ("manager",))
        ]
    assert statuses == [403, 403, 200]


# ── Runs ────────────────────────────────────────────────────────────────────────────────────────


async def a_run(demo: httpx.AsyncClient, post: Post, accounts: int = 5) -> str:
    await post(*(an_account(f"C{number}") for number in range(accounts)))
    await begin(demo, "2026-07-10")
    answer = await put(demo, ("2026-07-01", "1.52"), ("2027-01-01", "2"))
    assert answer.status_code == 202, answer.text
    run_id: str = answer.json()["run_id"]
    return run_id


async def run_of(client: httpx.AsyncClient, run_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"/v1/runs/{run_id}")).json()
    return found


async def test_a_row_of_a_begun_half_year_restates_every_account(
    demo: httpx.AsyncClient, post: Post, ledger_db: Database
) -> None:
    run_id = await a_run(demo, post)
    begun = await run_of(demo, run_id)
    assert (begun["state"], begun["accounts"], begun["done"]) == ("running", 5, 0)
    assert (begun["from_on"], begun["because"]) == ("2026-07-01", "rates bgb-base 1")
    again = await put(demo, ("2026-07-01", "1.52"))
    assert (again.status_code, again.json()["run_id"]) == (202, run_id)
    context = a_process(ledger_db)
    assert [run.run_id for run in await list_runs_to_do(context)] == [run_id]
    await restate(context, "demo", run_id, restate_range)
    assert await list_runs_to_do(context) == []
    await restate(context, "demo", run_id, restate_range)  # once more: nothing to do
    done = await run_of(demo, run_id)
    assert (done["state"], done["done"], done["set_aside"]) == ("done", 5, 0)
    assert done["ended_at"] is not None
    assert (await put(demo, ("2026-07-01", "1.52"))).status_code == 200
    other = await demo.get(f"/v1/runs/{run_id}", headers={"X-Tenant": "other"})
    assert other.status_code == 404


async def test_the_worker_brings_runs_to_their_ends(
    demo: httpx.AsyncClient, post: Post, ledger_db: Database
) -> None:
    run_id = await a_run(demo, post)
    stop = asyncio.Event()
    job = asyncio.create_task(run_restating(a_process(ledger_db), stop=stop))

    async def is_done() -> bool:
        return bool((await run_of(demo, run_id))["state"] == "done")

    await until(is_done, "the run is done")
    stop.set()
    await job


async def test_rows_of_days_to_come_restate_nothing(demo: httpx.AsyncClient) -> None:
    await begin(demo, "2026-06-29")
    assert (await put(demo, ("2026-07-01", "1.52"))).status_code == 200
    assert (await put(demo, ("2026-01-01", "1.5"))).status_code == 202


async def test_a_run_goes_on_behind_what_it_has_done(
    demo: httpx.AsyncClient, post: Post, ledger_db: Database
) -> None:
    run_id = await a_run(demo, post)
    seen: list[str] = []

    async def two(
        session: Session, _context: Context, run: Run, _limit: int, _now: datetime
    ) -> RestatedRange:
        if len(seen) == 2 and "cut" not in seen:
            seen.append("cut")
            raise Unavailable("not now")
        found = await list_accounts_after(session, run.tenant_id, run.cursor, 2)
        seen.extend(found)
        return RestatedRange(found[-1] if found else None, done=len(found), changed=1)

    context = a_process(ledger_db)
    with pytest.raises(Unavailable):
        await restate(context, "demo", run_id, two)
    assert (await run_of(demo, run_id))["done"] == 2
    await restate(context, "demo", run_id, two)
    assert seen == ["C0", "C1", "cut", "C2", "C3", "C4"]
    done = await run_of(demo, run_id)
    assert (done["state"], done["done"], done["changed"]) == ("done", 5, 3)


async def test_one_account_that_fails_is_set_aside(
    demo: httpx.AsyncClient, post: Post, ledger_db: Database
) -> None:
    run_id = await a_run(demo, post)

    async def fails_on_c2(
        session: Session, _context: Context, run: Run, limit: int, _now: datetime
    ) -> RestatedRange:
        found = await list_accounts_after(session, run.tenant_id, run.cursor, limit)
        assert "C2" not in found, "the rules are wrong about it"
        return RestatedRange(found[-1] if found else None, done=len(found))

    context = a_process(ledger_db)
    await restate(context, "demo", run_id, fails_on_c2)
    done = await run_of(demo, run_id)
    assert (done["state"], done["done"], done["set_aside"]) == ("done", 5, 1)
    (waiting,) = (await demo.get("/v1/set-aside")).json()["items"]
    assert waiting["account_id"] == "C2"


async def test_a_run_whose_rules_are_broken_for_all_fails(
    demo: httpx.AsyncClient, post: Post, ledger_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ledger.processes.restating.SET_ASIDE_MAX", 3)
    run_id = await a_run(demo, post)

    async def fails(*_: Any) -> RestatedRange:
        raise ValueError("broken")

    context = a_process(ledger_db)
    await restate(context, "demo", run_id, fails)
    failed = await run_of(demo, run_id)
    assert (failed["state"], failed["set_aside"]) == ("failed", 2)
    assert "broken" in failed["failure"]

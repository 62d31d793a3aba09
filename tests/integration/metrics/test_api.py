"""Metrics' HTTP door: refusals, the page's session, the export, the live stream."""

import asyncio
from typing import Any

import httpx
import pytest

from services.metrics.api import computing
from services.metrics.domain.figures import Row
from services.metrics.domain.kpis import KPIS
from services.metrics.processes import figures
from services.metrics.store import figures as store
from shared.database import Database, Session
from shared.web.shells import SHELL_HEADERS
from tests.integration.metrics.conftest import Deliver
from tests.integration.metrics.served import DEV_KEY
from tests.integration.metrics.test_figures import an_account, an_invoice

READING_PER_TENANT_MAX = 4  # half of the connections


@pytest.mark.parametrize(
    ("path", "status", "pointer"),
    [
        ("/v1/kpis/profit", 404, None),
        ("/v1/kpis/dso?group_by=channel", 422, "/query/group_by"),
        ("/v1/kpis/contacts?group_by=bucket", 422, "/query/group_by"),
        ("/v1/kpis/dso?from=2026-03-02&to=2026-03-01", 422, "/query/from"),
        ("/v1/kpis/dso?from=2026-02-30", 422, "/query/from"),
        ("/v1/kpis/dso?to=9999-12-31", 422, "/query/to"),
        ("/v1/kpis/dso?to=2026-03-01&from=0001-01-01", 422, "/query/from"),
        ("/v1/kpis/dso?as_of=3000-01-01", 422, "/query/as_of"),
        ("/v1/kpis/dso%00", 422, None),
        ("/v1/kpis/dso?currency=EURO", 422, "/query/currency"),
        ("/v1/kpis/dso?interval=year", 422, "/query/interval"),
        ("/v1/kpis/dso?interval=day&from=1900-01-01&to=2026-01-01", 422, "/query/interval"),
        ("/v1/kpis/dso?by=count", 422, "/query/by"),
        ("/v1/kpis/dso?per=account", 422, "/query/per"),
        ("/v1/kpis/dso?window=30", 422, "/query/window"),
        ("/v1/kpis/dso?window=0&interval=week", 422, "/query/window"),
        ("/v1/kpis/dso?window=99999&interval=week", 422, "/query/window"),
        ("/v1/kpis/dso?window=x&interval=week", 422, "/query/window"),
        ("/v1/kpis/invoiced?window=30&interval=week", 422, "/query/window"),
        ("/v1/export?kpis=profit", 422, "/query/kpis"),
    ],
)
async def test_what_cannot_be_answered_says_why(
    client: httpx.AsyncClient, path: str, status: int, pointer: str | None
) -> None:
    answer = await client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    if pointer is not None:
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_the_catalogue_names_every_kpi_and_its_dimensions(client: httpx.AsyncClient) -> None:
    items = (await client.get("/v1/kpis")).json()["items"]
    by_name = {item["name"]: item for item in items}
    assert by_name["aging"]["dimensions"] == [
        "bucket",
        "currency",
        "segment",
        "country",
        "kind",
        "arm",
    ]
    assert all(item["definition"] and item["unit"] for item in items)


async def test_figures_need_a_token_and_a_page_gets_a_cookie(client: httpx.AsyncClient) -> None:
    del client.headers["Authorization"]
    assert (await client.get("/v1/kpis")).status_code == 401
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        answer = await client.post("/session", json={}, headers=headers)
        assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)
    answer = await client.post("/session", headers={"Authorization": f"Bearer {DEV_KEY}"})
    assert answer.status_code == 204
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert DEV_KEY not in answer.headers["set-cookie"]
    assert (await client.get("/v1/kpis")).status_code == 200
    other = await client.get("/v1/kpis", headers={"X-Tenant": "other"})
    assert other.status_code == 403  # it is for one tenant
    assert (await client.delete("/session")).status_code == 204
    assert (await client.get("/v1/kpis")).status_code == 401


async def test_another_tenants_figures_are_its_own(
    deliver: Deliver, client: httpx.AsyncClient
) -> None:
    await deliver([an_account(), an_invoice("I1", 100, "2026-03-01", "2026-03-15")])
    query = {"from": "2026-03-01", "to": "2026-03-31", "currency": "EUR"}
    mine = await client.get("/v1/kpis/invoiced", params=query)
    other = await client.get("/v1/kpis/invoiced", params=query, headers={"X-Tenant": "other"})
    assert (mine.json()["value"], other.json()["value"]) == (100, 0)


async def test_the_dashboard_is_at_the_root(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/", "/receivables", "/plans/any", "/people/ann"])
async def test_what_the_page_loads_may_only_do_what_it_needs(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    assert {name: answer.headers[name] for name in SHELL_HEADERS if name != "Vary"} == {
        name: value for name, value in SHELL_HEADERS.items() if name != "Vary"
    }


async def test_what_is_not_there_is_a_problem(client: httpx.AsyncClient) -> None:
    answer = await client.get("/nothing.js")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_long_answer_is_computed_in_another_process_and_is_the_same(
    deliver: Deliver, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await deliver([an_account(), an_invoice("I1", 100, "2026-03-01", "2026-03-15")])
    query = {"from": "2026-03-01", "to": "2026-03-31", "interval": "day", "group_by": "country"}
    paths = [f"/v1/kpis/{name}" for name in KPIS if "country" in KPIS[name].splits]
    paths.append("/v1/export?kpis=invoiced,contacts")
    here = [(await client.get(path, params=query)).content for path in paths]
    monkeypatch.setattr(computing, "FIGURES_HERE_MAX", 0)
    elsewhere = [(await client.get(path, params=query)).content for path in paths]
    assert here == elsewhere


async def test_an_answer_has_a_bound_of_parts_and_groups(
    deliver: Deliver, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await deliver([an_account(), an_invoice("I1", 100, "2026-03-01", "2026-03-15")])
    month = {"from": "2026-03-01", "to": "2026-03-31", "interval": "day"}
    monkeypatch.setattr(figures, "FIGURES_MAX", 31)
    assert (await client.get("/v1/kpis/invoiced", params=month)).status_code == 200
    export = month | {"kpis": "invoiced,dso"}
    refused = await client.get("/v1/export", params=export)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/query/interval")
    grouped = await client.get("/v1/export", params=export | {"group_by": "country"})
    assert grouped.json()["errors"][0]["pointer"] == "/query/group_by"


async def test_an_export_names_thirty_kpis_at_most(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/export?kpis=" + "dso," * 30)).status_code == 200
    refused = await client.get("/v1/export?kpis=" + "dso," * 31)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/query/kpis")


async def test_twelve_exports_of_a_tenant_leave_connections_to_another(
    metrics_db: Database, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await metrics_db.fetch("create table gate ()")
    list_rows = store.list_rows

    async def behind_a_gate(session: Session, tenant: str, *rest: Any) -> list[Row]:
        if tenant == "demo":
            await session.fetch("select from gate")
        return await list_rows(session, tenant, *rest)

    monkeypatch.setattr(store, "list_rows", behind_a_gate)
    async with metrics_db.transaction() as session:
        await session.execute("lock table gate in access exclusive mode")
        exports = [
            asyncio.create_task(client.get("/v1/export", params={"kpis": "invoiced"}))
            for _ in range(12)
        ]
        async with asyncio.timeout(120):
            while await waiting_for_locks(metrics_db) < READING_PER_TENANT_MAX:
                await session.fetchval("select 1")  # asked again; the gate stays shut
        other = await client.get("/v1/kpis/contacts", headers={"X-Tenant": "other"})
        assert other.status_code == 200
        assert not any(export.done() for export in exports)
    assert {export.status_code for export in await asyncio.gather(*exports)} == {200}


async def waiting_for_locks(db: Database) -> int:
    async with db.reading() as session:
        count: int = await session.fetchval(
            """select count(*) from pg_stat_activity
               where datname = current_database() and wait_event_type = 'Lock'"""
        )
    return count


async def test_others_are_answered_while_a_long_answer_is_computed(
    deliver: Deliver, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await deliver([an_account(), an_invoice("I1", 100, "2026-03-01", "2026-03-15")])
    names = "invoiced,received,dso,aging,recovery_rate,recovered,entered,written_off,contacts"
    query = {"kpis": names, "from": "2018-03-01", "to": "2026-03-31", "interval": "day"}
    done: list[str] = []

    async def ask(name: str, path: str, **params: str) -> None:
        assert (await client.get(path, params=params)).status_code == 200
        done.append(name)

    async with asyncio.TaskGroup() as group:
        group.create_task(ask("long", "/v1/export", **query))
        group.create_task(ask("own", "/v1/kpis/received"))
        group.create_task(ask("live", "/health/live"))
    assert done[-1] == "long"


async def test_the_export_has_a_line_per_part_and_group(
    deliver: Deliver, client: httpx.AsyncClient
) -> None:
    await deliver([an_account(), an_invoice("I1", 100, "2026-03-01", "2026-03-15")])
    query = {"kpis": "invoiced,dso", "from": "2026-03-01", "to": "2026-03-31", "interval": "month"}
    lines = (await client.get("/v1/export", params=query)).text.splitlines()
    assert lines == [
        "kpi,unit,currency,group,from,to,value,numerator,denominator",
        "invoiced,minor,EUR,,2026-03-01,2026-03-31,100,100,",
        "dso,days,EUR,,2026-03-01,2026-03-31,31.0,100,100",
    ]

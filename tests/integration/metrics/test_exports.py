"""Figures and facts in bulk, and what figures were said to be on earlier days."""

import io
import json
from datetime import UTC, date, datetime
from typing import Any

import httpx
import msgspec
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from services.metrics.api import item_exports
from services.metrics.store import cold
from shared.database import Database
from tests.integration.metrics.conftest import Bearing, Deliver
from tests.integration.metrics.test_figures import an_account, an_invoice
from tests.metrics_figures import a_segment_changed, at

MARCH = {"from": "2026-03-01", "to": "2026-03-31"}


def table_of(answer: httpx.Response) -> pa.Table:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    return pq.read_table(io.BytesIO(answer.content))


# ── Figures ─────────────────────────────────────────────────────────────────────────────────────


async def test_figures_come_as_columns_with_days_and_whole_minor_units(
    client: httpx.AsyncClient, deliver: Deliver
) -> None:
    await deliver(
        [
            an_account(),
            a_segment_changed("patron", time=at("2026-03-01", 8)),
            an_invoice("I1", 2**53 - 1, "2026-03-02", "2026-03-16"),
            an_invoice("I2", 3, "2026-03-09", "2026-04-03"),
        ]
    )
    query = {"kpis": "invoiced,dso", "interval": "week", "group_by": "segment", **MARCH}
    table = table_of(await client.get("/v1/export", params={**query, "format": "parquet"}))
    types = {field.name: field.type for field in table.schema}
    assert types["from"] == types["to"] == types["at"] == pa.date32()
    assert (types["value"], types["value_minor"]) == (pa.float64(), pa.int64())
    rows = table.to_pylist()
    lines = (await client.get("/v1/export", params=query)).text.splitlines()
    assert len(rows) == len(lines) - 1
    first = next(r for r in rows if r["kpi"] == "invoiced" and r["from"] == date(2026, 3, 2))
    assert (first["value_minor"], first["currency"]) == (2**53 - 1, "EUR")
    assert {row["value_minor"] for row in rows if row["kpi"] == "dso"} == {None}
    grouped = [row for row in rows if row["key"]]
    assert {dict(row["key"])["segment"] for row in grouped} == {"patron"}


async def test_an_export_has_a_tag_and_faults_by_field(
    client: httpx.AsyncClient, deliver: Deliver
) -> None:
    await deliver([an_account(), an_invoice("I1", 100, "2026-03-02", "2026-03-16")])
    query = {"kpis": "invoiced", **MARCH}
    tag = (await client.get("/v1/export", params=query)).headers["etag"]
    known = {"If-None-Match": tag}
    assert (await client.get("/v1/export", params=query, headers=known)).status_code == 304
    wrong = await client.get("/v1/export", params={"format": "xlsx", "by": "days"})
    assert wrong.status_code == 422
    pointers = [error["pointer"] for error in wrong.json()["errors"]]
    assert pointers == ["/query/by", "/query/kpis", "/query/format"]


# ── Facts ───────────────────────────────────────────────────────────────────────────────────────


def lines_of(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_facts_come_by_their_keys_and_go_on_where_they_broke(
    client: httpx.AsyncClient,
    deliver: Deliver,
    bearing: Bearing,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(item_exports, "ITEMS_AT_ONCE", 2)
    accounts = [an_account(f"C{n}") for n in range(4)]
    invoices = [
        an_invoice(f"I{n}", 100 + n, "2026-03-02", "2026-03-16", key=f"C{n}") for n in range(4)
    ]
    await deliver([*accounts, *invoices])
    every = lines_of(await client.get("/v1/export/items"))
    keys = [(line["account_id"], line["kind"], line["id"]) for line in every]
    assert keys == sorted(keys)
    assert len(every) == 8
    rest = lines_of(await client.get(f"/v1/export/items?cursor={every[2]['cursor']}"))
    assert rest == every[3:]
    some = lines_of(await client.get("/v1/export/items?kind=invoice&limit=3"))
    assert [line["id"] for line in some] == ["I0", "I1", "I2"]
    fact = some[0]["facts"][0]
    assert (fact["type"], fact["currency"], fact["amount_minor"]) == ("issued", "EUR", 100)
    assert datetime.fromisoformat(fact["recorded_at"]) == at("2026-03-02", 9)
    known_then = lines_of(await client.get("/v1/export/items?as_of=2026-03-01"))
    assert {line["kind"] for line in known_then} == {"account"}
    other = bearing("ann", "metrics:read", tenant="other")
    assert lines_of(await client.get("/v1/export/items", headers=other)) == []


async def test_facts_come_as_columns_file_by_file(
    client: httpx.AsyncClient, deliver: Deliver
) -> None:
    invoices = [an_invoice(f"I{n}", 100 + n, "2026-03-02", "2026-03-16") for n in range(3)]
    await deliver([an_account(), *invoices])
    query = {"format": "parquet", "kind": "invoice", "limit": "2"}
    first = await client.get("/v1/export/items", params=query)
    cursor = first.headers["x-next-cursor"]
    second = await client.get("/v1/export/items", params={**query, "cursor": cursor})
    assert "x-next-cursor" not in second.headers
    rows = [*table_of(first).to_pylist(), *table_of(second).to_pylist()]
    assert [row["id"] for row in rows] == ["I0", "I1", "I2"]
    types = {field.name: field.type for field in table_of(first).schema}
    assert (types["day"], types["amount_minor"]) == (pa.date32(), pa.int64())
    assert rows[0]["recorded_at"].astimezone(UTC) == at("2026-03-02", 9)
    assert (rows[0]["amount_minor"], rows[0]["currency"]) == (100, "EUR")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("kind=debtor", "kind"),
        ("cursor=abc", "cursor"),
        ("limit=0", "limit"),
        ("format=x", "format"),
    ],
)
async def test_facts_that_cannot_be_asked_for(
    client: httpx.AsyncClient, query: str, pointer: str
) -> None:
    answer = await client.get(f"/v1/export/items?{query}")
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/query/{pointer}"]


# ── Restatements ────────────────────────────────────────────────────────────────────────────────


async def test_a_restatement_says_since_when_a_figure_is_another(
    client: httpx.AsyncClient, deliver: Deliver
) -> None:
    await deliver(
        [
            an_account(),
            an_invoice("I1", 100, "2026-03-02", "2026-03-16"),
            an_invoice("I9", 7, "2026-04-09", "2026-05-16"),
        ]
    )
    late = an_invoice("I2", 50, "2026-03-20", "2026-04-03")
    recorded = datetime(2026, 4, 3, 10, tzinfo=UTC)
    await deliver([msgspec.structs.replace(late, recordedtime=recorded)])
    path = "/v1/kpis/invoiced/restatements"
    found = await client.get(path, params=MARCH)
    assert found.json() == [
        {"known_on": "2026-03-31", "value": 100},
        {"known_on": "2026-04-03", "value": 150},
    ]
    later = await client.get(path, params={**MARCH, "since": "2026-04-05"})
    assert later.json() == [{"known_on": "2026-04-05", "value": 150}]
    stock = await client.get("/v1/kpis/aging/restatements", params={**MARCH, "since": "2026-03-01"})
    assert [each["value"] for each in stock.json()] == [0, 100, 150]


async def test_a_restatement_is_of_one_figure(client: httpx.AsyncClient, deliver: Deliver) -> None:
    await deliver([an_account(), an_invoice("I1", 100, "2026-03-02", "2026-03-16")])
    query = {"interval": "day", "compare": "year"}
    wrong = await client.get("/v1/kpis/invoiced/restatements", params=query)
    pointers = [error["pointer"] for error in wrong.json()["errors"]]
    assert (wrong.status_code, pointers) == (422, ["/query/interval", "/query/compare"])
    assert (await client.get("/v1/kpis/profit/restatements")).status_code == 404


async def test_items_put_away_come_in_their_place(
    client: httpx.AsyncClient, deliver: Deliver, metrics_db: Database
) -> None:
    accounts = [an_account(f"C{n}") for n in range(3)]
    invoices = [
        an_invoice(f"I{n}", 100 + n, "2026-03-02", "2026-03-16", key=f"C{n}") for n in range(3)
    ]
    await deliver([*accounts, *invoices])
    before = lines_of(await client.get("/v1/export/items"))
    async with metrics_db.transaction() as session:
        row = await session.fetchrow("delete from items where account_id = 'C1' returning *")
        assert row is not None
        away = cold.ColdItem(row["kind"], row["item_id"], row["content"], date.max, 0)
        await session.execute(
            "insert into items_cold (tenant_id, account_id, content) values ('demo', 'C1', $1)",
            cold.pack([away]),
        )
    assert lines_of(await client.get("/v1/export/items")) == before
    after = before[2]["cursor"]
    assert lines_of(await client.get(f"/v1/export/items?cursor={after}")) == before[3:]
    only = lines_of(await client.get("/v1/export/items?kind=invoice&limit=2"))
    assert [line["id"] for line in only] == ["I0", "I1"]

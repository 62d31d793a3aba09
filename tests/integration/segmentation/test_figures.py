"""External figures over HTTP: they are replaced as a whole, listed, refused with a reason."""

import httpx

from shared.database import Database
from tests.integration.segmentation.helpers import Said, growing_old, said, take
from tests.integration.segmentation.test_models import rescore
from tests.unit.segmentation.builders import Story


async def recorded(db: Database) -> list[str]:
    rows = await db.fetch("select features from assessments order by on_day, by_rescore")
    return [row["features"].decode() for row in rows]


async def test_an_index_is_a_feature_from_its_day_on_and_changes_nothing_before(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, growing_old().events)
    before = await recorded(segmentation_db)
    values = [{"on": "2026-02-01", "value": 99.0}, {"on": "2026-01-01", "value": 101.5}]
    put = await client.put("/v1/indices/market", json={"values": values})
    assert put.json() == {"name": "market", "values": [values[1], values[0]]}
    assert (await client.get("/v1/indices")).json() == {"items": [put.json()]}
    assert (await client.get("/v1/rescoring")).json()["items"][0]["because"] == "index market"
    await rescore(segmentation_db)
    await take(segmentation_db, Story().registered(50).events)
    after = await recorded(segmentation_db)
    assert after[: len(before)] == before
    assert '"indices":{"market":99.0}' in after[-1]
    again = await client.put("/v1/indices/market", json={"values": [values[0]]})
    assert [value["on"] for value in again.json()["values"]] == ["2026-02-01"]
    other = (await client.get("/v1/indices", headers={"x-tenant": "other"})).json()
    assert other == {"items": []}


async def test_bad_figures_are_refused_by_their_place(client: httpx.AsyncClient) -> None:
    twice = {"values": [{"on": "2026-01-01", "value": 1.0}, {"on": "2026-01-01", "value": 2.0}]}
    answer = await client.put("/v1/indices/market", json=twice)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/values/1/on")
    for name, body in (
        ("Market", {"values": []}),
        ("market", {"values": [{"on": "2026-13-01", "value": 1.0}]}),
        ("market", {"values": [{"on": "2026-01-01", "value": "high"}]}),
        ("market", {}),
    ):
        assert (await client.put(f"/v1/indices/{name}", json=body)).status_code == 422, body
    rates = {
        "to": "XXQ",
        "rates": [
            {"currency": "EUR", "on": "2026-01-01", "rate": "NaN"},
            {"currency": "EUR", "on": "2026-01-01", "rate": "1"},
        ],
    }
    errors = (await client.put("/v1/rates", json=rates)).json()["errors"]
    assert [error["pointer"] for error in errors] == ["/to", "/rates/0/rate", "/rates/1/on"]


async def test_rates_are_replaced_by_the_currency_they_lead_to(client: httpx.AsyncClient) -> None:
    for to, currency in (("EUR", "USD"), ("USD", "EUR")):
        body = {"to": to, "rates": [{"currency": currency, "on": "2026-01-01", "rate": "1.1"}]}
        assert (await client.put("/v1/rates", json=body)).status_code == 200
    await client.put("/v1/rates", json={"to": "USD", "rates": []})
    assert (await client.get("/v1/rates")).json() == {
        "items": [{"currency": "USD", "to": "EUR", "on": "2026-01-01", "rate": "1.1"}]
    }


async def test_rates_are_announced_where_they_change(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    def rates(*values: tuple[str, str, str]) -> dict[str, object]:
        return {
            "to": "EUR",
            "rates": [{"currency": c, "on": on, "rate": rate} for c, on, rate in values],
        }

    later, first = ("USD", "2026-02-01", "0.93"), ("USD", "2026-01-01", "0.920")
    for body in (rates(later, first), rates(first, later), rates()):
        assert (await client.put("/v1/rates", json=body)).status_code == 200
    assert await said(segmentation_db) == [
        Said("demo/", "rates-changed", rates(first, later)),
        Said("demo/", "rates-changed", rates()),
    ]


async def test_a_rate_that_cannot_be_written_out_is_refused(client: httpx.AsyncClient) -> None:
    entry = {"currency": "USD", "on": "2026-01-01", "rate": "1e-999999999"}
    answer = await client.put("/v1/rates", json={"to": "EUR", "rates": [entry]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/rates/0/rate")

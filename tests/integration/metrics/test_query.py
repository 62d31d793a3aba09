"""Questions of front-ends: many at once, with tags, filters, comparison, targets and rates."""

from datetime import date
from typing import Any

import httpx
import pytest

from services.metrics.api import freshness
from services.metrics.api.answer_models import KpiAnswer, KpiCatalogue, QueryAnswer
from shared.events import SEGMENTATION, Received
from shared.events.segmentation import DatedRate, RatesChanged
from tests.integration.metrics.conftest import Bearing, Deliver
from tests.integration.metrics.test_figures import an_account, an_invoice
from tests.metrics_figures import a_segment_changed, an_event, at

MARCH = {"from": "2026-03-01", "to": "2026-03-31"}
APRIL = {"from": "2026-04-01", "to": "2026-04-30"}


def book() -> list[Received]:
    """Invoices of March: 100 and 50 EUR, 40 USD (C2); of April 300 EUR."""
    return [
        an_account(),
        an_account("C2", "US"),
        an_invoice("I1", 10000, "2026-03-02", "2026-03-16"),
        an_invoice("I2", 5000, "2026-03-20", "2026-04-03"),
        an_invoice("I3", 4000, "2026-03-20", "2026-04-03", key="C2", currency="USD"),
        an_invoice("I4", 30000, "2026-04-02", "2026-04-16"),
    ]


def rates(to: str, *dated: tuple[str, str, str], day: str = "2026-04-01") -> Received:
    listed = tuple(
        DatedRate(currency, date.fromisoformat(on), rate) for currency, on, rate in dated
    )
    data = RatesChanged(to=to, rates=listed)
    return an_event("rates-changed", data, topic=SEGMENTATION, key="", time=at(day, 9))


async def ask(client: httpx.AsyncClient, name: str, **query: Any) -> dict[str, Any]:
    answer = await client.get(f"/v1/kpis/{name}", params=query)
    assert answer.status_code == 200, answer.text
    KpiAnswer.model_validate(answer.json())
    found: dict[str, Any] = answer.json()
    return found


# ── Tags ────────────────────────────────────────────────────────────────────────────────────────


async def test_an_answer_is_sent_once_until_something_changes(
    client: httpx.AsyncClient, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await deliver(book())
    first = await client.get("/v1/kpis/invoiced", params=MARCH)
    tag = first.headers["etag"]
    revision = first.json()["revision"]
    assert tag == f'"{revision}-{freshness.release()}"'
    assert first.headers["cache-control"] == "private, no-cache"
    vary = {each.strip() for each in first.headers["vary"].split(",")}
    assert vary == {"Authorization", "X-Tenant", "Accept-Encoding"}
    for shown in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = await client.get("/v1/kpis/dso", params=MARCH, headers={"If-None-Match": shown})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["cache-control"] == "private, no-cache"
    known = {"If-None-Match": tag}
    other = await client.get("/v1/kpis/invoiced", headers={**known, "X-Tenant": "other"})
    assert other.status_code == 200
    assert (await client.get("/v1/kpis/profit", headers=known)).status_code == 404
    assert (await client.get("/v1/kpis/dso?at=2026-01-01", headers=known)).status_code == 422
    target = {"items": [{"from_on": "2026-01-01", "split": {}, "value": 40}]}
    await client.put("/v1/targets/dso", json=target)
    newer = await client.get("/v1/kpis/dso", params=MARCH, headers=known)
    assert (newer.status_code, newer.json()["revision"]) == (200, revision + 1)
    monkeypatch.setattr(freshness, "release", lambda: "another")
    stale = {"If-None-Match": newer.headers["etag"]}
    assert (await client.get("/v1/kpis/dso", params=MARCH, headers=stale)).status_code == 200


async def test_a_question_has_a_tag_of_its_own(client: httpx.AsyncClient, deliver: Deliver) -> None:
    await deliver(book())
    asked = {"questions": [{"kpi": "invoiced", **MARCH}]}
    tag = (await client.post("/v1/query", json=asked)).headers["etag"]
    known = {"If-None-Match": tag}
    assert (await client.post("/v1/query", json=asked, headers=known)).status_code == 304
    other = {"questions": [{"kpi": "invoiced", **APRIL}]}
    assert (await client.post("/v1/query", json=other, headers=known)).status_code == 200


# ── Many at once ────────────────────────────────────────────────────────────────────────────────


async def test_answers_come_in_order_and_a_bad_question_spares_the_others(
    client: httpx.AsyncClient, deliver: Deliver
) -> None:
    await deliver(book())
    questions: list[Any] = [
        {"kpi": "invoiced", "currency": "EUR", **MARCH},
        {"kpi": "profit"},
        {"kpi": "invoiced", "by": "days", "colour": "red", **MARCH},
        {"kpi": "invoiced", "group_by": "channel", "per": "account", "channel": ["sms"]},
        7,
        {"kpi": "contacts", **MARCH},
    ]
    answer = await client.post("/v1/query", json={"questions": questions})
    assert answer.status_code == 200
    QueryAnswer.model_validate(answer.json())
    items = answer.json()["items"]
    single = await ask(client, "invoiced", currency="EUR", **MARCH)
    assert items[0] == single
    assert [item.get("status") for item in items] == [None, 404, 422, 422, 422, None]
    pointers = [[each["pointer"] for each in item.get("errors", [])] for item in items]
    assert pointers[2] == ["/questions/2/by", "/questions/2/colour"]
    expected = ["channel", "group_by", "per"]
    assert sorted(pointers[3]) == [f"/questions/3/{name}" for name in expected]
    assert pointers[4] == ["/questions/4"]
    assert items[5]["name"] == "contacts"
    assert answer.json()["revision"] == single["revision"]


@pytest.mark.parametrize("questions", [[], [{"kpi": "dso"}] * 51, {}, None])
async def test_one_to_fifty_questions_are_asked(client: httpx.AsyncClient, questions: Any) -> None:
    answer = await client.post("/v1/query", json={"questions": questions})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/questions"]


async def test_a_pages_session_may_ask_and_not_set(client: httpx.AsyncClient) -> None:
    assert (await client.post("/session")).status_code == 204
    del client.headers["Authorization"]
    asked = {"questions": [{"kpi": "dso"}]}
    assert (await client.post("/v1/query", json=asked)).status_code == 200
    foreign = {"Origin": "https://elsewhere.example"}
    assert (await client.post("/v1/query", json=asked, headers=foreign)).status_code == 403
    assert (await client.put("/v1/settings", json={"people": "off"})).status_code == 401


# ── Filters, comparison, targets ────────────────────────────────────────────────────────────────


async def test_each_split_is_a_filter_and_the_empty_text_is_unknown(
    client: httpx.AsyncClient, deliver: Deliver
) -> None:
    await deliver(
        [an_account(), a_segment_changed("patron", time=at("2026-03-10", 9)), *book()[1:]]
    )

    async def invoiced(**filters: Any) -> int | None:
        found = await ask(client, "invoiced", currency="EUR", **MARCH, **filters)
        value: int | None = found["value"]
        return value

    assert await invoiced() == 15000
    assert await invoiced(segment="patron") == 5000
    assert await invoiced(segment="") == 10000
    assert await invoiced(segment=["patron", ""]) == 15000
    assert await invoiced(segment="patron", country="DE") == 5000
    assert await invoiced(segment="patron", country=["US", "FR"]) == 0
    aged = await ask(client, "aging", currency="EUR", bucket=["1-30", "31-60"], **MARCH)
    assert aged["value"] == 10000
    twice = await client.get("/v1/kpis/invoiced?from=2026-03-01&from=2026-03-02")
    assert [error["pointer"] for error in twice.json()["errors"]] == ["/query/from"]
    for wrong in ("channel=sms", "arm=a", "segmnt=patron", "compare=next", "in=EURO", "curve=true"):
        answer = await client.get(f"/v1/kpis/invoiced?{wrong}")
        assert answer.status_code == 422, wrong


async def test_a_figure_is_compared_with_the_month_and_the_year_before(
    client: httpx.AsyncClient, deliver: Deliver
) -> None:
    await deliver(book())
    found = await ask(client, "invoiced", currency="EUR", compare="previous", **APRIL)
    numbers = {"value": 15000, "numerator": 15000, "denominator": None}
    assert found["previous"] == {**MARCH, **numbers}
    assert found["change"] == {"absolute": 15000, "relative": 1}
    found = await ask(client, "invoiced", currency="EUR", compare="year", **APRIL)
    assert found["previous"]["from"] == "2025-04-01"
    assert (found["previous"]["value"], found["change"]["relative"]) == (0, None)
    mixed = await ask(client, "invoiced", compare="previous", **APRIL)
    assert mixed["change"] == {"absolute": None, "relative": None}
    by_currency = {group["key"]["currency"]: group for group in mixed["groups"]}
    assert by_currency["EUR"]["change"] == {"absolute": 15000, "relative": 1}
    assert (await ask(client, "invoiced", **APRIL)).keys().isdisjoint({"previous", "change"})


async def test_answers_carry_the_target_of_exactly_their_split(
    client: httpx.AsyncClient, deliver: Deliver, bearing: Bearing
) -> None:
    await deliver(
        [an_account(), a_segment_changed("patron", time=at("2026-03-01", 9)), *book()[1:]]
    )
    items = [
        {"from_on": "2026-01-01", "split": {"currency": "EUR"}, "value": 20000},
        {"from_on": "2026-04-01", "split": {"currency": "EUR"}, "value": 25000},
        {"from_on": "2026-01-01", "split": {"currency": "EUR", "segment": "patron"}, "value": 7},
    ]
    assert (await client.put("/v1/targets/invoiced", json={"items": items})).status_code == 200
    found = await ask(client, "invoiced", currency="EUR", group_by="segment", **MARCH)
    assert found["target"] == 20000
    assert {g["key"]["segment"]: g["target"] for g in found["groups"]} == {"patron": 7}
    assert (await ask(client, "invoiced", currency="EUR", **APRIL))["target"] == 25000
    filtered = await ask(client, "invoiced", currency="EUR", segment="patron", **APRIL)
    assert filtered["target"] == 7
    assert (await ask(client, "invoiced", currency="USD", **APRIL))["target"] is None
    assert (await ask(client, "invoiced", currency="EUR", by="count", **APRIL))["target"] is None


# ── Rates ───────────────────────────────────────────────────────────────────────────────────────


async def test_money_is_converted_at_the_rate_of_its_day(
    client: httpx.AsyncClient, deliver: Deliver
) -> None:
    dated = ("USD", "2026-03-01", "0.9"), ("USD", "2026-03-25", "0.5")
    await deliver([*book(), rates("EUR", *dated)])
    found = await ask(client, "invoiced", **{"in": "EUR"}, **MARCH)
    assert (found["currency"], found["value"], found["groups"]) == ("EUR", 15000 + 3600, [])
    assert found["rates"] == [{"currency": "USD", "on": "2026-03-01", "rate": "0.9"}]
    # What stands, at the rate of the last day.
    owed = await ask(client, "aging", **{"in": "EUR"}, **MARCH)
    assert owed["value"] == 15000 + 2000
    apart = await ask(client, "invoiced", group_by="currency", **{"in": "EUR"}, **MARCH)
    values = {group["key"]["currency"]: group["value"] for group in apart["groups"]}
    assert values == {"EUR": 15000, "USD": 3600}
    counted = await ask(client, "invoiced", by="count", **{"in": "EUR"}, **MARCH)
    assert (counted["value"], counted["rates"]) == (3, [])
    series = await ask(client, "aging", interval="month", **{"in": "EUR"}, **MARCH)
    assert [part["value"] for part in series["series"]] == [17000]


async def test_a_missing_rate_makes_null_and_is_named(
    client: httpx.AsyncClient, deliver: Deliver
) -> None:
    await deliver([*book(), rates("EUR", ("USD", "2026-03-21", "0.9"))])
    window = {"in": "EUR", "from": "2026-03-01", "to": "2026-04-30"}
    found = await ask(client, "invoiced", interval="month", **window)
    assert (found["value"], found["numerator"]) == (None, None)
    assert [part["value"] for part in found["series"]] == [None, 30000]
    assert found["rates"] == [{"currency": "USD", "on": "2026-03-01", "rate": None}]
    assert (await ask(client, "invoiced", **{"in": "GBP"}, **APRIL))["value"] is None


async def test_rates_are_replaced_and_what_was_known_stays_known(
    client: httpx.AsyncClient, deliver: Deliver
) -> None:
    await deliver([*book(), rates("EUR", ("USD", "2026-03-01", "0.9"), day="2026-04-02")])
    await deliver([rates("EUR", ("USD", "2026-03-01", "0.8"), day="2026-04-10")])
    now = await ask(client, "invoiced", **{"in": "EUR"}, **MARCH)
    then = await ask(client, "invoiced", as_of="2026-04-05", **{"in": "EUR"}, **MARCH)
    before = await ask(client, "invoiced", as_of="2026-04-01", **{"in": "EUR"}, **MARCH)
    assert [now["value"], then["value"], before["value"]] == [18200, 18600, None]
    await deliver([rates("EUR", day="2026-04-11")])
    assert (await ask(client, "invoiced", **{"in": "EUR"}, **MARCH))["value"] is None


async def test_the_catalogue_says_what_can_be_asked(client: httpx.AsyncClient) -> None:
    answer = (await client.get("/v1/kpis")).json()
    KpiCatalogue.model_validate(answer)
    kinds = {item["name"]: item["kind"] for item in answer["items"]}
    assert (kinds["invoiced"], kinds["aging"]) == ("flow", "stock")
    for item in answer["items"]:
        for query in ({"by": item["by"][-1]}, *({"per": per} for per in item["per"])):
            reply = await client.get(f"/v1/kpis/{item['name']}", params={**MARCH, **query})
            assert reply.status_code == 200, (item["name"], reply.text)
            KpiAnswer.model_validate(reply.json())

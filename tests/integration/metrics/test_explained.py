"""What figures are made of, on a real database: pages sum to the figure, whatever is asked."""

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import Any

import httpx
import pytest
from msgspec import structs

from services.metrics.commands.announcements import TYPES
from services.metrics.domain.kinds.registry import HANDLERS
from services.metrics.domain.kpis import KPIS
from services.metrics.domain.kpis.kpi import PARTS
from services.metrics.processes import explained
from shared.database import Database
from shared.events import Received
from tests.integration.metrics.conftest import Deliver
from tests.portfolios.generated import EXPERIMENT, Portfolio, interleaved
from tests.portfolios.questions import VALUES
from tests.portfolios.stories import STORIES

Query = dict[str, Any]


def handled(events: Sequence[Received]) -> list[Received]:
    return [event for event in events if event.type in HANDLERS or event.type in TYPES]


async def ask(client: httpx.AsyncClient, path: str, query: Query, status: int = 200) -> Any:
    answer = await client.get(path, params=query)
    assert answer.status_code == status, (path, query, answer.text)
    return answer.json()


async def all_pages(client: httpx.AsyncClient, path: str, query: Query) -> list[dict[str, Any]]:
    pages = [await ask(client, path, query)]
    while pages[-1]["next_cursor"]:
        pages.append(await ask(client, path, {**query, "cursor": pages[-1]["next_cursor"]}))
        assert len(pages) < 500
    return pages


def sum_of(pages: list[dict[str, Any]]) -> Fraction:
    amounts = [Fraction(item["amount"]) for page in pages for item in page["items"]]
    return sum(amounts, Fraction(0))


async def check(client: httpx.AsyncClient, path: str, query: Query, expected: Any) -> None:
    """All pages sum to what is expected, in both orders; nothing comes twice."""
    pages = await all_pages(client, path, query)
    assert {page["total"] for page in pages} == {expected}, (path, query)
    if expected is None:
        assert pages[0]["items"] == []
        return
    assert float(sum_of(pages)) == pytest.approx(expected), (path, query)
    items = [item for page in pages for item in page["items"]]
    places = [(item["account_id"] or "", item["kind"], item["id"]) for item in items]
    assert len(places) == len(set(places))
    assert sorted(places) == places
    assert all(item["amount"] and item["day"] and item["facts"] for item in items), items
    largest = await ask(client, path, {**query, "order": "contribution", "limit": 1000})
    amounts = [item["amount"] for item in largest["items"]]
    assert sorted(amounts, reverse=True) == amounts
    assert float(sum(amounts)) == pytest.approx(expected)


async def delivered(deliver: Deliver, seed: int) -> Portfolio:
    portfolio = Portfolio(seed)
    for batch in interleaved(Random(seed), portfolio.topics()):
        if events := handled(batch):
            await deliver(events)
    return portfolio


async def test_pages_sum_to_every_figure(client: httpx.AsyncClient, deliver: Deliver) -> None:
    await delivered(deliver, 3)
    rng = Random(3)
    for name, kpi in KPIS.items():
        start = date(2026, rng.randint(2, 4), 1)
        query: Query = {"from": str(start), "to": "2026-06-30", "limit": rng.choice((3, 7, 50))}
        if kpi.is_money:
            query["currency"] = "EUR"
        if rng.random() < 0.4:
            query["as_of"] = str(date(2026, 5, 1) + timedelta(days=rng.randint(0, 90)))
        splits = [each for each in kpi.splits if each in VALUES and each != "arm"]
        if splits and rng.random() < 0.4:
            split = rng.choice(splits)
            query[split] = rng.sample(VALUES[split], min(2, len(VALUES[split])))
        elif "arm" in kpi.splits and rng.random() < 0.5:
            query |= {"experiment": EXPERIMENT, "arm": rng.choice(("std", ""))}
        asked = {key: value for key, value in query.items() if key != "limit"}
        answer = await ask(client, f"/v1/kpis/{name}", asked)
        for part in PARTS:
            if part == "numerator" or kpi.has_denominator:
                path = f"/v1/kpis/{name}/explain"
                await check(client, path, {**query, "part": part}, answer[part])


async def test_pages_sum_to_every_cell_of_matrices_and_cohorts(
    client: httpx.AsyncClient, deliver: Deliver
) -> None:
    await delivered(deliver, 4)
    month = {"month": "2026-05", "currency": "EUR"}
    rolls = await ask(client, "/v1/matrices/roll-rate", month)
    for row in rolls["rows"]:
        for cell in row["cells"]:
            if not cell["value"] and row["base"]:
                continue
            query = {**month, "row": row["bucket"], "column": cell["to"], "limit": 2}
            path = "/v1/matrices/roll-rate/explain"
            await check(client, path, query, cell["value"])
            await check(client, path, {**query, "part": "denominator"}, row["base"])
    cures = await ask(client, "/v1/matrices/cure", {"month": "2026-04"})
    assert any(row["accounts"] for row in cures["rows"])
    for row in cures["rows"]:
        for column in ("accounts", "cured", "pending", "written_off", "still", "self_cured"):
            query = {"month": "2026-04", "row": row["bucket"], "column": column, "limit": 2}
            await check(client, "/v1/matrices/cure/explain", query, row[column])
    for of, measure in (("issue", "paid"), ("issue", "overdue"), ("entry", "recovered")):
        cohorts = {"of": of, "measure": measure, "currency": "EUR"}
        found = await ask(client, "/v1/cohorts", {**cohorts, "from": "2026-02", "to": "2026-04"})
        for item in found["items"]:
            for point in item["points"][:3]:
                query = {**cohorts, "cohort": item["cohort"], "age": point["age"], "limit": 4}
                await check(client, "/v1/cohorts/explain", query, point["value"])
                query["part"] = "denominator"
                await check(client, "/v1/cohorts/explain", query, item["base_minor"])


async def test_what_is_recorded_later_is_on_no_page(
    client: httpx.AsyncClient, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And where what was recorded before came late, so that pages would not sum, one is told so."""
    monkeypatch.setattr(explained, "_READ_FIRST", 1)
    monkeypatch.setattr(explained, "_READ_MOST", 1)
    monkeypatch.setattr(explained, "ITEMS_HERE_MAX", 1)  # what is more is done in another process
    portfolio = Portfolio(9)
    events = sorted(portfolio.events, key=lambda event: event.recordedtime)
    cut = events[len(events) * 2 // 3].recordedtime
    early = [event for event in events if event.recordedtime < cut]
    later = [event for event in events if event.recordedtime >= cut + timedelta(minutes=15)]
    await deliver(handled(early))
    query = {"from": "2025-12-01", "to": "2026-12-31", "currency": "EUR", "limit": 2}
    path = "/v1/kpis/invoiced/explain"
    first = await ask(client, path, query)
    await deliver(handled(later))
    pages = [first]
    while pages[-1]["next_cursor"]:
        pages.append(await ask(client, path, {**query, "cursor": pages[-1]["next_cursor"]}))
    assert sum_of(pages) == first["total"]
    assert {page["revision"] for page in pages} == {first["revision"]}
    again = await ask(client, path, query)
    assert again["total"] != first["total"]
    issued = next(event for event in early if _is_issued_in_euros(event))
    invoice_id = issued.decode().invoice_id
    other = (issued.data or b"").replace(f'"{invoice_id}"'.encode(), b'"came-late"')
    await deliver([structs.replace(issued, data=other)])
    moved = await ask(client, path, {**query, "cursor": first["next_cursor"]}, 409)
    assert "first page" in moved["detail"]


def _is_issued_in_euros(event: Received) -> bool:
    return event.type == "invoice-issued" and b'"EUR"' in (event.data or b"")


async def test_all_of_it_as_a_table(client: httpx.AsyncClient, deliver: Deliver) -> None:
    await delivered(deliver, 6)
    query = {"from": "2026-02-01", "to": "2026-06-30", "currency": "EUR"}
    path = "/v1/kpis/recovered/explain"
    pages = await all_pages(client, path, query)
    answer = await client.get(path, params={**query, "format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    items = [item for page in pages for item in page["items"]]
    assert [row["id"] for row in rows] == [item["id"] for item in items]
    assert sum(int(row["amount"]) for row in rows) == pages[0]["total"]
    assert {row["currency"] for row in rows} == {"EUR"}
    assert "payment-applied" in rows[0]["facts"]
    refused = await client.get(path, params={**query, "format": "csv", "cursor": "x"})
    assert refused.status_code == 422


async def test_met_5_a_cell_down_to_its_facts(client: httpx.AsyncClient, deliver: Deliver) -> None:
    """MET-5: what was paid of the balances that were 31-60 days old."""
    await deliver(handled(STORIES["MET-5"]().events))
    query = {"month": "2026-02", "row": "31-60", "column": "paid"}
    found = await ask(client, "/v1/matrices/roll-rate/explain", query)
    assert (found["total"], found["unit"], found["currency"]) == (12000, "minor", "EUR")
    (item,) = found["items"]
    assert (item["kind"], item["amount"], item["count"]) == ("invoice", 12000, 0)
    paid = [fact for fact in item["facts"] if fact["type"] == "payment-applied"]
    assert [fact["amount_minor"] for fact in paid] == [12000]
    assert paid[0]["recorded_at"].endswith("Z")
    etag = (await client.get("/v1/matrices/roll-rate/explain", params=query)).headers["etag"]
    again = await client.get(
        "/v1/matrices/roll-rate/explain", params=query, headers={"If-None-Match": etag}
    )
    assert again.status_code == 304


REFUSED = (
    ("/v1/kpis/recovered/explain?part=denominator", "/query/part"),
    ("/v1/kpis/recovered/explain?part=both", "/query/part"),
    ("/v1/kpis/recovered/explain?limit=0", "/query/limit"),
    ("/v1/kpis/recovered/explain?cursor=abc", "/query/cursor"),
    ("/v1/kpis/recovered/explain?order=size", "/query/order"),
    ("/v1/kpis/recovered/explain?agency=x", "/query/agency"),
    ("/v1/kpis/dso_countback/explain?part=denominator", "/query/part"),
    ("/v1/matrices/roll-rate/explain?month=2026-02", "/query/row"),
    ("/v1/matrices/cure/explain?month=2026-02&row=current&column=cured", "/query/row"),
    ("/v1/cohorts/explain?cohort=2026-02&age=999", "/query/age"),
    ("/v1/cohorts/explain?age=1", "/query/cohort"),
    ("/v1/cohorts/explain?of=entry&measure=paid&cohort=2026-02&age=0", "/query/measure"),
)


async def test_what_cannot_be_explained_is_refused(
    client: httpx.AsyncClient, deliver: Deliver, metrics_db: Database
) -> None:
    await deliver(handled(STORIES["MET-5"]().events))
    for path, pointer in REFUSED:
        answer = await client.get(path)
        assert answer.status_code == 422, path
        assert pointer in {error["pointer"] for error in answer.json()["errors"]}, answer.text
    assert (await client.get("/v1/kpis/nothing/explain")).status_code == 404
    answer = await client.get("/v1/experiments/nothing/explain?arm=a&metric=b")
    assert answer.status_code == 404, answer.text


async def test_too_much_to_put_in_order_is_refused(
    client: httpx.AsyncClient, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await delivered(deliver, 6)
    monkeypatch.setattr(explained, "CONTRIBUTION_MAX", 1)
    for name in ("invoiced", "cure_rate"):
        answer = await client.get(
            f"/v1/kpis/{name}/explain?from=2026-01-01&to=2026-12-31&order=contribution&currency=EUR"
        )
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert (error["pointer"], "narrow it" in error["detail"]) == ("/query/order", True)


async def test_a_page_looks_at_so_many_things_and_no_more(
    client: httpx.AsyncClient, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A figure of few among many: pages may be short, or empty, and still sum."""
    await delivered(deliver, 6)
    monkeypatch.setattr(explained, "_READ_FIRST", 1)
    monkeypatch.setattr(explained, "_READ_MOST", 1)
    monkeypatch.setattr(explained, "SCANNED_PER_PAGE", 1)
    query = {"from": "2026-03-01", "to": "2026-03-04", "currency": "EUR"}
    pages = await all_pages(client, "/v1/kpis/received/explain", query)
    answer = await ask(client, "/v1/kpis/received", query)
    assert len(pages) > 1
    assert sum_of(pages) == answer["numerator"]


async def test_met_10_accounts_of_an_arm(client: httpx.AsyncClient, deliver: Deliver) -> None:
    """MET-10: who is ripe in an arm, and what came of each, sums to the arm's figures."""
    await deliver(handled(STORIES["MET-10"]().events))
    at = {"at": "2026-03-31"}
    found = await ask(client, "/v1/experiments/calls", at)
    metrics = [(arm["arm"], each) for arm in found["arms"] for each in arm["metrics"]]
    assert any(each["numerator"] for _, each in metrics)
    for arm, each in metrics:
        for part in PARTS:
            query = {**at, "arm": arm, "metric": each["metric"], "part": part, "limit": 1}
            await check(client, "/v1/experiments/calls/explain", query, each[part])
    refused = await ask(
        client, "/v1/experiments/calls/explain", {**at, "arm": "x", "metric": "y"}, 422
    )
    assert [error["pointer"] for error in refused["errors"]] == ["/query/arm", "/query/metric"]

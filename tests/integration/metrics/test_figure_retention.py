"""What figures keep less finely with time: no answer changes by it."""

import asyncio
from datetime import date, timedelta

import httpx
import pytest

from services.metrics.domain.windows import months_before
from services.metrics.processes import retention
from services.metrics.processes.merging import merge_all
from shared import clock
from shared.database import Database
from shared.database.retention import forget
from shared.events import TENANTS, ledger
from tests.integration.metrics.conftest import Deliver
from tests.integration.metrics.test_figures import an_account, an_invoice
from tests.metrics_figures import an_event, at
from tests.unit.metrics.test_story import a_payment, put

ZONE = "Pacific/Auckland"  # its days begin within those of UTC


async def tidy(db: Database, months: int | None = None) -> None:
    for rule in retention.rules(months):
        await forget(db, rule, asyncio.Event())


async def answers(client: httpx.AsyncClient, last: date) -> list[bytes]:
    found = []
    for name in ("invoiced", "received", "dso", "aging", "recovery_rate", "average_days_late"):
        for as_of in (None, *(last - timedelta(days=n) for n in (0, 1, 39, 40, 41, 60, 100, 150))):
            query = {"from": "2026-01-01", "to": "2026-06-30", "currency": "EUR"}
            query |= {"as_of": str(as_of)} if as_of else {}
            answer = await client.get(f"/v1/kpis/{name}", params=query)
            assert answer.status_code == 200, answer.text
            found.append(answer.content)
    return found


async def live_half_a_year(deliver: Deliver) -> date:
    """An invoice a week, paid three weeks later; recorded as it happens. The last day."""
    tenant = ledger.Tenant(tenant_id="demo", timezone=ZONE)
    zone = an_event("tenant-settings", tenant, topic=TENANTS, key="", time=at("2026-01-01"))
    await deliver([zone, an_account(), an_account("C2")])
    day = date(2026, 1, 5)
    for week in range(24):
        issued = day + timedelta(weeks=week)
        due, paid = issued + timedelta(days=14), issued + timedelta(days=21)
        await deliver([an_invoice(f"I{week}", 100 + week, str(issued), str(due))])
        if week % 3:
            where = put(f"P{week}", 100 + week, str(paid), 11, invoice_id=f"I{week}")
            await deliver([a_payment(f"P{week}", 100 + week, str(paid), where, hour=11)])
    return paid


async def test_the_log_keeps_days_after_forty_days(
    deliver: Deliver, client: httpx.AsyncClient, metrics_db: Database
) -> None:
    last = await live_half_a_year(deliver)
    await merge_all(metrics_db, 1)
    before = await answers(client, last)
    count = "select count(*), count(distinct known) from figures_1.cells_log"
    rows, moments = (await metrics_db.fetch(count))[0]
    await tidy(metrics_db)
    assert await answers(client, last) == before
    fewer, days = (await metrics_db.fetch(count))[0]
    assert fewer <= rows
    known = await metrics_db.fetch("select distinct known from figures_1.cells_log order by 1")
    edge = clock.day_start(last - timedelta(days=retention.LOG_KEEPS_DAYS), ZONE).timestamp()
    starts = {
        int(clock.day_start(date(2026, 1, 1) + timedelta(days=n), ZONE).timestamp() // 900)
        for n in range(200)
    }
    old = [row[0] for row in known if row[0] * 900 < edge]
    assert old
    assert set(old) <= starts
    assert days <= moments
    sizes = await metrics_db.fetch("select sum(rows) from figures_1.log_sizes")
    assert sizes[0][0] == fewer
    await tidy(metrics_db)
    assert await answers(client, last) == before


async def test_what_adds_nothing_goes_cold_and_a_late_fact_brings_it_back(
    deliver: Deliver, client: httpx.AsyncClient, metrics_db: Database
) -> None:
    last = await live_half_a_year(deliver)
    before = await answers(client, last)
    exported = (await client.get("/v1/export/items?format=ndjson")).content
    count = "select count(*) from figures_1.items"
    warm = (await metrics_db.fetch(count))[0][0]
    await tidy(metrics_db, months=2)
    left = (await metrics_db.fetch(count))[0][0]
    assert 0 < left < warm
    assert len(await metrics_db.fetch("select from figures_1.items_cold")) == 1
    assert await answers(client, last) == before
    assert (await client.get("/v1/export/items?format=ndjson")).content == exported
    # What was paid long ago is paid once more.
    late = put("P99", 100, "2026-06-29", 11, invoice_id="I1")
    await deliver([a_payment("P99", 100, "2026-06-29", late, hour=11)])
    assert await metrics_db.fetch("select from figures_1.items_cold") == []
    assert (await metrics_db.fetch(count))[0][0] == warm + 1
    query = {"from": "2026-01-01", "to": "2026-06-30", "currency": "EUR"}
    found = (await client.get("/v1/kpis/received", params=query)).json()
    paid = sum(100 + week for week in range(23) if week % 3)  # the last one comes in July
    assert found["value"] == paid + 100


@pytest.mark.parametrize(
    ("day", "months", "first"),
    [
        ("2026-03-31", 1, "2026-02-01"),
        ("2026-03-01", 3, "2025-12-01"),
        ("2026-01-15", 12, "2025-01-01"),
    ],
)
def test_months_are_counted_from_the_first(day: str, months: int, first: str) -> None:
    assert str(months_before(date.fromisoformat(day), months)) == first

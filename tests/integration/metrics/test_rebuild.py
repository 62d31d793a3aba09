"""From the producers' logs to the answers, and the same answers after a rebuild."""

import asyncio

import httpx
import msgspec

from services.metrics import consumer, worker
from services.metrics.context import open_context
from services.metrics.domain.kpis import KPIS
from services.metrics.rebuild import rebuild
from services.metrics.settings import Settings
from shared.database import Database
from shared.events import SCHEMAS, TENANTS, Event, Received, ledger
from shared.log import outbox
from tests.integration.metrics.test_figures import of_no_revision
from tests.metrics_figures import a_contact, a_segment_changed, an_event, at
from tests.unit.metrics.test_story import a_payment, an_account, an_invoice, overdue, put

NOON = at("2026-03-16", 12)


def as_said(event: Received) -> Event:
    """The event as its producer says it."""
    data = msgspec.json.decode(event.data or b"", type=SCHEMAS[event.topic, event.type])
    return Event(
        topic=event.topic,
        tenant=event.tenant,
        key=event.key,
        type=event.type,
        entity=event.id,
        cause=event.type,
        time=event.time,
        day=event.day,
        recordedtime=event.recordedtime,
        data=data,
    )


async def say(db: Database, *events: Received) -> None:
    async with db.transaction() as session:
        outbox.append(session, [as_said(event) for event in events])


async def take_all_in(settings: Settings) -> None:
    """Run the worker until nothing is behind."""
    context = open_context(settings, "metrics-api")
    runtime = consumer.runtime(settings, context)
    stop = asyncio.Event()
    work = asyncio.create_task(worker.run(settings, stop))
    try:
        async with asyncio.timeout(120):
            while (await runtime.lag()).behind:
                await asyncio.wait([work], timeout=0.05)
    finally:
        stop.set()
        await work
        await runtime.close()
        await context.close()


async def answers(client: httpx.AsyncClient) -> dict[str, bytes]:
    query = {"from": "2026-03-01", "to": "2026-04-30", "interval": "month"}
    found: dict[str, bytes] = {}
    for name in KPIS:
        answer = await client.get(f"/v1/kpis/{name}", params=query)
        assert answer.status_code == 200
        found[name] = of_no_revision(answer)
    return found


async def test_a_rebuild_from_the_log_gives_the_same_bytes(
    settings: Settings,
    client: httpx.AsyncClient,
    ledger_db: Database,
    segmentation_db: Database,
    outreach_db: Database,
) -> None:
    zone = ledger.Tenant(tenant_id="demo", timezone="Europe/Berlin")
    paid = put("P1", 40, "2026-03-20", 10)
    await say(ledger_db, an_event("tenant-settings", zone, topic=TENANTS, key="", time=NOON))
    await say(ledger_db, an_account(), an_invoice(), overdue())
    await say(ledger_db, a_payment("P1", 40, "2026-03-20", paid, hour=10))
    await say(segmentation_db, a_segment_changed("reminder", time=NOON))
    await say(
        outreach_db,
        a_contact("contact-planned", "K1", time=NOON),
        a_contact("contact-sent", "K1", time=NOON),
    )
    await take_all_in(settings)
    before = await answers(client)
    recovery = msgspec.json.decode(before["recovery_rate"])
    assert (recovery["numerator"], recovery["denominator"]) == (40, 100)
    assert msgspec.json.decode(before["contacts"])["value"] == 1
    heard: list[int] = []
    await rebuild(settings, heard.append)
    assert heard[-2:] == [0, 0]
    assert await answers(client) == before

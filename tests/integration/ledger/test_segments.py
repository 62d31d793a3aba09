"""Segments of accounts come from segmentation's log, for the conditions of policies."""

import asyncio
from datetime import UTC, datetime

from services.ledger import consumer
from services.ledger.context import open_context
from services.ledger.store.segments import find_segment
from shared.clock import monotonic
from shared.database import Database
from shared.events import SEGMENTATION, Event
from shared.events.segmentation import SegmentChanged
from shared.log import outbox
from tests.integration.ledger.conftest import settings_for

PATIENCE_SECONDS = 60.0
AT = datetime(2027, 1, 12, 10, tzinfo=UTC)


def changed(account_id: str, number: int, before: str | None, after: str) -> Event:
    return Event(
        topic=SEGMENTATION,
        tenant="demo",
        key=account_id,
        type="segment-changed",
        entity=account_id,
        cause=f"change {number}",
        time=AT,
        recordedtime=AT,
        data=SegmentChanged(
            account_id=account_id,
            from_segment=before,
            to_segment=after,
            arms={},
            priority=1,
            because="it grew old",
            policy_version="1",
        ),
    )


async def test_the_segment_last_heard_of_is_known(
    ledger_url: str, ledger_db: Database, segmentation_url: str, segmentation_db: Database
) -> None:
    async with segmentation_db.transaction() as session:
        outbox.append(session, [changed("C1", 1, None, "current"), changed("C2", 1, None, "key")])
        outbox.append(session, [changed("C1", 2, "current", "hardship")])
    settings = settings_for(ledger_url, SEGMENTATION_DATABASE_URL=segmentation_url)
    context = open_context(settings, application="ledger-worker")
    runtime = consumer.runtime(settings, context)
    stop = asyncio.Event()
    work = asyncio.create_task(runtime.work(stop))
    try:
        end = monotonic() + PATIENCE_SECONDS
        while (await runtime.lag()).behind or await segment(ledger_db, "C1") is None:
            assert monotonic() < end, "it did not catch up in time"
            await asyncio.sleep(0.01)
    finally:
        stop.set()
        await work
        await runtime.close()
        await context.close()
    found = [await segment(ledger_db, account_id) for account_id in ("C1", "C2", "C3")]
    assert found == ["hardship", "key", None]


async def segment(db: Database, account_id: str) -> str | None:
    async with db.reading() as session:
        assert await find_segment(session, "other", account_id) is None
        return await find_segment(session, "demo", account_id)


def test_a_ledger_that_is_alone_knows_no_segments(ledger_url: str) -> None:
    assert settings_for(ledger_url).producer_urls == {}

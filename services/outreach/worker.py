"""Outreach's worker process: `python -m services.outreach.worker`. Takes events in, makes contacts
by the system clock, ends leases, relays the outbox to Kafka."""

import asyncio
import os

from services.outreach import consumer
from services.outreach.jobs.leases import run_leases
from services.outreach.jobs.runs import run_scheduler
from services.outreach.settings import Settings
from shared.consume import run_consumer
from shared.db import Database
from shared.tasks import together

TOPICS_SAID = ("outreach.events",)


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """All that outreach does beside HTTP, until `stop`."""
    common = settings.common
    db = Database(settings.database_url, application="outreach-worker")
    producers = {
        service: Database(url, pool_size=2, application="outreach-reader")
        for service, url in settings.producer_urls.items()
    }
    office = settings.office(db)
    parts = [
        run_consumer(
            db, consumer.subscription(), consumer.sources(common.kafka, producers), stop=stop
        ),
        run_leases(db, common.clock, stop=stop),
    ]
    if common.clock == "system":
        parts.append(run_scheduler(office, stop=stop))
    try:
        await together(*parts)
    finally:
        await office.close()
        for database in (db, *producers.values()):
            await database.close()

"""Watch the models in force once a business day; show the figures to Prometheus."""

import asyncio

from services.segmentation.commands.business_time import business_day
from services.segmentation.store.active_rules import ActiveRules
from services.segmentation.processes.watch import watch_due
from services.segmentation.commands.workshop import Workshop
from services.segmentation.store import models as store
from shared.business_time import Clock
from shared.database import Database
from shared.errors import AppError, Unavailable
from shared.process import telemetry
from shared.process.tasks import pause

LOOK_SECONDS = 60.0  # between two looks for models that are due
SHOW_SECONDS = 30.0

log = telemetry.logger(__name__)


async def run_watching(db: Database, force: ActiveRules, clock: Clock, *, stop: asyncio.Event) -> None:
    """In the worker: watch what is due, tenant by tenant."""
    workshop = Workshop()
    while not stop.is_set():
        try:
            await watch_tenants(db, force, clock, workshop, stop=stop)
        except Unavailable as error:
            log.warning("watching.retry", reason=error.detail)
        await pause(stop, LOOK_SECONDS)


async def watch_tenants(
    db: Database, force: ActiveRules, clock: Clock, workshop: Workshop, *, stop: asyncio.Event
) -> int:
    """How many models were watched. What cannot be watched of one tenant spares the others."""
    async with db.reading() as session:
        tenants = await store.tenants_with_models(session)
    watched = 0
    for tenant in tenants:
        if stop.is_set():
            break
        try:
            async with db.transaction() as session:
                today = await business_day(session, tenant, clock)
                if today is not None:
                    watched += await watch_due(session, force, tenant, today, workshop)
        except Unavailable:
            raise
        except AppError as error:  # a model of an earlier version, which cannot be loaded
            log.warning("watching.failed", tenant=tenant, reason=error.detail)
    return watched


async def run_showing(db: Database, *, stop: asyncio.Event) -> None:
    """In the API, whose `/metrics` is read: show what was watched last."""
    while not stop.is_set():
        try:
            await show(db)
        except Unavailable as error:
            log.warning("watching.not_shown", reason=error.detail)
        await pause(stop, SHOW_SECONDS)


async def show(db: Database) -> None:
    async with db.reading() as session:
        watches = await store.list_watches(session)
    telemetry.MODEL_WATCH.clear()
    for tenant, target, version, figures in watches:
        for name, value in figures.items():
            labels = ("segmentation", tenant, target, version, name)
            telemetry.MODEL_WATCH.labels(*labels).set(value)

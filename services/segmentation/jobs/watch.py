"""Watch the models in force once a business day; show the figures to Prometheus."""

import asyncio

from services.segmentation.context import Context
from services.segmentation.processes.watch import watch_tenants
from services.segmentation.store import models as store
from shared.database import Database
from shared.process import telemetry
from shared.process.failures import survived
from shared.process.tasks import pause

LOOK_SECONDS = 60.0  # between two looks for models that are due
SHOW_SECONDS = 30.0
_BETTER_HIGH = frozenset({"cases"})


async def run_watch(context: Context, *, stop: asyncio.Event) -> None:
    """In the worker: watch what is due, tenant by tenant."""
    while not stop.is_set():
        with survived("segmentation", "watch"):
            await watch_tenants(context, stop=stop)
        await pause(stop, LOOK_SECONDS)


async def run_show(db: Database, *, stop: asyncio.Event) -> None:
    """In the API, whose `/metrics` is read: show what was watched last."""
    while not stop.is_set():
        with survived("segmentation", "show"):
            await show(db)
        await pause(stop, SHOW_SECONDS)


async def show(db: Database) -> None:
    """Set the figures anew: of each the worst of all tenants, none of whom is named."""
    async with db.reading() as session:
        watches = await store.list_watches(session)
    worst: dict[tuple[str, str], float] = {}
    for target, figures in watches:
        for name, value in figures.items():
            known = worst.get((target, name), value)
            worst[target, name] = (min if name in _BETTER_HIGH else max)(known, value)
    telemetry.MODEL_WATCH.clear()
    for (target, name), value in worst.items():
        telemetry.MODEL_WATCH.labels("segmentation", target, name).set(value)

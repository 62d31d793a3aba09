"""Watch a tenant's models: read what is known, compare, keep the figures for Prometheus."""

import asyncio
from datetime import date
from typing import Any

import msgspec

from services.segmentation.commands.business_time import business_day
from services.segmentation.context import Context
from services.segmentation.domain.encoding import Population, population_in, watched
from services.segmentation.domain.model_watch import GroupBy, shadowing
from services.segmentation.processes.population import slices_of
from services.segmentation.store import assessments
from services.segmentation.store import models as store
from shared.errors import NotFound
from shared.process.failures import survived

WATCH_SECONDS_MAX = 300.0


async def watch_model(
    context: Context, tenant: str, version: str, *, group_by: GroupBy
) -> dict[str, Any]:
    """What became of a model by the last begun day. Raises `NotFound`."""
    async with context.db.reading() as session:
        today = await business_day(session, tenant, context.clock)
    if today is None:
        raise NotFound("no account is known yet")
    return await _watch(context, tenant, version, group_by, today)


async def watch_tenants(context: Context, *, stop: asyncio.Event) -> int:
    """Watch every tenant's models in force that were not watched today yet; how many.

    What cannot be watched of one tenant (a model of an earlier version, which cannot be loaded)
    spares the others.
    """
    async with context.db.reading() as session:
        tenants = await store.tenants_with_models(session)
    count = 0
    for tenant in tenants:
        if stop.is_set():
            break
        with survived("segmentation", "watch", tenant=tenant):
            count += await _watch_due(context, tenant)
    return count


async def _watch_due(context: Context, tenant: str) -> int:
    async with context.db.reading() as session:
        today = await business_day(session, tenant, context.clock)
        if today is None:
            return 0
        versions = await store.due_to_watch(session, tenant, today)
    count = 0
    for version in versions:
        with survived("segmentation", "watch", tenant=tenant, version=version):
            found = await _watch(context, tenant, version, "kind", today)
            async with context.db.transaction() as session:
                await store.upsert_watch(session, tenant, version, today, _figures_of(found))
            count += 1
    return count


async def _watch(
    context: Context, tenant: str, version: str, group_by: GroupBy, today: date
) -> dict[str, Any]:
    async with context.db.reading() as session:
        shadow = await context.rules.shadow(session, tenant, version)
    parts: list[Population] = [
        await context.compute.run(tenant, population_in, found)
        async for found in slices_of(context, tenant)
    ]
    if not parts:
        raise NotFound("no account is known yet")
    found = await context.compute.run(
        tenant, watched, shadow, parts, group_by, today, seconds=WATCH_SECONDS_MAX
    )
    async with context.db.reading() as session:
        pairs = await assessments.shadow_pairs(session, tenant, version)
    return {**msgspec.structs.asdict(found), "shadow": shadowing(pairs)}


def _figures_of(found: dict[str, Any]) -> dict[str, float]:
    """The few figures that operators see."""
    calibration, score_drift = found["calibration"], found["score_drift"]
    figures = {
        "cases": float(found["cases"]),
        "psi_max": max((drift.psi for drift in found["drift"]), default=None),
        "psi_score": score_drift.psi if score_drift is not None else None,
        "brier": calibration.brier,
        "calibration_error": calibration.calibration_error,
    }
    return {name: value for name, value in figures.items() if value is not None}

"""Door 3, the clock: experiments that run are compared with their guardrails every hour."""

import asyncio

from services.segmentation.commands.business_time import business_now
from services.segmentation.commands.experiments import check_experiments
from services.segmentation.store.experiments import list_tenants
from shared.database import Database
from shared.errors import Unavailable
from shared.process import telemetry
from shared.process.tasks import pause

CHECK_SECONDS = 3600.0

log = telemetry.logger(__name__)


async def run_guardrails(
    db: Database, *, stop: asyncio.Event, seconds: float = CHECK_SECONDS
) -> None:
    """With the system clock: look at every experiment now and then, until stopped."""
    while not stop.is_set():
        try:
            await check_guardrails(db)
        except Unavailable as error:
            log.warning("guardrails.retry", reason=error.detail)
        await pause(stop, seconds)


async def check_guardrails(db: Database) -> None:
    """Every experiment of every tenant, each tenant in a transaction of its own."""
    async with db.reading() as session:
        tenants = await list_tenants(session)
    for tenant in tenants:
        async with db.transaction() as session:
            at = await business_now(session, tenant, "system")
            for checked in await check_experiments(session, tenant, at=at):
                if checked.breaches:
                    because = checked.breaches[0].because
                    log.warning(
                        "experiment.stopped", tenant=tenant, name=checked.name, because=because
                    )

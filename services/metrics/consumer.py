"""Door 2: which events metrics reads, and what each of them does."""

import asyncio
from collections.abc import Sequence

from services.metrics import commands
from services.metrics.commands import Folding, announcements, enrolments
from services.metrics.context import Context
from services.metrics.domain.kinds.registry import HANDLERS
from services.metrics.processes.rebuilding import Progress
from services.metrics.settings import Settings
from services.metrics.store import generations
from services.metrics.store.generations import Generation
from shared.database import Session
from shared.events import LEDGER, METRICS, OUTREACH, SEGMENTATION, TENANTS, Received
from shared.log.runtime import Runtime
from shared.log.subscriptions import Subscription

TOPICS = (LEDGER, SEGMENTATION, OUTREACH, TENANTS, METRICS)


async def take(
    session: Session, events: Sequence[Received], folding: Folding | None = None
) -> None:
    """Take one ordered batch of new events: fold them (into the figures in use, unless told
    otherwise), and keep what is announced for whole tenants."""
    if folding is None:
        folding = Folding((await generations.current(session)).number)
    await generations.enter(session, folding.generation)
    folded = [each for each in events if each.topic == TENANTS or each.type in HANDLERS]
    kept = [each for each in events if not each.key and each.type in announcements.TYPES]
    await enrolments.lock_runs(session, events)
    await announcements.take_announcements(session, kept)
    reached = await enrolments.list_reached(session, kept)
    await commands.fold_events(session, folded, folding, reached, kept)


def subscription(folding: Folding) -> Subscription:
    """What a generation of the figures reads."""

    async def take_into(session: Session, events: Sequence[Received]) -> None:
        await take(session, events, folding)

    return Subscription(
        consumer=generations.consumer_of(folding.generation),
        topics=TOPICS,
        types=frozenset({*HANDLERS, *announcements.TYPES, "tenant-settings"}),
        take=take_into,
    )


class LogReading:
    """How generations of the figures read the log, in a worker or beside it."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def read(self, folding: Folding, stop: asyncio.Event, *, is_guest: bool) -> None:
        """Fold what the log says, until stopped."""
        await self._runtime.read(subscription(folding), stop, is_guest=is_guest)

    async def progress(self, generation: Generation) -> Progress:
        """How far a generation has come."""
        reader = subscription(Folding(generation.number))
        report = await self._runtime.lag_of(reader)
        return Progress(report.behind, await self._runtime.length(reader))


def runtime(settings: Settings, context: Context) -> Runtime:
    """Metrics on the log: the API asks it for the lag, the worker runs it."""

    async def moving() -> list[Subscription]:
        """Whose lag is that of the answers: of those in use, or that are to take their place."""
        generation = await generations.current(context.db)
        if generation.is_stale:
            generation = await generations.building(context.db) or generation
        return [subscription(Folding(generation.number))]

    return Runtime(
        "metrics",
        settings.common,
        context.db,
        [],
        producer_urls=settings.producer_urls,
        moving=moving,
    )

"""Door 2: which events metrics reads, and what each of them does."""

from collections.abc import Sequence

from services.metrics import commands
from services.metrics.commands import announcements, enrolments
from services.metrics.context import Context
from services.metrics.domain.kinds.registry import HANDLERS
from services.metrics.settings import Settings
from shared.database import Session
from shared.events import LEDGER, METRICS, OUTREACH, SEGMENTATION, TENANTS, Received
from shared.log.runtime import Runtime
from shared.log.subscriptions import Subscription

CONSUMER = "metrics"
TOPICS = (LEDGER, SEGMENTATION, OUTREACH, TENANTS, METRICS)


async def take(session: Session, events: Sequence[Received]) -> None:
    """Fold one ordered batch of new events, and keep what is announced for whole tenants."""
    folded = [each for each in events if each.topic == TENANTS or each.type in HANDLERS]
    kept = [each for each in events if not each.key and each.type in announcements.TYPES]
    await enrolments.lock_runs(session, events)
    await announcements.take_announcements(session, kept)
    reached = await enrolments.list_reached(session, kept)
    await commands.fold_events(session, folded, reached)


SUBSCRIPTION = Subscription(
    consumer=CONSUMER,
    topics=TOPICS,
    types=frozenset({*HANDLERS, *announcements.TYPES, "tenant-settings"}),
    take=take,
)


def runtime(settings: Settings, context: Context) -> Runtime:
    """Metrics on the log: the API asks it for the lag, the worker runs it."""
    return Runtime(
        CONSUMER,
        settings.common,
        context.db,
        [SUBSCRIPTION],
        producer_urls=settings.producer_urls,
    )

"""Door 2: events. What segmentation listens to, and what each leads to."""

from collections.abc import Mapping, Sequence

from services.segmentation.commands.scoring import reassess_accounts
from services.segmentation.context import Context
from services.segmentation.domain import fold
from services.segmentation.domain.fold import Handler
from services.segmentation.settings import Settings
from shared.database import Session
from shared.events import LEDGER, OUTREACH, Received
from shared.log.consume import Subscription
from shared.log.runtime import Runtime

CONSUMER = "segmentation"
TOPICS = (LEDGER, OUTREACH)

# Each folds its event into an account's state; after it the account is assessed anew.
HANDLERS: Mapping[str, Handler] = fold.HANDLERS


def subscription(context: Context) -> Subscription:
    """What the worker consumes."""

    async def take(session: Session, events: Sequence[Received]) -> None:
        await reassess_accounts(session, events, context)

    return Subscription(CONSUMER, TOPICS, frozenset(HANDLERS), take)


def runtime(settings: Settings, context: Context) -> Runtime:
    """Segmentation on the log: the API asks it for the lag, the worker runs it."""
    return Runtime(
        CONSUMER,
        settings.common,
        context.db,
        [subscription(context)],
        producer_urls=settings.producer_urls,
    )

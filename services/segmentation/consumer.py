"""Door 2: events. What segmentation listens to, and what each leads to."""

from collections.abc import Mapping, Sequence
from functools import partial

from services.segmentation.store.active_rules import ActiveRules
from services.segmentation.commands.scoring import reassess_accounts
from services.segmentation.domain.fold import FOLDS
from shared.database import Database, Session
from shared.events import LEDGER, OUTREACH, Received
from shared.log.consume import Subscription
from shared.log.runtime import Runtime
from shared.process.settings import Common

CONSUMER = "segmentation"
TOPICS = (LEDGER, OUTREACH)

# Every event that says something of an account's debts, payments or contacts leads to the same:
# it is folded into the account, and the account is assessed anew.
HANDLERS = frozenset(type_ for _, type_ in FOLDS)


async def _take(session: Session, events: Sequence[Received], *, force: ActiveRules) -> None:
    await reassess_accounts(session, events, force)


def subscription(force: ActiveRules) -> Subscription:
    """What the worker consumes."""
    return Subscription(
        consumer=CONSUMER,
        topics=TOPICS,
        types=HANDLERS,
        take=partial(_take, force=force),
    )


def runtime(
    common: Common, db: Database, force: ActiveRules, *, producer_urls: Mapping[str, str]
) -> Runtime:
    """Segmentation on the log: the API asks it for the lag, the worker runs it."""
    return Runtime(CONSUMER, common, db, [subscription(force)], producer_urls=producer_urls)

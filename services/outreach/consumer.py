"""Door 2: events. What outreach listens to: everything is told in the timeline, some of it changes
plans (`ACCOUNT_FOLDS` and `INVOICE_FOLDS` in commands/facts.py), an early warning may start one."""

from collections.abc import Mapping
from functools import partial

from services.outreach.commands.facts import take_facts
from services.outreach.domain.strategies import Strategies
from shared.database import Database
from shared.events import CONTACTS, LEDGER, SCHEMAS, SEGMENTATION, TENANTS
from shared.log.runtime import Runtime
from shared.log.subscriptions import Subscription
from shared.process.settings import Common

CONSUMER = "outreach"
TOPICS = (LEDGER, CONTACTS, TENANTS, SEGMENTATION)

# Every type goes into the story, so one command takes whole batches of them, in their order.
HANDLERS = frozenset(type_ for topic, type_ in SCHEMAS if topic in TOPICS)


def subscription(strategies: Strategies) -> Subscription:
    """What the worker consumes."""
    return Subscription(
        consumer=CONSUMER,
        topics=TOPICS,
        types=HANDLERS,
        take=partial(take_facts, strategies=strategies),
    )


def runtime(
    common: Common, db: Database, strategies: Strategies, *, producer_urls: Mapping[str, str]
) -> Runtime:
    """Outreach on the log: it reads the ledger and segmentation, and writes its own events."""
    return Runtime("outreach", common, db, [subscription(strategies)], producer_urls=producer_urls)

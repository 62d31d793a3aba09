"""Door 2: events. What outreach listens to: everything is told in the timeline, some of it changes
plans (`ACCOUNT_FOLDS` and `INVOICE_FOLDS` in commands/facts.py)."""

from services.outreach.commands.facts import take_facts
from shared.events import CONTACTS, LEDGER, SCHEMAS, SEGMENTATION, TENANTS
from shared.subscriptions import Subscription

CONSUMER = "outreach"
TOPICS = (LEDGER, CONTACTS, TENANTS, SEGMENTATION)

HANDLERS = dict.fromkeys(sorted(type_ for topic, type_ in SCHEMAS if topic in TOPICS), take_facts)


def subscription() -> Subscription:
    """What the worker consumes."""
    return Subscription(
        consumer=CONSUMER, topics=TOPICS, types=frozenset(HANDLERS), take=take_facts
    )

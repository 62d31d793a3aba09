"""Door 2: events. What outreach listens to, and what each type of event does here.

Whatever it does, every event first stands in the timeline of its account."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from services.outreach.activity.store.timeline import insert_received
from services.outreach.debtors.commands import (
    take_facts,
    take_segments,
    take_tenants,
    take_warnings,
)
from services.outreach.desk.commands.facts import follow_facts, follow_priorities
from services.outreach.dunning.commands.assignments import assign_after
from services.outreach.dunning.store.strategies import StrategyBooks
from services.outreach.inbound.commands.erasure import erase_replies
from services.outreach.portal.commands.erasure import erase_visits
from services.outreach.webhooks import domain as webhooks
from services.outreach.webhooks.store import insert_events
from shared import clock
from shared.business_time import Clock
from shared.database import Database, Session
from shared.events import (
    CONTACTS,
    LEDGER,
    SCHEMAS,
    SEGMENTATION,
    TENANTS,
    Received,
)
from shared.log.runtime import Runtime
from shared.log.subscriptions import Subscription
from shared.process.settings import Common

CONSUMER = "outreach"
TOPICS = (LEDGER, CONTACTS, TENANTS, SEGMENTATION)

# Takes the events of its types in one ordered batch.
Handler = Callable[[Session, Sequence[Received]], Awaitable[None]]


async def on_tenants(session: Session, events: Sequence[Received]) -> None:
    await take_tenants(session, events)


async def on_facts(session: Session, events: Sequence[Received]) -> None:
    await erase_replies(session, events)
    await erase_visits(session, events)
    await take_facts(session, events)
    await follow_facts(session, events)


async def on_segments(session: Session, events: Sequence[Received]) -> None:
    await take_segments(session, events)
    await follow_priorities(session, events)


async def on_warnings(session: Session, events: Sequence[Received]) -> None:
    await follow_priorities(session, events)
    await take_warnings(session, events)


async def only_noted(_s: Session, _events: Sequence[Received]) -> None:
    """The timeline has them; nothing else changes."""


def _types(topic: str) -> list[str]:
    return [type_ for of, type_ in SCHEMAS if of == topic]


# Of a batch that has events for several handlers, this is their order.
HANDLERS: Mapping[str, Handler] = {
    "tenant-settings": on_tenants,
    **dict.fromkeys(_types(LEDGER), on_facts),
    "contact-details": on_facts,
    "segment-changed": on_segments,
    "account-scored": on_segments,
    "early-warning-raised": on_warnings,
    **dict.fromkeys(
        ("model-promoted", "segment-policy-activated", "policy-activated"),
        only_noted,
    ),
}


async def take_events(
    session: Session,
    events: Sequence[Received],
    *,
    books: StrategyBooks,
    clock_mode: Clock,
) -> None:
    """One ordered batch of new events."""
    await insert_received(session, events)
    for handler in dict.fromkeys(HANDLERS.values()):
        own = [event for event in events if HANDLERS.get(event.type) is handler]
        if own:
            await handler(session, own)
    await assign_after(session, events, books, clock_mode)


def subscription(books: StrategyBooks, clock_mode: Clock) -> Subscription:
    """What the worker consumes."""
    return Subscription(
        consumer=CONSUMER,
        topics=TOPICS,
        types=frozenset(HANDLERS),
        take=partial(take_events, books=books, clock_mode=clock_mode),
    )


def runtime(
    common: Common,
    db: Database,
    books: StrategyBooks,
    *,
    producer_urls: Mapping[str, str],
) -> Runtime:
    """Outreach on the log: it reads ledger and segmentation, and its own events and those of
    metrics for webhooks."""
    subscribed = [subscription(books, common.clock), WEBHOOKS]
    return Runtime("outreach", common, db, subscribed, producer_urls=producer_urls)


async def take_webhook_events(session: Session, events: Sequence[Received]) -> None:
    """Let our own events, and those of metrics, wait for the endpoints that want them."""
    await insert_events(session, events, clock.now())


WEBHOOKS = Subscription(
    consumer="outreach-webhooks",
    topics=webhooks.TOPICS,
    types=frozenset(webhooks.TYPES),
    take=take_webhook_events,
)

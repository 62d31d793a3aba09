"""Door 2: events. What outreach listens to: everything is told in the timeline, some of it changes
plans (`ACCOUNT_FOLDS` and `INVOICE_FOLDS` in commands/facts.py)."""

from collections.abc import Mapping

from services.outreach.commands.facts import take_facts
from shared.consume import OutboxSource, Source, Subscription
from shared.db import Database
from shared.events import CONTACTS, LEDGER, SCHEMAS, SEGMENTATION, TENANTS, producer

CONSUMER = "outreach"
TOPICS = (LEDGER, CONTACTS, TENANTS, SEGMENTATION)

HANDLERS = dict.fromkeys(sorted(type_ for topic, type_ in SCHEMAS if topic in TOPICS), take_facts)


def subscription() -> Subscription:
    """What the worker consumes."""
    return Subscription(
        consumer=CONSUMER, topics=TOPICS, types=frozenset(HANDLERS), take=take_facts
    )


def sources(kafka: str | None, producers: Mapping[str, Database]) -> list[Source]:
    """Where the events are read from: a Kafka cluster, or the producers' own outboxes."""
    if kafka is None:
        return [
            OutboxSource(db, tuple(topic for topic in TOPICS if producer(topic) == service))
            for service, db in producers.items()
        ]
    from shared.kafka import KafkaSource  # the local mode starts sooner without the client

    return [KafkaSource(kafka, TOPICS, CONSUMER)]

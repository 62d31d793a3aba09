"""How a service's processes hang on the log: the topics it reads, the one it writes.

The API process knows it for `/v1/lag`; the worker runs it. With Kafka the sources are topics and the
relay carries the service's own outbox there; without, the sources are the producers' outboxes.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any

from shared import clock, lag, positions
from shared.consume import run_consumer
from shared.db import Database, Session
from shared.events import BILLING, TOPICS, producer
from shared.lag import LagReport, Reader, Relaying
from shared.settings import Common
from shared.sources import OutboxSource, Source
from shared.subscriptions import RawSubscription, Subscription
from shared.tasks import together

Any_Subscription = Subscription | RawSubscription


class Runtime:
    """One service on the log. Opens nothing before it is asked."""

    def __init__(
        self,
        service: str,
        common: Common,
        db: Database,
        subscriptions: Sequence[Any_Subscription],
        *,
        producer_urls: Mapping[str, str],
    ) -> None:
        self._service = service
        self._common = common
        self._db = db
        self._subscriptions = subscriptions
        self._producer_urls = producer_urls
        self._producers: dict[str, Database] = {}
        self._readers: list[Reader] | None = None

    @property
    def writes(self) -> tuple[str, ...]:
        """The topics that this service's outbox goes to."""
        return tuple(topic for topic in TOPICS if producer(topic) == self._service)

    async def lag(self) -> LagReport:
        """What `/v1/lag` answers."""
        if self._readers is None:
            self._readers = [
                Reader(subscription.consumer, source)
                for subscription in self._subscriptions
                for source in self._sources(subscription)
            ]
        return await lag.lag(self._db, self._readers, relaying=await self._relaying())

    async def caught_up(self, session: Session) -> datetime | None:
        """The last machine instant at which the intake from Kafka stood at its ends (LOG: Lag).

        Without Kafka there is nothing to be behind of: now. None: it never stood there yet.
        """
        if self._common.kafka is None:
            return clock.now()
        from shared import kafka

        cluster = await kafka.cluster_id(self._common.kafka)
        return await positions.caught_up_at(session, self._service, cluster, BILLING)

    async def work(self, stop: asyncio.Event, *jobs: Coroutine[Any, Any, None]) -> None:
        """Read, relay, and do the service's own jobs, until stopped or one of them fails."""
        parts: list[Coroutine[Any, Any, None]] = list(jobs)
        for subscription in self._subscriptions:
            sources = self._sources(subscription)
            if sources:
                parts.append(run_consumer(self._db, subscription, sources, stop=stop))
        if self._common.kafka is not None and self.writes:
            from shared import kafka
            from shared.relay import run_relay

            publisher = kafka.Publisher(self._common.kafka)
            parts.append(run_relay(self._db, publisher, stop=stop))
        parts.append(_wait(stop))
        await together(*parts)

    async def close(self) -> None:
        for reader in self._readers or ():
            await reader.source.close()
        for db in self._producers.values():
            await db.close()

    def _sources(self, subscription: Any_Subscription) -> list[Source]:
        topics = (
            (subscription.topic,)
            if isinstance(subscription, RawSubscription)
            else subscription.topics
        )
        if self._common.kafka is not None:
            from shared import kafka

            return [kafka.KafkaSource(self._common.kafka, topics, subscription.consumer)]
        by_producer: dict[str, list[str]] = {}
        for topic in topics:
            by_producer.setdefault(producer(topic), []).append(topic)
        return [
            OutboxSource(self._producer(name), tuple(owned))
            for name, owned in by_producer.items()
            if name != "billing"  # without Kafka, billing platforms speak over HTTP only
        ]

    def _producer(self, service: str) -> Database:
        """The producer's database, of which only the outbox is read."""
        if service not in self._producers:
            self._producers[service] = Database(
                self._producer_urls[service], pool_size=2, application=f"{self._service}-reader"
            )
        return self._producers[service]

    async def _relaying(self) -> Relaying | None:
        if self._common.kafka is None or not self.writes:
            return None
        from shared import kafka

        return Relaying(await kafka.cluster_id(self._common.kafka), self.writes)


async def _wait(stop: asyncio.Event) -> None:
    await stop.wait()

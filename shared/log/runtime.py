"""How a service's processes hang on the log: the topics it reads, the one it writes.

The API process knows it for `/v1/lag`; the worker runs it. With Kafka the sources are topics and
the relay carries the service's own outbox there; without it, the sources are producers' outboxes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from shared import clock
from shared.addresses import KafkaAccess
from shared.database import Database, Session
from shared.database.retention import ANSWERS, Rule, run_retention
from shared.events import BILLING, COMPACTED, TOPICS, producer
from shared.log import lag, outbox, positions
from shared.log.consume import run_consumer
from shared.log.kafka import KafkaLog, KafkaSource, Publisher
from shared.log.lag import LagReport, Reader, Relaying
from shared.log.member_names import MemberName
from shared.log.relay import run_relay
from shared.log.sources import OutboxSource, Source
from shared.log.subscriptions import RawSubscription, Subscription
from shared.process.parts import working
from shared.process.settings import Common
from shared.process.tasks import together
from shared.process.worker_door import WorkerDoor, run_worker_door

Moving = Callable[[], Awaitable[Sequence[Subscription]]]


class Runtime:
    """One service on the log. Opens nothing before it is asked."""

    def __init__(
        self,
        service: str,
        common: Common,
        db: Database,
        subscriptions: Sequence[Subscription | RawSubscription],
        *,
        producer_urls: Mapping[str, str],
        moving: Moving | None = None,
    ) -> None:
        """`moving`: what is read under names that change while the service runs (`read`)."""
        self._service = service
        self._common = common
        self._db = db
        self._subscriptions = subscriptions
        self._producer_urls = producer_urls
        self._producers: dict[str, Database] = {}
        self._moving = moving
        self._readers: dict[str, list[Reader]] = {}  # by consumer
        self._logs: list[KafkaLog] = []
        self._name = MemberName(db, common.member)
        self._writes = tuple(topic for topic in TOPICS if producer(topic) == service)

    async def lag(self) -> LagReport:
        """What `/v1/lag` answers."""
        moving = await self._moving() if self._moving is not None else ()
        readers = await self._shown([*self._subscriptions, *moving])
        return await lag.lag(self._db, readers, relaying=await self._relaying())

    async def lag_of(self, subscription: Subscription) -> LagReport:
        """How far one reader is behind."""
        return await lag.lag(self._db, await self._shown([subscription]), relaying=None)

    async def length(self, subscription: Subscription) -> int:
        """How many events there are to read in all."""
        counts = [
            backlog.behind
            for reader in self._readers_of(subscription)
            for backlog in (await reader.source.backlog({})).values()
        ]
        return sum(counts)

    async def _shown(self, subscriptions: Sequence[Subscription | RawSubscription]) -> list[Reader]:
        """The readers; what is parked is shown before Kafka is asked, which may be away."""
        readers = [reader for each in subscriptions for reader in self._readers_of(each)]
        if self._common.kafka is not None:
            await lag.show_parked(self._db, readers)
        return readers

    def _readers_of(self, subscription: Subscription | RawSubscription) -> list[Reader]:
        consumer = subscription.consumer
        if consumer not in self._readers:
            logs = self._backlogs(_topics(subscription))
            self._readers[consumer] = [Reader(consumer, log) for log in logs]
        return self._readers[consumer]

    async def read(
        self, subscription: Subscription, stop: asyncio.Event, *, is_guest: bool = False
    ) -> None:
        """Read what one subscription asks for, until stopped: within `work`, or as a guest (a
        rebuild), who shares the partitions of others."""
        sources = self._sources(subscription, is_guest=is_guest)
        await run_consumer(self._db, subscription, sources, stop=stop)

    async def caught_up(self, session: Session) -> datetime | None:
        """The last machine instant at which the intake from Kafka stood at its ends (docs/log.md).

        Without Kafka there is nothing to be behind of: now. None: it never stood there yet.
        """
        if self._common.kafka is None:
            return clock.now()
        cluster = await self._cluster_id(self._common.kafka)
        return await positions.caught_up_at(session, self._service, cluster, BILLING)

    async def work(
        self,
        stop: asyncio.Event,
        jobs: Mapping[str, Coroutine[Any, Any, None]] = MappingProxyType({}),
        *,
        forgets: Sequence[Rule] = (),
    ) -> None:
        """Read, relay, and do the service's own jobs, until stopped or one of them fails.

        `forgets`: what the service's own tables lose with time, beside what every service's do.
        """
        ending = asyncio.Event()
        works = [working(self._service, name, job) for name, job in jobs.items()]
        for subscription in self._subscriptions:
            if sources := self._sources(subscription, is_guest=False):
                works.append(run_consumer(self._db, subscription, sources, stop=ending))
        if self._common.kafka is not None and self._writes:
            relay = run_relay(
                self._db,
                Publisher(self._common.kafka),
                stop=ending,
                keep_days=self._common.outbox_keep_days,
            )
            works.append(working(self._service, "relay", relay))
        reads = self._subscriptions or self._moving is not None
        if self._common.kafka is not None and reads:
            works.append(working(self._service, "name", self._name.keep(ending)))
        port = self._common.worker_port(self._service)
        if port is not None:
            door = WorkerDoor(
                self._service,
                self._db.ready,
                self.lag,
                over_kafka=self._common.kafka is not None,
                is_local=self._common.local,
            )
            works.append(run_worker_door(door, port, self._common.door.host, stop=ending))
        retention = run_retention(self._db, self._rules(forgets), stop=ending)
        works.append(working(self._service, "retention", retention))
        await together(_until(stop, ending), *works, ending=ending)

    def _rules(self, own: Sequence[Rule]) -> list[Rule]:
        superseded = [outbox.SUPERSEDED] if COMPACTED & set(self._writes) else []
        return [ANSWERS, *superseded, *own]

    async def close(self) -> None:
        for log in self._logs:
            await log.close()
        for db in self._producers.values():
            await db.close()

    def _sources(
        self, subscription: Subscription | RawSubscription, *, is_guest: bool
    ) -> list[Source]:
        topics = _topics(subscription)
        if self._common.kafka is not None:
            # A guest under the worker's name would be taken for it and throw it out; without one it
            # leaves no trace.
            member = None if is_guest else self._name.wait
            return [KafkaSource(self._common.kafka, topics, subscription.consumer, member=member)]
        return [*self._outboxes(topics)]

    def _backlogs(self, topics: Sequence[str]) -> Sequence[KafkaLog | OutboxSource]:
        if self._common.kafka is None:
            return self._outboxes(topics)
        log = KafkaLog(self._common.kafka, topics)
        self._logs.append(log)
        return [log]

    def _outboxes(self, topics: Sequence[str]) -> list[OutboxSource]:
        """The producers' outboxes. Billing platforms have none: without Kafka they use HTTP."""
        by_producer: dict[str, list[str]] = {}
        for topic in topics:
            if topic != BILLING:
                by_producer.setdefault(producer(topic), []).append(topic)
        return [OutboxSource(self._producer(name), owned) for name, owned in by_producer.items()]

    def _producer(self, service: str) -> Database:
        """The producer's database, of which only the outbox is read."""
        if service not in self._producers:
            self._producers[service] = Database(
                self._producer_urls[service], pool_size=2, application=f"{self._service}-reader"
            )
        return self._producers[service]

    async def _relaying(self) -> Relaying | None:
        if self._common.kafka is None or not self._writes:
            return None
        return Relaying(await self._cluster_id(self._common.kafka), self._writes)

    async def _cluster_id(self, kafka: KafkaAccess) -> str:
        if not self._logs:
            self._logs.append(KafkaLog(kafka, ()))
        return await self._logs[0].id()


def _topics(subscription: Subscription | RawSubscription) -> tuple[str, ...]:
    if isinstance(subscription, RawSubscription):
        return (subscription.topic,)
    return subscription.topics


async def _until(stop: asyncio.Event, ending: asyncio.Event) -> None:
    """A part that ends when the worker does: `together` waits for all of them."""
    await stop.wait()
    ending.set()

"""A producer, a consumer and a log between them: the same tests run over both kinds of source."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import uuid4

import msgspec

from shared.addresses import KafkaAccess
from shared.database import Database, Session
from shared.events import Event, Received
from shared.log import outbox
from shared.log.consume import OutboxSource, RawSubscription, Source, Subscription, run_consumer
from shared.log.dead_letters import DeadLetter, list_dead_letters
from shared.log.kafka import KafkaLog, KafkaSource, Publisher, TopicSpec, create_topics
from shared.log.relay import run_relay
from shared.log.sources import Log
from shared.log.wire import Attributes, RawRecord

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
PATIENCE = 60.0  # of a loaded machine


class Paid(msgspec.Struct, frozen=True):
    n: int
    note: str = ""


def an_event(key: str, n: int, *, topic: str, tenant: str = "demo", **changed: object) -> Event:
    given: dict[str, object] = {
        "topic": topic,
        "tenant": tenant,
        "key": key,
        "type": "payment-received",
        "entity": f"P{n}",
        "cause": f"payment {key} P{n}",
        "time": AT,
        "day": date(2026, 3, 1),
        "recordedtime": AT,
        "data": Paid(n),
    }
    return Event(**{**given, **changed})  # type: ignore[arg-type]


async def until(holds: Callable[[], Awaitable[bool]], what: str, seconds: float = PATIENCE) -> None:
    """Wait for a condition, or fail."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not await holds():
        assert asyncio.get_running_loop().time() < deadline, f"never happened: {what}"
        await asyncio.sleep(0.01)


@dataclass
class Running:
    """A task of ours that can be stopped in order, or killed."""

    stop: asyncio.Event
    task: asyncio.Task[None]

    async def end(self) -> None:
        self.stop.set()
        await asyncio.wait_for(self.task, PATIENCE)

    async def kill(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@dataclass
class Rig:
    """`say` on one side, `effects` on the other."""

    producer: Database
    consumer: Database
    bootstrap: KafkaAccess | str | None  # None: the outbox is read directly
    topic: str = field(default_factory=lambda: f"t{uuid4().hex[:8]}.events")
    running: list[Running] = field(default_factory=list)
    logs: list[KafkaLog] = field(default_factory=list)
    refuse: Callable[[Received], None] = lambda event: None  # raises for what cannot be applied
    batches: list[list[int]] = field(default_factory=list)

    async def open(self) -> None:
        if self.bootstrap is None:
            return
        policy = "compact" if self.topic in {"ledger.contacts"} else "delete"
        spec = TopicSpec(self.topic, 4, 1, {"cleanup.policy": policy})
        await create_topics(self.bootstrap, [spec])
        self.relay()

    async def close(self) -> None:
        for running in self.running:
            await running.kill()
        for log in self.logs:
            await log.close()

    def relay(self, publisher: Publisher | None = None) -> Running | None:
        if self.bootstrap is None:
            return None
        stop = asyncio.Event()
        work = run_relay(
            self.producer,
            publisher or Publisher(self.bootstrap),
            stop=stop,
            topics=(self.topic,),
        )
        return self._run(work, stop)

    def source(self) -> Source:
        if self.bootstrap is None:
            return OutboxSource(self.producer, (self.topic,))
        return KafkaSource(self.bootstrap, (self.topic,), f"group-{self.topic}")

    def log(self) -> Log:
        """What `/v1/lag` measures."""
        if self.bootstrap is None:
            return OutboxSource(self.producer, (self.topic,))
        self.logs.append(KafkaLog(self.bootstrap, (self.topic,)))
        return self.logs[-1]

    def consume(self, consumer: str = "metrics", *, source: Source | None = None) -> Running:
        subscription = Subscription(
            consumer, (self.topic,), frozenset({"payment-received"}), self.take
        )
        stop = asyncio.Event()
        work = run_consumer(self.consumer, subscription, [source or self.source()], stop=stop)
        return self._run(work, stop)

    def consume_raw(
        self, take: Callable[[Session, Sequence[RawRecord]], Awaitable[None]]
    ) -> Running:
        stop = asyncio.Event()
        subscription = RawSubscription("intake", self.topic, take, lambda record: None)
        return self._run(
            run_consumer(self.consumer, subscription, [self.source()], stop=stop), stop
        )

    def _run(self, work: object, stop: asyncio.Event) -> Running:
        running = Running(stop, asyncio.create_task(work))  # type: ignore[arg-type]
        self.running.append(running)
        return running

    async def take(self, session: Session, events: Sequence[Received]) -> None:
        for event in events:
            self.refuse(event)
        self.batches.append([event.sequence for event in events])
        await session.execute(
            "insert into effects (topic, key, sequence, type, data)"
            " select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[])",
            [event.topic for event in events],
            [event.key for event in events],
            [event.sequence for event in events],
            [event.type for event in events],
            [None if event.data is None else event.data.decode() for event in events],
        )

    async def say(self, *events: Event) -> None:
        async with self.producer.transaction() as session:
            outbox.append(session, events)

    async def say_n(self, key: str, first: int, last: int, *, tenant: str = "demo") -> None:
        numbers = range(first, last + 1)
        await self.say(*(an_event(key, n, topic=self.topic, tenant=tenant) for n in numbers))

    async def put(self, key: str, *sequences: int, event_type: str = "payment-received") -> None:
        """Rows with numbers of the test's choice: gaps, repeats, disorder."""
        for number in sequences:
            headers = Attributes(
                id=f"{key}-{number}",
                source="/recoup/demo/test",
                type=event_type,
                subject=key,
                time=AT,
                tenantid="demo",
                recordedtime=AT,
                dataschema="urn:recoup:test:payment-received:1",
                sequence=number,
            )
            await self.producer.fetch(
                "insert into outbox (id, aggregatetype, aggregateid, type, sequence, payload,"
                " headers) values (gen_random_uuid(), $1, $2, $3, $4, $5, $6)",
                self.topic,
                f"demo/{key}",
                event_type,
                number,
                f'{{"n":{number}}}',
                msgspec.json.encode(headers).decode(),
            )

    async def put_garbage(self, log_key: str | None) -> None:
        """A message that is none of ours, under this key."""
        if self.bootstrap is None:
            await self.producer.fetch(
                "insert into outbox (id, aggregatetype, aggregateid, type, sequence, payload,"
                " headers) values (gen_random_uuid(), $1, $2, 'x', 0, 'not json', 'not json')",
                self.topic,
                log_key or "",
            )
            return
        publisher = Publisher(self.bootstrap)
        key = None if log_key is None else log_key.encode()
        await publisher.send([RawRecord(self.topic, -1, 0, key, b"\xff\x00not json", ())])
        await publisher.close()

    async def relayed(self) -> None:
        """Everything said so far is on its way: Kafka has it."""
        if self.bootstrap is None:
            return

        async def done() -> bool:
            rows = await self.producer.fetch(
                "select (select coalesce(max(seq), 0) from outbox)"
                " <= (select coalesce(min(position), 0) from positions where consumer = 'relay')"
            )
            return bool(rows[0][0])

        await until(done, "the relay sends everything")

    async def effects(self, key: str) -> list[int]:
        rows = await self.consumer.fetch(
            "select sequence from effects where key = $1 order by n", key
        )
        return [row[0] for row in rows]

    async def saw(self, key: str, expected: Sequence[int]) -> None:
        async def holds() -> bool:
            found = await self.effects(key)
            assert len(found) <= len(expected), f"{key}: {found} instead of {list(expected)}"
            return found == list(expected)

        try:
            await until(holds, f"{key} sees {list(expected)}")
        except AssertionError as error:
            raise AssertionError(f"{error}; it saw {await self.effects(key)}") from error

    async def count(self, table: str) -> int:
        rows = await self.consumer.fetch(f"select count(*) from {table}")
        return int(rows[0][0])

    async def holds(self, table: str, expected: int, what: str) -> None:
        async def there() -> bool:
            return await self.count(table) == expected

        await until(there, what)

    async def letters(self, expected: int, other_than: int | None = None) -> list[DeadLetter]:
        """The dead letters, once there are so many of them."""

        async def there() -> bool:
            found = await list_dead_letters(self.consumer)
            return len(found) == expected and all(letter.id != other_than for letter in found)

        await until(there, f"{expected} dead letters")
        return await list_dead_letters(self.consumer)

"""Events per second over Kafka: the ledger's worker takes `billing.events` in."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import msgspec
from confluent_kafka import Producer

from deploy.kafka import topics
from deploy.kafka.broker import Broker
from shared.cloudevents import STRUCTURED
from shared.events import BILLING
from shared.log.kafka import create_topics
from tests.benchmarks import stream
from tests.benchmarks.servers import Program, Watch, environment, running
from tests.benchmarks.throughput import Figures, fresh_database

LOOK_SECONDS = 0.02
TAKEN_SECONDS_MAX = 600.0
FLUSH_SECONDS_MAX = 60.0

_TAKEN = "select coalesce(sum(position), 0) from positions where consumer = 'ledger'"


def measure(server: str, events: int, watch: Watch) -> Figures:
    """All events lie in the topic before the worker begins; its relay publishes meanwhile."""
    accounts = min(stream.ACCOUNTS_MAX, max(1, events // 10))
    with tempfile.TemporaryDirectory() as folder, fresh_database(server) as url:
        broker = Broker(Path(folder) / "kafka")
        broker.start()
        try:
            asyncio.run(create_topics(broker.bootstrap, topics.load()))
            given = environment(LEDGER_DATABASE_URL=url, KAFKA_BOOTSTRAP_SERVERS=broker.bootstrap)
            _produce(broker.bootstrap, stream.registrations(accounts))
            with running("ledger worker", ["services.ledger.worker"], given) as worker:
                asyncio.run(_watch(url, worker, 0, accounts))
            _produce(broker.bootstrap, list(stream.money(events, accounts)))
            with (
                running("ledger worker", ["services.ledger.worker"], given) as worker,
                watch.on({"ledger worker (billing.events)": worker.process.pid}),
            ):
                return asyncio.run(_watch(url, worker, accounts, accounts + events))
        finally:
            broker.stop()


def _produce(bootstrap: str, events: Sequence[stream.Json]) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 20})
    failed: list[object] = []
    for number, event in enumerate(events):
        producer.produce(
            BILLING,
            key=event["data"]["account_id"],
            value=msgspec.json.encode(event),
            headers={"content-type": STRUCTURED},
            on_delivery=lambda error, _: failed.append(error) if error else None,
        )
        if number % 1000 == 0:
            producer.poll(0)
    left = producer.flush(FLUSH_SECONDS_MAX)
    assert not left, f"{left} records were not taken"
    assert not failed, failed[0]


async def _watch(url: str, worker: Program, begin: int, end: int) -> Figures:
    """From the first commit seen to the last."""
    connection = await asyncpg.connect(url)
    try:
        limit = time.monotonic() + TAKEN_SECONDS_MAX
        first: tuple[int, float, float] | None = None
        while True:
            taken, now = int(await connection.fetchval(_TAKEN)), time.monotonic()
            if taken > begin and first is None:
                first = taken, now, worker.cpu_seconds()
            if taken >= end and first is not None:
                events = max(1, taken - first[0])
                return Figures(events, now - first[1], worker.cpu_seconds() - first[2])
            assert now < limit, f"{taken} of {end} taken"
            assert worker.process.poll() is None, "the worker ended by itself"
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        await connection.close()

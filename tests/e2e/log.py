"""The log as a foreign program reads it: outboxes by SQL, or Kafka's topics by librdkafka."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import asyncpg
from confluent_kafka import Consumer, Message, Producer, TopicPartition

from deploy.local.databases import database_name, url_of
from shared.events import producer as producer_of
from tests.e2e.platform import Platform

POLL_SECONDS = 120.0


@dataclass(frozen=True)
class Logged:
    """One event of ours, as it stands in the log."""

    key: str
    type: str
    sequence: int
    id: str
    time: str
    day: str | None
    data: dict[str, Any]


def read_log(platform: Platform, tenant: str, topic: str = "ledger.events") -> list[Logged]:
    """Everything a tenant's service said, each key in log order."""
    if platform.over_kafka:
        return _from_kafka(platform.bootstrap, tenant, topic)
    return asyncio.run(_from_outbox(platform.postgres, tenant, topic))


def said_of(platform: Platform, tenant: str, account_id: str) -> list[Logged]:
    """What the ledger said about one account, in log order."""
    key = f"{tenant}/{account_id}"
    return [event for event in read_log(platform, tenant) if event.key == key]


async def _from_outbox(server: str, tenant: str, topic: str) -> list[Logged]:
    connection = await asyncpg.connect(url_of(server, database_name(producer_of(topic))))
    try:
        rows = await connection.fetch(
            "select aggregateid, headers, payload from outbox"
            " where aggregatetype = $1 and starts_with(aggregateid, $2) order by seq",
            topic,
            f"{tenant}/",
        )
    finally:
        await connection.close()
    return [_logged(key, json.loads(headers), payload) for key, headers, payload in rows]


def _from_kafka(bootstrap: str, tenant: str, topic: str) -> list[Logged]:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "a-foreign-reader",
            "enable.auto.commit": False,
            "enable.partition.eof": False,
        }
    )
    try:
        found = consumer.list_topics(topic, timeout=POLL_SECONDS).topics[topic]
        ends = {
            part: consumer.get_watermark_offsets(TopicPartition(topic, part), POLL_SECONDS)
            for part in found.partitions
        }
        left = {part: end for part, (start, end) in ends.items() if end > start}
        consumer.assign([TopicPartition(topic, part, ends[part][0]) for part in left])
        events: list[Logged] = []
        while left:
            message = consumer.poll(POLL_SECONDS)
            assert message is not None, f"{topic} does not give what it has"
            assert message.error() is None, message.error()
            if (event := _of_message(message)).key.startswith(f"{tenant}/"):
                events.append(event)
            offset, part = message.offset(), message.partition()
            if offset is not None and part in left and offset + 1 >= left[part]:
                del left[part]
        return events
    finally:
        consumer.close()


def _of_message(message: Message) -> Logged:
    raw: Any = message.headers() or []  # librdkafka's own list of pairs
    headers = {name.removeprefix("ce_"): value.decode() for name, value in raw}
    key: Any = message.key() or b""
    return _logged(key.decode(), headers, message.value())


def _logged(key: str, attributes: dict[str, Any], payload: str | bytes | None) -> Logged:
    return Logged(
        key=key,
        type=attributes["type"],
        sequence=int(attributes.get("sequence", 0)),
        id=attributes["id"],
        time=attributes["time"],
        day=attributes.get("day"),
        data=json.loads(payload or "{}"),
    )


def produce(
    bootstrap: str,
    topic: str,
    key: str | None,
    value: bytes,
    headers: dict[str, str | bytes | None],
    partition: int = -1,
) -> None:
    """Write one record with librdkafka, whose default partitioner is not ours, and wait for it."""
    failures: list[object] = []
    # consistent_random: CRC32 of the key, where Java clients and we use murmur2.
    client = Producer({"bootstrap.servers": bootstrap, "partitioner": "consistent_random"})
    client.produce(
        topic,
        value,
        key,
        partition,
        headers=headers,
        on_delivery=lambda error, _: failures.append(error) if error else None,
    )
    assert client.flush(POLL_SECONDS) == 0, "Kafka does not answer"
    assert failures == []

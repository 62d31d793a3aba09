"""Sending waves of the outbox to Kafka."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2

from shared.addresses import KafkaAccess
from shared.log.kafka.cluster import answer, client_arguments, cluster_of, start_client, stop_client
from shared.log.wire import OutboxRow, RawRecord, to_kafka

_ACK_SECONDS = 60.0


@lru_cache(maxsize=131_072)
def _hash(key: bytes) -> int:
    hashed: int = murmur2(key) & 0x7FFFFFFF
    return hashed


class Publisher:
    """Sends waves of the outbox; `relay.run_relay` drives it."""

    def __init__(self, cluster: KafkaAccess | str) -> None:
        self._cluster = cluster
        self._producer: AIOKafkaProducer | None = None

    async def id(self) -> str:
        """Asked each time, on the connections that waves go over."""
        return await cluster_of((await self._started()).client)

    async def publish(self, rows: Sequence[OutboxRow]) -> None:
        """Send rows, each key's in order, and wait for every acknowledgement."""
        records = []
        for row in rows:
            key, value, headers = to_kafka(row)
            records.append(RawRecord(row.topic, -1, row.seq, key, value, headers))
        await self.send(records)

    async def send(self, records: Sequence[RawRecord]) -> None:
        producer = await self._started()
        grouped: dict[tuple[str, int], list[RawRecord]] = {}
        counts: dict[str, int] = {}
        for record in records:
            if record.topic not in counts:
                counts[record.topic] = len(await answer(producer.partitions_for(record.topic)))
            part = _hash(record.key or b"") % counts[record.topic]
            grouped.setdefault((record.topic, part), []).append(record)
        acknowledgements: list[Any] = []
        for (topic, part), group in grouped.items():
            batch = producer.create_batch()
            for record in group:
                if self._add(batch, record) is None:
                    acknowledgements.append(await self._submit(producer, batch, topic, part))
                    batch = producer.create_batch()
                    if self._add(batch, record) is None:
                        raise AssertionError("outbox.append lets no record in that fits no batch")
            acknowledgements.append(await self._submit(producer, batch, topic, part))
        await answer(asyncio.gather(*acknowledgements), _ACK_SECONDS)

    @staticmethod
    def _add(batch: Any, record: RawRecord) -> Any:
        return batch.append(
            key=record.key, value=record.value, timestamp=None, headers=list(record.headers)
        )

    @staticmethod
    async def _submit(producer: AIOKafkaProducer, batch: Any, topic: str, part: int) -> Any:
        return await answer(producer.send_batch(batch, topic, partition=part), _ACK_SECONDS)

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                **client_arguments(self._cluster),
                acks="all",
                enable_idempotence=True,
                max_batch_size=262_144,
                compression_type="zstd",
                request_timeout_ms=15_000,
            )
            try:
                await start_client(producer, self._cluster)
            except BaseException:  # cancelled too: a client half started holds connections
                await stop_client(producer)
                raise
            self._producer = producer
        return self._producer

    async def restart(self) -> None:
        await self.close()

    async def close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await stop_client(producer)

"""How much lies behind a consumer's positions, for `/v1/lag`."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared import clock
from shared.addresses import KafkaAccess
from shared.errors import Unavailable
from shared.log.kafka.cluster import (
    answer,
    client_arguments,
    cluster_of,
    part_name,
    start_client,
    stop_client,
)
from shared.log.sources import Backlog


class KafkaLog:
    """The ends of topics, for `/v1/lag`; no group, reads only what it needs for ages."""

    def __init__(self, cluster: KafkaAccess | str, topics: Sequence[str]) -> None:
        self.topics = tuple(topics)
        self._cluster = cluster
        self._consumer: AIOKafkaConsumer | None = None
        self._turn = asyncio.Lock()

    async def id(self) -> str:
        """Asked each time: what is behind is behind on the cluster that is there now."""
        async with self._asking() as consumer:
            return await cluster_of(consumer._client)

    async def backlog(self, positions: Mapping[str, int]) -> dict[str, Backlog]:
        """Per topic, how many records lie behind these positions, and the age of the oldest."""
        async with self._asking() as consumer:
            ends = await self._ends(consumer)
            behind = {
                tp: end - positions.get(part_name(tp), 0)
                for tp, end in ends.items()
                if end > positions.get(part_name(tp), 0)
            }
            ages = await self._ages(consumer, behind, positions)
        found: dict[str, Backlog] = {}
        for tp, count in behind.items():
            known = found.get(tp.topic, Backlog(0, 0.0))
            oldest = max(known.oldest_seconds, ages.get(tp, 0.0))
            found[tp.topic] = Backlog(known.behind + count, oldest)
        return found

    async def ends(self) -> dict[str, int]:
        """The end of every part."""
        async with self._asking() as consumer:
            found = await self._ends(consumer)
        return {part_name(tp): end for tp, end in found.items()}

    async def _ends(self, consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
        parts = []
        for topic in self.topics:
            numbers = await answer(consumer._client._wait_on_metadata(topic))
            parts += [TopicPartition(topic, number) for number in numbers]
        ends: dict[TopicPartition, int] = await answer(consumer.end_offsets(parts))
        return ends

    async def _ages(
        self,
        consumer: AIOKafkaConsumer,
        behind: Mapping[TopicPartition, int],
        positions: Mapping[str, int],
    ) -> dict[TopicPartition, float]:
        """The age of the first record behind each position, from the record itself."""
        if not behind:
            return {}
        consumer.assign(list(behind))
        for tp in behind:
            consumer.seek(tp, positions.get(part_name(tp), 0))
        now = clock.now().timestamp()
        got = await answer(consumer.getmany(timeout_ms=500))
        return {tp: max(0.0, now - records[0].timestamp / 1000) for tp, records in got.items()}

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[AIOKafkaConsumer]:
        """One question at a time. After a failure the next one begins with a client anew, which
        finds the brokers that are there by then."""
        async with self._turn:
            try:
                yield await self._started()
            except Unavailable:
                await self.close()
                raise

    async def _started(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(
                **client_arguments(self._cluster),
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                isolation_level="read_committed",
                max_partition_fetch_bytes=4096,
                request_timeout_ms=10_000,
            )
            try:
                await start_client(consumer, self._cluster)
            except BaseException:  # cancelled too: a client half started holds connections
                await stop_client(consumer)
                raise
            self._consumer = consumer
        return self._consumer

    async def close(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await stop_client(consumer)

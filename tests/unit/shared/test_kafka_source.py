"""Where a reader of Kafka stands when its partitions change under its hands."""

from collections.abc import Sequence

from aiokafka import TopicPartition

from shared.log.kafka import KafkaSource
from shared.log.positions import Position

OLD, NEW = TopicPartition("ledger.events", 0), TopicPartition("ledger.events", 1)


class Client:
    """As much of the client as tells and takes positions; like it, it refuses foreign parts."""

    def __init__(self) -> None:
        self.parts = {OLD}
        self.seeks: list[tuple[TopicPartition, int]] = []
        self._client = self
        self.cluster = "one"

    def get_random_node(self) -> int:
        return 1

    async def send(self, node: int, request: object) -> "Client":
        return self

    def to_object(self) -> dict[str, str]:
        return {"cluster_id": self.cluster}

    def assignment(self) -> set[TopicPartition]:
        return set(self.parts)

    def seek(self, part: TopicPartition, position: int) -> None:
        assert part in self.parts, "no longer assigned"
        self.seeks.append((part, position))


async def test_positions_asked_for_before_a_rebalance_place_nobody_after_it() -> None:
    client = Client()
    source = KafkaSource("127.0.0.1:1", ("ledger.events",), "metrics")
    source._consumer = client

    async def load(cluster: str, parts: Sequence[str]) -> dict[str, Position]:
        if client.parts == {OLD}:  # the rebalance overtakes the answer
            source._revoked()
            client.parts = {NEW}
        return dict.fromkeys(parts, Position(7, None))

    source._load = load
    await source.rewind()
    assert client.seeks == []
    await source._assigned()
    assert client.seeks == [(NEW, 7)]


async def test_positions_are_those_of_the_cluster_that_answers_now() -> None:
    client = Client()
    source = KafkaSource("127.0.0.1:1", ("ledger.events",), "metrics")
    source._consumer = client

    async def load(cluster: str, parts: Sequence[str]) -> dict[str, Position]:
        return dict.fromkeys(parts, Position({"one": 7, "two": 0}[cluster], None))

    source._load = load
    await source.rewind()
    assert not await source._is_replaced()
    client.cluster = "two"
    assert await source._is_replaced()
    assert await source.id() == "two"
    assert client.seeks == [(OLD, 7), (OLD, 0)]

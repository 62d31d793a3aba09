"""Reading topics of a cluster, from positions that the consumer's database keeps."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import NoOffsetForPartitionError, OffsetOutOfRangeError

from shared import clock
from shared.addresses import KafkaAccess
from shared.errors import AppError, Unavailable
from shared.log.kafka.cluster import (
    CALL_SECONDS,
    LogLost,
    answer,
    client_arguments,
    cluster_id,
    cluster_of,
    part_name,
    start_client,
    stop_client,
)
from shared.log.kafka.membership import SESSION_SECONDS, Membership
from shared.log.sources import Ends, LoadPositions, Slice
from shared.log.wire import RawRecord, Record
from shared.process import telemetry
from shared.process.watchdog import Watchdog, exit_now

_COMMIT_EVERY_TICKS = 5
_IDLE_STRIKES_MAX = 60  # ticks with a lag and nothing delivered
_PARTITION_FETCH_BYTES = 512 * 1024

Name = Callable[[], Awaitable[str]]  # of the reader, once it is known

log = telemetry.logger(__name__)


class _Rebalances(ConsumerRebalanceListener):  # type: ignore[misc]  # the client has no types
    """Hands rebalances on."""

    def __init__(
        self, revoked: Callable[[], None], assigned: Callable[[], Awaitable[None]]
    ) -> None:
        self._revoked, self._assigned = revoked, assigned

    async def on_partitions_revoked(self, revoked: object) -> None:
        self._revoked()

    async def on_partitions_assigned(self, assigned: object) -> None:
        await self._assigned()


def _lost(group: str, tp: TopicPartition, offset: int, begins: int) -> str:
    """What an operator is told of a position that the same cluster no longer has."""
    part = part_name(tp)
    restart = f"`restart-part SERVICE {group} {part}` reads it again from where it begins now"
    if offset < begins:
        return (
            f"{part} begins at {begins} by now, and {offset} was not read yet: what is missing was "
            f"deleted by the topic's retention. {restart}; who sent it has to send it again"
        )
    return (
        f"{part} ends before {offset}, which was read already: the topic was made anew or cut off. "
        f"{restart}; `resend PRODUCER` lets the producer send its whole outbox again"
    )


class KafkaSource:
    """Topics of a cluster, read from positions that the consumer's database keeps."""

    def __init__(
        self,
        cluster: KafkaAccess | str,
        topics: Sequence[str],
        group: str,
        *,
        member: Name | None = None,  # the same after a restart: it takes its partitions up at once
    ) -> None:
        self.topics = tuple(topics)
        self._cluster, self._group, self._member = cluster, group, member
        self._consumer: AIOKafkaConsumer | None = None
        self._id: str | None = None
        self._load: LoadPositions | None = None
        self._membership: Membership | None = None
        self._next: dict[TopicPartition, int] = {}  # handed out up to here
        self._applied: dict[TopicPartition, int] = {}  # known to be in the database
        self._is_placed = False
        self._failure: Exception | None = None  # in taking our places: whoever polls is told
        self._assignment = 0  # grows with each rebalance
        self._buffer: deque[tuple[TopicPartition, list[Any]]] = deque()
        self._watchdog = Watchdog()
        self._polls = self._delivered = self._ticks = self._strikes = 0
        self._seen = (0, 0)

    async def id(self) -> str:
        """The cluster that our positions are of: it is asked for with them, and every second."""
        if self._id is None:
            self._id = await cluster_id(self._cluster)
        return self._id

    async def open(self, load: LoadPositions) -> None:
        self._load = load
        name = None if self._member is None else await self._member()
        if name is not None and self._membership is None:  # it outlives a client that failed
            self._membership = Membership(self._group, name)
        if self._membership is not None:
            self._membership.check()
        consumer = AIOKafkaConsumer(
            **client_arguments(self._cluster),
            group_id=self._group,
            group_instance_id=name,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            max_partition_fetch_bytes=_PARTITION_FETCH_BYTES,
            fetch_max_wait_ms=250,
            session_timeout_ms=int(SESSION_SECONDS * 1000),
            heartbeat_interval_ms=3_000,
            request_timeout_ms=35_000,
        )
        if self._membership is not None:
            self._membership.watch(consumer)
        consumer.subscribe(list(self.topics), listener=_Rebalances(self._revoked, self._assigned))
        self._consumer = consumer
        try:
            await start_client(consumer, self._cluster, 60.0)
        except BaseException:
            self._consumer = None
            await stop_client(consumer)
            raise
        self._watchdog.start()

    def _revoked(self) -> None:
        """Until we know our positions again, what the client fetches is from elsewhere.

        It starts at the group's informative offsets before it tells us of the assignment.
        """
        self._is_placed = False
        self._assignment += 1
        self._buffer.clear()

    async def _assigned(self) -> None:
        """Take the positions of what we were given from the database, however long that takes."""
        self._assignment += 1
        while self._consumer is not None:
            try:
                return await self.rewind()
            except Exception as error:  # noqa: BLE001 - else the client would swallow it
                if not (isinstance(error, AppError) and error.retriable):
                    self._failure = error
                    return None
                log.warning("kafka.positions_unavailable", error=str(error))
                await asyncio.sleep(1.0)

    async def rewind(self) -> None:
        assert self._load is not None
        assert self._consumer is not None, "open comes first"
        self._buffer.clear()
        assignment = self._assignment
        cluster = await cluster_of(self._consumer._client)
        parts = {part_name(tp): tp for tp in self._consumer.assignment()}
        positions = await self._load(cluster, list(parts)) if parts else {}
        if assignment != self._assignment or self._consumer is None:
            return  # given other parts meanwhile: `_assigned` places us on those
        self._buffer.clear()
        self._id = cluster
        self._next = {parts[part]: position.number for part, position in positions.items()}
        self._applied = dict(self._next)
        for tp, position in self._next.items():
            self._consumer.seek(tp, position)
        self._is_placed = True

    async def poll(self, limit: int, timeout: float) -> Slice | None:
        if self._failure is not None:
            raise self._failure
        if self._membership is not None:
            self._membership.check()
        self._polls += 1
        self._applied = dict(self._next)  # who asks for more has dealt with what it got
        if not self._buffer:
            await self._fill(timeout)
        records: list[RawRecord] = []
        moves: dict[str, tuple[int, int]] = {}
        while self._buffer and len(records) < limit:
            tp, found = self._buffer.popleft()
            room = limit - len(records)
            if len(found) > room:
                self._buffer.appendleft((tp, found[room:]))
                found = found[:room]
            name = part_name(tp)
            before = moves[name][0] if name in moves else self._next[tp]
            self._next[tp] = found[-1].offset + 1
            moves[name] = (before, self._next[tp])
            records += [
                RawRecord(r.topic, r.partition, r.offset, r.key, r.value, tuple(r.headers))
                for r in found
            ]
        if not moves and self._is_placed:
            moves = self._silent_moves()
        return Slice(records, moves) if moves else None

    async def _fill(self, timeout: float) -> None:
        assert self._consumer is not None, "open comes first"
        try:
            # The client gets far longer than it was given; beyond that it hangs.
            got = await answer(
                self._consumer.getmany(timeout_ms=int(timeout * 1000)), timeout + CALL_SECONDS
            )
        except Unavailable as error:
            if not self._is_placed or isinstance(error.__cause__, NoOffsetForPartitionError):
                return  # the client's own first look, before we told it where to read
            if isinstance(error.__cause__, OffsetOutOfRangeError):
                await self._out_of_range(error.__cause__)
                return
            raise
        if not self._is_placed:
            return
        for tp, found in got.items():
            if tp in self._next and found:
                self._buffer.append((tp, found))
                self._delivered += len(found)

    async def _out_of_range(self, error: OffsetOutOfRangeError) -> None:
        """A new reader, or a new cluster, starts where the log starts; else events are lost."""
        if await self._is_replaced():
            return
        assert self._consumer is not None
        for tp, offset in error.args[0].items():
            begins = await answer(self._consumer.beginning_offsets([tp]))
            if self._next.get(tp) != 0:
                raise LogLost(_lost(self._group, tp, offset, begins[tp])) from error
            self._consumer.seek(tp, begins[tp])

    async def _is_replaced(self) -> bool:
        """Whether another cluster is there now; then go on with our positions of that one."""
        assert self._consumer is not None
        found = await cluster_of(self._consumer._client)
        if found == self._id:
            return False
        log.warning("kafka.replaced", group=self._group, cluster=self._id, now=found)
        self._revoked()
        await self.rewind()
        return True

    def _silent_moves(self) -> dict[str, tuple[int, int]]:
        """Parts that moved without records: the marks that transactions leave in the log."""
        assert self._consumer is not None
        moves = {}
        for tp, before in self._next.items():
            state = self._consumer._subscription.subscription
            assignment = state.assignment if state is not None else None
            if assignment is None or tp not in assignment.tps:
                continue
            position = assignment.state_value(tp)._position
            if position is not None and position > before and not self._buffer:
                moves[part_name(tp)] = (before, position)
                self._next[tp] = position
        return moves

    def place(self, record: Record) -> tuple[str, int]:
        assert isinstance(record, RawRecord)
        return f"{record.topic}/{record.part}", record.offset + 1

    async def maintain(self) -> Ends | None:
        """Find the ends, commit informative offsets, and see that records come."""
        consumer = self._consumer
        if consumer is None or not self._next:
            return None
        self._ticks += 1
        if self._is_placed and await self._is_replaced():
            return None
        at = clock.now()
        ends: dict[TopicPartition, int] = await answer(consumer.end_offsets(list(self._next)))
        if self._ticks % _COMMIT_EVERY_TICKS == 0:
            await self._commit(consumer)
        is_behind = any(end > self._next.get(tp, end) for tp, end in ends.items())
        polls, delivered = self._seen
        self._seen = (self._polls, self._delivered)
        # Not polled means that a slice is being applied (or tried again): no fault of the client.
        is_stuck = is_behind and self._polls > polls and self._delivered == delivered
        self._strikes = self._strikes + 1 if is_stuck else 0
        if self._strikes >= _IDLE_STRIKES_MAX:
            exit_now(f"Kafka delivered nothing for {self._strikes} s, and there is a lag")
        return Ends(at, {part_name(tp): end for tp, end in ends.items()})

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        """For lag tools only: a failure costs nothing."""
        assigned = consumer.assignment()
        offsets = {tp: position for tp, position in self._applied.items() if tp in assigned}
        if offsets:
            try:
                await answer(consumer.commit(offsets))
            except Unavailable as error:
                log.info("kafka.commit_failed", error=str(error))

    async def close(self) -> None:
        self._watchdog.stop()
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await stop_client(consumer)

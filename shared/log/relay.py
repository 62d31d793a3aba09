"""The relay: copies a service's outbox to Kafka, in order, one wave at a time.

One relay per service: a session-level advisory lock on a connection of its own decides, the
others stand by. A wave is acknowledged as a whole before the position moves, so a crash repeats
at most one wave, and readers drop repeats.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

from shared import clock
from shared.database import Database
from shared.errors import Unavailable, is_retriable
from shared.events import COMPACTED, TOPICS
from shared.log import outbox
from shared.log.lag import RELAY, RELAY_PART
from shared.log.sources import POLL_SECONDS_MAX, POLL_SECONDS_MIN
from shared.log.wire import OutboxRow
from shared.process import parts, telemetry
from shared.process.crash import crash_point
from shared.process.tasks import pause

WAVE_ROWS_MAX = 2000
PRUNE_SECONDS = 3600.0

_LOCK = 0x5EC0_0E1A
_STANDBY_SECONDS = 0.5
_RETRY_SECONDS = 1.0
_SEE_CLUSTER_SECONDS = 1.0  # while there is nothing to send

_CREATE = """
insert into positions (consumer, source, part, position) values ($1, $2, $3, 0)
on conflict do nothing
"""
_POSITION = "select position from positions where consumer = $1 and source = $2 and part = $3"
_MOVE = """
update positions set position = $5
 where consumer = $1 and source = $2 and part = $3 and position = $4
"""

log = telemetry.logger(__name__)


class Publisher(Protocol):
    """Where waves go."""

    async def id(self) -> str:
        """The id of the cluster that is there now: the position belongs to it."""
        ...

    async def publish(self, rows: Sequence[OutboxRow]) -> None:
        """Send rows in order; return when all are acknowledged. Raises `Unavailable`."""
        ...

    async def restart(self) -> None:
        """Begin anew after a failure whose outcome is unknown."""
        ...

    async def close(self) -> None: ...


async def run_relay(
    db: Database,
    publisher: Publisher,
    *,
    stop: asyncio.Event,
    topics: Sequence[str] = TOPICS,
    keep_days: int | None = None,
) -> None:
    """Relay until `stop`. Rows sent more than `keep_days` ago are dropped; None keeps them."""
    relay = _Relay(db, publisher, stop, topics, keep_days)
    try:
        while not stop.is_set():
            try:
                await relay.lead()
            except Exception as error:
                if not is_retriable(error):
                    raise
                log.warning("relay.retry", error=str(error))
                await publisher.restart()
                await pause(stop, _RETRY_SECONDS)
    finally:
        await publisher.close()


class _Relay:
    def __init__(
        self,
        db: Database,
        publisher: Publisher,
        stop: asyncio.Event,
        topics: Sequence[str],
        keep_days: int | None,
    ) -> None:
        self._db = db
        self._publisher = publisher
        self._stop = stop
        self._topics = topics
        self._keep_days = keep_days
        self._prune_at = self._see_cluster_at = clock.monotonic()

    async def lead(self) -> None:
        """Wait for the lock, then send waves until stopped or until something fails.

        Everything runs on the lock's own connection: who lost the lock cannot move the position.
        """
        async with self._db.own_connection() as connection:  # its end gives the lock up
            if not await self._got_lock(connection):
                return
            cluster = await self._publisher.id()
            await connection.execute(_CREATE, RELAY, cluster, RELAY_PART)
            position = await connection.fetchval(_POSITION, RELAY, cluster, RELAY_PART)
            log.info("relay.leads", cluster=cluster, position=position)
            await self._send_waves(connection, cluster, position)

    async def _got_lock(self, connection: Any) -> bool:
        while not self._stop.is_set():
            if await connection.fetchval("select pg_try_advisory_lock($1)", _LOCK):
                return True
            await pause(self._stop, _STANDBY_SECONDS)
        return False

    async def _send_waves(self, connection: Any, cluster: str, position: int) -> None:
        waited = POLL_SECONDS_MIN
        bell = self._db.committed
        while not self._stop.is_set():
            parts.turn()
            rings = bell.rings
            await self._prune(cluster)
            rows = await outbox.read(
                connection, after=position, topics=self._topics, limit=WAVE_ROWS_MAX
            )
            if not rows:
                await self._see_cluster(cluster)
                await bell.wait(rings, waited)
                waited = min(waited * 2, POLL_SECONDS_MAX)
                continue
            waited = POLL_SECONDS_MIN
            await self._publisher.publish(rows)
            crash_point("relay.after_send")
            self._see_cluster_at = clock.monotonic()  # now: the position belongs to who has them
            await self._see_cluster(cluster)
            last = rows[-1].seq
            moved = await connection.execute(_MOVE, RELAY, cluster, RELAY_PART, position, last)
            if moved != "UPDATE 1":
                raise Unavailable("the relay's position was moved by someone else")
            position = last
            self._count(rows)

    async def _see_cluster(self, cluster: str) -> None:
        """Raise `Unavailable` when the cluster was replaced: the new one gets the whole outbox."""
        if clock.monotonic() >= self._see_cluster_at:
            found = await self._publisher.id()
            if found != cluster:
                raise Unavailable(f"Kafka was replaced: cluster {cluster} is {found} now")
            self._see_cluster_at = clock.monotonic() + _SEE_CLUSTER_SECONDS

    def _count(self, rows: Sequence[OutboxRow]) -> None:
        service = telemetry.current_service.get() or rows[0].topic.partition(".")[0]
        for topic, count in Counter(row.topic for row in rows).items():
            telemetry.RELAYED_EVENTS.labels(service, topic).inc(count)

    async def _prune(self, cluster: str) -> None:
        """Now and then drop what the cluster has and nobody wants kept: a slice between waves.

        Positions of clusters before it stay behind for ever, and hold nothing up.
        """
        if self._keep_days is None or clock.monotonic() < self._prune_at:
            return
        async with self._db.transaction() as session:
            sent = await session.fetchval(_POSITION, RELAY, cluster, RELAY_PART)
            dropped = await outbox.prune(
                session,
                read_to=[sent],
                keep_days=self._keep_days,
                topics=sorted(set(self._topics) - COMPACTED),  # whose newest rows are kept
            )
        if dropped < outbox.PRUNE_ROWS_MAX:
            self._prune_at = clock.monotonic() + PRUNE_SECONDS
        log.info("outbox.pruned", rows=dropped)

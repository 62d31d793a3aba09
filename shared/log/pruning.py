"""Without Kafka the outboxes are the log: drop what every reader has and nobody wants kept.

With Kafka the relay does it for its own outbox. Here the readers' positions lie in other services'
databases, so it is for who knows them all: the local mode, which runs all services.
"""

import asyncio
from collections.abc import Sequence

from shared.database import Database
from shared.events import COMPACTED
from shared.log import outbox
from shared.log.relay import PRUNE_SECONDS
from shared.process import telemetry
from shared.process.failures import survived
from shared.process.tasks import pause

# By then every reader of this version has written down that it reads.
FIRST_AFTER_SECONDS = 60.0

_READ_TO = "select part, position from positions where source = $1"

log = telemetry.logger(__name__)


async def run_pruning(
    databases: Sequence[Database], keep_days: int, *, stop: asyncio.Event
) -> None:
    """Prune every database's outbox now and then, until `stop`."""
    await pause(stop, FIRST_AFTER_SECONDS)
    while not stop.is_set():
        for producer in databases:
            with survived("local", "pruning"):
                await prune(producer, databases, keep_days)
        await pause(stop, PRUNE_SECONDS)


async def prune(producer: Database, readers: Sequence[Database], keep_days: int) -> int:
    """Drop what all readers of a topic have taken in; how many rows. Compacted topics stay.

    A topic that nobody reads stays too: a reader may still come.
    """
    source = await producer.database_id()
    read_to: dict[str, list[int]] = {}
    for reader in readers:
        for part, position in await reader.fetch(_READ_TO, source):
            for topic in part.split(","):
                read_to.setdefault(topic, []).append(position)
    dropped = 0
    for topic in sorted(read_to.keys() - COMPACTED):
        is_over = False
        while not is_over:
            async with producer.transaction() as session:
                rows = await outbox.prune(
                    session, read_to=read_to[topic], keep_days=keep_days, topics=[topic]
                )
            dropped += rows
            is_over = rows < outbox.PRUNE_ROWS_MAX
    if dropped:
        log.info("outbox.pruned", rows=dropped)
    return dropped

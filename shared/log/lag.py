"""How far behind a service is: what `GET /v1/lag` answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Struct

from shared.database import Database
from shared.log import forks, positions
from shared.log.sources import Backlog, Log
from shared.process import telemetry

Counts = dict[str, int]  # by topic

RELAY = "relay"
RELAY_PART = "outbox"

_PARKED = """
select topic, count(*) from (
    select tenant, topic, key from waiting where consumer = $1
    union select tenant, topic, key from heads where consumer = $1 and is_parked
) parked group by 1
"""

_FORKED = """
select topic, count(distinct (tenant, key)) from dead_letters
 where consumer = $1 and starts_with(reason, $2) group by 1
"""

_UNSENT = """
select aggregatetype, count(*),
       extract(epoch from clock_timestamp() - min(recorded_at))::float8
  from outbox
 where seq > coalesce((select position from positions
                        where consumer = $1 and source = $2 and part = $3), 0)
 group by 1
"""


class LagItem(Struct, frozen=True):
    """One consumer's lag on one topic."""

    consumer: str
    topic: str
    behind: int
    oldest_seconds: float
    parked_accounts: int
    forked_accounts: int = 0  # parked, for their log says something else than was taken in


class LagReport(Struct, frozen=True):
    """The lag of a service."""

    behind: int
    items: list[LagItem]


@dataclass(frozen=True)
class Reader:
    """A consumer of this service and a log that it reads."""

    consumer: str
    source: Log


@dataclass(frozen=True)
class Relaying:
    """The relay of this service's outbox into a Kafka cluster."""

    cluster_id: str
    topics: tuple[str, ...]


async def lag(
    db: Database, readers: Sequence[Reader], *, relaying: Relaying | None = None
) -> LagReport:
    """What was committed by producers and not yet taken in. What is parked is not behind."""
    items: list[LagItem] = []
    stored: dict[str, dict[str, dict[str, int]]] = {}
    parked: dict[str, Counts] = {}
    forked: dict[str, Counts] = {}
    for reader in readers:
        consumer = reader.consumer
        if consumer not in stored:  # asked often: what readers share is asked for once
            stored[consumer] = await positions.stored(db, consumer)
            parked[consumer] = dict(await db.fetch(_PARKED, consumer))
            forked[consumer] = dict(await db.fetch(_FORKED, consumer, forks.REASON))
        at = stored[consumer].get(await reader.source.id(), {})
        backlog = await reader.source.backlog(at)
        counts = parked[consumer], forked[consumer]
        items += _items(consumer, reader.source.topics, backlog, *counts)
    if relaying is not None:
        rows = await db.fetch(_UNSENT, RELAY, relaying.cluster_id, RELAY_PART)
        unsent = {topic: Backlog(behind, max(0.0, oldest)) for topic, behind, oldest in rows}
        items += _items(RELAY, relaying.topics, unsent, {}, {})
    show(items)
    return LagReport(sum(item.behind for item in items), items)


def show(items: Sequence[LagItem]) -> None:
    """To Prometheus."""
    for item in items:
        place = (_service(), item.consumer, item.topic)
        telemetry.BEHIND.labels(*place).set(item.behind)
        telemetry.PARKED_ACCOUNTS.labels(*place).set(item.parked_accounts)
        telemetry.FORKED_ACCOUNTS.labels(*place).set(item.forked_accounts)


async def show_parked(db: Database, readers: Sequence[Reader]) -> None:
    """What is known also while Kafka is away."""
    for reader in readers:
        parked = dict(await db.fetch(_PARKED, reader.consumer))
        forked = dict(await db.fetch(_FORKED, reader.consumer, forks.REASON))
        for topic in reader.source.topics:
            place = (_service(), reader.consumer, topic)
            telemetry.PARKED_ACCOUNTS.labels(*place).set(parked.get(topic, 0))
            telemetry.FORKED_ACCOUNTS.labels(*place).set(forked.get(topic, 0))


def _service() -> str:
    return telemetry.current_service.get() or "recoup"


def _items(
    consumer: str,
    topics: Sequence[str],
    backlog: dict[str, Backlog],
    parked: Counts,
    forked: Counts,
) -> list[LagItem]:
    nothing = Backlog(0, 0.0)
    found = [(topic, backlog.get(topic, nothing)) for topic in topics]
    return [
        LagItem(
            consumer,
            topic,
            b.behind,
            round(b.oldest_seconds, 3),
            parked.get(topic, 0),
            forked.get(topic, 0),
        )
        for topic, b in found
    ]

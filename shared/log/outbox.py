"""How events leave: collected during a transaction, written last of all, just before its commit.

The lock makes `seq` the order of commits: PostgreSQL gives it to the next writer only when this
commit is visible. So a reader asks for `seq > last` and misses nothing, and the numbers of a key
rise in log order. Nothing may follow the flush in a transaction: a second lock taken under this
one would deadlock.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from shared import clock
from shared.database import Database, Session
from shared.database.columns import joined, texts
from shared.database.retention import SLICE_ROWS_MAX, Rule
from shared.errors import Invalid
from shared.events import COMPACTED, Event, key_of, producer
from shared.ids import event_id
from shared.log.wire import Attributes, OutboxRow, schema_uri
from shared.process import telemetry

MAX_PAYLOAD_BYTES = 900_000  # below Kafka's default limit of 1 MiB, headers included
PRUNE_ROWS_MAX = 5000  # at a time: short transactions between the writers'

LOCK = 0x5EC0_0B0C  # one per database; who holds it sees an outbox that stands still

# The lock comes first: the numbers are computed from what `locked` gives, so after it.
_NUMBER = f"""
with locked as materialized (select pg_advisory_xact_lock({LOCK})),
given as (
    select tenant, topic, key, n
      from locked,
           unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) g (tenant, topic, key, n)
     order by 1, 2, 3
)
insert into sequences as s (tenant, topic, key, last) select tenant, topic, key, n from given
on conflict (tenant, topic, key) do update set last = s.last + excluded.last
returning tenant, topic, key, last, coalesce((select epoch from database_ids), 1)
"""

_INSERT = f"""
insert into outbox (id, aggregatetype, aggregateid, type, sequence, payload, headers)
select id::uuid, topic, key, type, sequence, payload, headers
  from unnest({texts(1)}, {texts(2)}, {texts(3)}, {texts(4)}, $5::bigint[], $6::text[], {texts(7)})
  with ordinality g (id, topic, key, type, sequence, payload, headers, ord)
 order by ord
"""

_READ = """
select seq, aggregatetype, aggregateid, sequence, headers, payload, id
  from outbox where seq > $1 and aggregatetype = any($2::text[]) order by seq limit $3
"""

_BLANK = "update outbox set payload = null where aggregatetype = $1 and aggregateid = $2"

_PRUNE = """
delete from outbox where seq in (
    select seq from outbox
     where seq <= (select coalesce(min(position), 0) from unnest($1::bigint[]) r (position))
       and recorded_at < now() - make_interval(days => $2)
       and ($4::text[] is null or aggregatetype = any($4))
     order by seq limit $3)
"""

# Every revision is the whole of its key, so nobody misses one that a later one replaces: neither
# who has read it nor who has not. Served by an index where such topics are written.
_FORGET_SUPERSEDED = f"""
delete from outbox where seq = any(array(
    select seq from (
        select seq, lead(seq) over (partition by aggregatetype, aggregateid order by seq) as later
          from outbox where aggregatetype in ({", ".join(f"'{t}'" for t in sorted(COMPACTED))})) o
     where later is not null limit $1))
"""

_SLICE_EVENTS = 200  # made ready at a time, some 5 ms: then others may have the event loop
_json = msgspec.json.Encoder()


def append(session: Session, events: Iterable[Event]) -> None:
    """Publish these events when the transaction commits, in this order."""
    session.pending.extend(events)
    if session.pending:
        session.last_of_all(flush)


async def flush(session: Session) -> None:
    """Number and write what was appended. Runs last of all, just before COMMIT."""
    events = session.pending
    if not events:
        return  # it was called by hand before
    payloads: list[str | None] = []
    ids: list[str] = []
    for event in events:  # all that needs no number, and so not the lock
        payloads.append(_payload(event))
        service = producer(event.topic)
        ids.append(event_id(event.tenant, service, event.type, event.entity, event.cause))
        if not len(ids) % _SLICE_EVENTS:
            await session.give_way()
    counts: dict[tuple[str, str, str], int] = {}
    for event in events:
        place = (event.tenant, event.topic, event.key)
        counts[place] = counts.get(place, 0) + 1
    tenants, topics, keys = zip(*counts, strict=True)
    asked_at = clock.monotonic()
    given = await session.fetch(_NUMBER, tenants, topics, keys, list(counts.values()))
    _count(counts, clock.monotonic() - asked_at)
    last = {(row[0], row[1], row[2]): row[3] - counts[row[0], row[1], row[2]] for row in given}
    numbers, headers = [], []
    for identity, event in zip(ids, events, strict=True):
        place = (event.tenant, event.topic, event.key)
        last[place] = number = last[place] + 1
        attributes = _attributes(identity, event, number, epoch=given[0][4])
        numbers.append(number)
        headers.append(_json.encode(attributes).decode())
    await session.execute(
        _INSERT,
        joined(ids),
        joined([event.topic for event in events]),
        joined([key_of(event.tenant, event.key) for event in events]),
        joined([event.type for event in events]),
        numbers,
        payloads,
        joined(headers),
    )
    session.pending = []


def _count(counts: Mapping[tuple[str, str, str], int], lock_seconds: float) -> None:
    """The figures of a flush; the numbering costs nothing compared with a wait for the lock."""
    by_topic: dict[str, int] = {}
    for (_, topic, _), count in counts.items():
        by_topic[topic] = by_topic.get(topic, 0) + count
    for topic, count in by_topic.items():
        telemetry.OUTBOX_EVENTS.labels(producer(topic), topic).inc(count)
        telemetry.OUTBOX_LOCK_SECONDS.labels(producer(topic)).observe(lock_seconds)


def _payload(event: Event) -> str | None:
    if event.data is None:
        assert event.topic in COMPACTED, "tombstones are for compacted topics"
        return None
    payload = _json.encode(event.data)
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise Invalid(
            f"{event.type} about {event.entity!r} has {len(payload)} bytes of data; "
            f"an event carries at most {MAX_PAYLOAD_BYTES}"
        )
    return payload.decode()


def _attributes(identity: str, event: Event, number: int, *, epoch: int) -> Attributes:
    service = producer(event.topic)
    is_revision = event.topic in COMPACTED
    return Attributes(
        id=identity,
        source=f"/recoup/{event.tenant}/{service}",
        type=event.type,
        subject=event.key or event.entity,
        time=event.time,
        tenantid=event.tenant,
        recordedtime=event.recordedtime,
        dataschema=schema_uri(event.topic, event.type),
        day=event.day,
        sequence=None if is_revision else number,
        revision=number if is_revision else None,
        epoch=epoch,
        correlationid=event.correlationid,
        causationid=event.causationid,
        traceparent=event.traceparent,
    )


async def read(
    source: Session | Database, *, after: int, topics: Sequence[str], limit: int
) -> list[OutboxRow]:
    """The next rows of the log, in order."""
    rows = await source.fetch(_READ, after, topics, limit)
    return [OutboxRow(*row) for row in rows]


async def erase(session: Session, tombstone: Event) -> None:
    """Blank everything published under a compacted key, and publish its tombstone."""
    assert tombstone.topic in COMPACTED
    assert tombstone.data is None
    await session.execute(_BLANK, tombstone.topic, key_of(tombstone.tenant, tombstone.key))
    append(session, [tombstone])


async def prune(
    session: Session,
    *,
    read_to: Sequence[int],
    keep_days: int,
    topics: Sequence[str] | None = None,  # None: all of them
) -> int:
    """Drop a slice of the rows behind the slowest reader and older than `keep_days`; how many."""
    status = await session.execute(_PRUNE, read_to, keep_days, PRUNE_ROWS_MAX, topics)
    return int(status.rpartition(" ")[2])


async def forget_superseded(session: Session) -> int:
    """Drop a slice of the rows of compacted topics that later ones replace; how many."""
    status = await session.execute(_FORGET_SUPERSEDED, SLICE_ROWS_MAX)
    return int(status.rpartition(" ")[2])


SUPERSEDED = Rule("superseded contact details and tenant settings", forget_superseded)
